// Files of WASI preview 1, which AssemblyScript's shim leaves out. Arguments, variables and the exit
// code are the shim's `process`. There is nothing to edit here.
import {
  errno, errnoToString, fd_close, fd_prestat_dir_name, fd_prestat_get, fd_read, fd_readdir, fd_write, path_open, prestat,
} from "@assemblyscript/wasi-shim/assembly/bindings/wasi_snapshot_preview1";

const CHUNK = 65536;
const ENTRY: usize = 24;
const CREATE: u16 = 1;
const DIRECTORY: u16 = 2;
const TRUNCATE: u16 = 8;
const READ: u64 = 1 << 1;
const WRITE: u64 = 1 << 6;
const READ_DIRECTORY: u64 = 1 << 14;

/** Why the last call failed, or null if it did not. */
export let failure: string | null = null;

/** A file's content; empty where `failure` says why. */
export function readFile(path: string): Uint8Array {
  const file = open(path, 0, READ);
  if (failure) return new Uint8Array(0);
  const content = readAll(file);
  fd_close(file);
  return content;
}

/** Writes a file, anew. `failure` says what went wrong. */
export function writeFile(path: string, text: string): void {
  const file = open(path, CREATE | TRUNCATE, WRITE);
  if (failure) return;
  write(file, text);
  fd_close(file);
}

/** The names in a directory, without `.` and `..`, in no order. */
export function listDirectory(path: string): string[] {
  const names: string[] = [];
  const directory = open(path, DIRECTORY, READ | READ_DIRECTORY);
  if (failure) return names;
  const buffer = heap.alloc(CHUNK);
  const used = heap.alloc(4);
  let cookie: u64 = 0;
  let more = true;
  while (more && check(fd_readdir(directory, buffer, CHUNK, cookie, used))) {
    const end: usize = load<u32>(used);
    let at: usize = 0;
    while (at + ENTRY <= end) {
      const length: usize = load<u32>(buffer + at, 16);
      if (at + ENTRY + length > end) break;
      const name = String.UTF8.decodeUnsafe(buffer + at + ENTRY, length);
      if (name != "." && name != "..") names.push(name);
      cookie = load<u64>(buffer + at);
      at += ENTRY + length;
    }
    more = end == CHUNK && at > 0;
  }
  heap.free(used);
  heap.free(buffer);
  fd_close(directory);
  return names;
}

/** All that is left of an open file. */
export function readAll(file: u32): Uint8Array {
  const vector = heap.alloc(12);
  let content = new Uint8Array(CHUNK);
  let size = 0;
  while (true) {
    if (size == content.length) {
      const grown = new Uint8Array(2 * size);
      grown.set(content);
      content = grown;
    }
    store<usize>(vector, content.dataStart + size);
    store<u32>(vector, content.length - size, 4);
    if (!check(fd_read(file, vector, 1, vector + 8))) break;
    const count: i32 = load<u32>(vector, 8);
    if (count == 0) break;
    size += count;
  }
  heap.free(vector);
  return content.subarray(0, size);
}

/** Writes a text to an open file. */
export function write(file: u32, text: string): void {
  const bytes = String.UTF8.encode(text);
  writeAll(file, Uint8Array.wrap(bytes));
}

/** Writes bytes to an open file. */
export function writeAll(file: u32, content: Uint8Array): void {
  const vector = heap.alloc(12);
  let at = 0;
  failure = null;
  while (at < content.length) {
    store<usize>(vector, content.dataStart + at);
    store<u32>(vector, content.length - at, 4);
    if (!check(fd_write(file, vector, 1, vector + 8))) break;
    at += load<u32>(vector, 8);
  }
  heap.free(vector);
}

/** Opens a path below the nearest directory that the program was given. */
function open(path: string, flags: u16, rights: u64): u32 {
  const here = process.env.has("PWD") ? process.env.get("PWD") : "";
  const absolute = path.startsWith("/") ? path : here + "/" + path;
  const entry = heap.alloc(8);
  let nearest: i32 = -1;
  let depth = 0;
  for (let directory = 3; fd_prestat_get(directory, changetype<prestat>(entry)) == errno.SUCCESS; directory++) {
    const length = load<u32>(entry, 4);
    const bytes = heap.alloc(length + 1);
    fd_prestat_dir_name(directory, bytes, length);
    let name = String.UTF8.decodeUnsafe(bytes, length);
    heap.free(bytes);
    while (name.endsWith("/")) name = name.substring(0, name.length - 1);
    if (absolute != name && !absolute.startsWith(name + "/")) continue;
    if (nearest >= 0 && name.length < depth) continue;
    nearest = directory;
    depth = name.length;
  }
  let rest = absolute.substring(depth);
  while (rest.startsWith("/")) rest = rest.substring(1);
  const bytes = String.UTF8.encode(rest.length > 0 ? rest : ".");
  const opened = nearest >= 0
    ? path_open(nearest, 1, changetype<usize>(bytes), bytes.byteLength, flags, rights, 0, 0, entry)
    : errno.NOTCAPABLE;
  const file = load<u32>(entry);
  heap.free(entry);
  check(opened);
  return file;
}

function check(code: errno): bool {
  failure = code == errno.SUCCESS ? null : errnoToString(code);
  return code == errno.SUCCESS;
}
