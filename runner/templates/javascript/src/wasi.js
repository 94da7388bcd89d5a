// Streams and files on WASI: QuickJS itself has no `console` and no files. Your own code goes into `command.js`.
import { getEnvironment, initialCwd } from 'wasi:cli/environment@0.2.12';
import { exitWithCode } from 'wasi:cli/exit@0.2.12';
import { getStderr } from 'wasi:cli/stderr@0.2.12';
import { getStdin } from 'wasi:cli/stdin@0.2.12';
import { getStdout } from 'wasi:cli/stdout@0.2.12';
import { getDirectories } from 'wasi:filesystem/preopens@0.2.12';
import { getRandomBytes } from 'wasi:random/random@0.2.12';

/** The most that one call of WASI writes to a stream. */
const WRITE_SIZE = 4096;
/** How much is read at a time. */
const READ_SIZE = 65536;

// The plugin is built as it stands after its modules are loaded, and the state of `Math.random` with it: it would give
// the same numbers in every run.
Math.random = () => getRandomBytes(6).reduce((sum, byte) => (sum + byte) / 256, 0);

/** The bytes of a text in UTF-8. */
export function encode(text) {
  const bytes = unescape(encodeURIComponent(text.toWellFormed()));
  return Uint8Array.from(bytes, (byte) => byte.charCodeAt(0));
}

/** The text of bytes in UTF-8. Bytes that are not UTF-8 are an error. */
export function decode(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += WRITE_SIZE) {
    text += String.fromCharCode(...bytes.subarray(at, at + WRITE_SIZE));
  }
  return decodeURIComponent(escape(text));
}

let stdout;
let stderr;

/** Writes a text, or bytes, to standard output as they are. */
export function write(content) {
  writeAll((stdout ??= getStdout()), content);
}

/** Writes a text, or bytes, to standard error as they are. */
export function writeError(content) {
  writeAll((stderr ??= getStderr()), content);
}

/** Writes a line to standard output. */
export function print(line = '') {
  write(`${line}\n`);
}

/** Reads standard input to its end. */
export function readInput() {
  const stdin = getStdin();
  const chunks = [];
  try {
    for (;;) chunks.push(stdin.blockingRead(READ_SIZE));
  } catch (error) {
    if (error.payload?.tag !== 'closed') throw error;
  }
  return join(chunks);
}

/** Reads the bytes of a file. */
export function readFile(path) {
  const file = open(path, {}, { read: true });
  try {
    const chunks = [];
    for (let at = 0, end = false; !end; ) {
      let chunk;
      [chunk, end] = file.read(READ_SIZE, at);
      chunks.push(chunk);
      at += chunk.length;
    }
    return join(chunks);
  } finally {
    file[Symbol.dispose]();
  }
}

/** Reads a file of text in UTF-8. */
export function readText(path) {
  return decode(readFile(path));
}

/** Writes a text, or bytes, into a file, which is created or emptied first. */
export function writeFile(path, content) {
  const bytes = typeof content === 'string' ? encode(content) : content;
  const file = open(path, { create: true, truncate: true }, { write: true });
  try {
    for (let at = 0; at < bytes.length; ) at += file.write(bytes.subarray(at, at + READ_SIZE), at);
  } finally {
    file[Symbol.dispose]();
  }
}

/** The names in a directory, sorted. */
export function readDirectory(path) {
  const directory = open(path, { directory: true }, { read: true });
  try {
    const entries = directory.readDirectory();
    const names = [];
    for (let entry; (entry = entries.readDirectoryEntry()); ) names.push(entry.name);
    entries[Symbol.dispose]();
    return names.sort();
  } finally {
    directory[Symbol.dispose]();
  }
}

/** The value of an environment variable, if the command may see it. */
export function variable(name) {
  return getEnvironment().find(([key]) => key === name)?.[1];
}

/** Ends the command here, with an exit code. */
export function exit(code) {
  exitWithCode(code);
}

let directories;

/** Opens a path below the directory that the runner opened for it. */
function open(path, openFlags, flags) {
  directories ??= getDirectories().sort(([, a], [, b]) => b.length - a.length);
  const absolute = path.startsWith('/') ? path : `${initialCwd() ?? ''}/${path}`.replace(/^\/+/, '/');
  for (const [directory, name] of directories) {
    const below = name.endsWith('/') ? name : `${name}/`;
    if (`${absolute}/`.startsWith(below)) {
      return directory.openAt({ symlinkFollow: true }, absolute.slice(below.length) || '.', openFlags, flags);
    }
  }
  throw new Error('no-entry');
}

function writeAll(stream, content) {
  const bytes = typeof content === 'string' ? encode(content) : content;
  for (let at = 0; at < bytes.length; at += WRITE_SIZE) {
    stream.blockingWriteAndFlush(bytes.subarray(at, at + WRITE_SIZE));
  }
}

function join(chunks) {
  const bytes = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
