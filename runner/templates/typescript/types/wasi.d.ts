// What `src/wasi.ts` uses of WASI, as componentize-qjs gives it to a program. What fails throws an error of this kind:
// `payload` is WASI's own word for it.
interface WasiError<Payload> extends Error {
  payload: Payload;
}

declare module 'wasi:cli/environment@0.2.12' {
  export function getEnvironment(): [name: string, value: string][];
  export function getArguments(): string[];
  export function initialCwd(): string | null;
}

declare module 'wasi:cli/exit@0.2.12' {
  export function exitWithCode(code: number): never;
}

declare module 'wasi:cli/stdin@0.2.12' {
  import type { InputStream } from 'wasi:io/streams@0.2.12';
  export function getStdin(): InputStream;
}

declare module 'wasi:cli/stdout@0.2.12' {
  import type { OutputStream } from 'wasi:io/streams@0.2.12';
  export function getStdout(): OutputStream;
}

declare module 'wasi:cli/stderr@0.2.12' {
  import type { OutputStream } from 'wasi:io/streams@0.2.12';
  export function getStderr(): OutputStream;
}

declare module 'wasi:io/streams@0.2.12' {
  export type StreamError = { tag: 'last-operation-failed'; val: unknown } | { tag: 'closed' };

  export interface InputStream extends Disposable {
    blockingRead(length: number): Uint8Array;
  }

  export interface OutputStream extends Disposable {
    blockingWriteAndFlush(bytes: Uint8Array): void;
  }
}

declare module 'wasi:filesystem/types@0.2.12' {
  export interface PathFlags {
    symlinkFollow?: boolean;
  }

  export interface OpenFlags {
    create?: boolean;
    directory?: boolean;
    exclusive?: boolean;
    truncate?: boolean;
  }

  export interface DescriptorFlags {
    read?: boolean;
    write?: boolean;
    mutateDirectory?: boolean;
  }

  export interface DirectoryEntry {
    type: string;
    name: string;
  }

  export interface DirectoryEntryStream extends Disposable {
    readDirectoryEntry(): DirectoryEntry | null;
  }

  export interface Descriptor extends Disposable {
    openAt(pathFlags: PathFlags, path: string, openFlags: OpenFlags, flags: DescriptorFlags): Descriptor;
    read(length: number, offset: number): [bytes: Uint8Array, end: boolean];
    write(bytes: Uint8Array, offset: number): number;
    readDirectory(): DirectoryEntryStream;
  }
}

declare module 'wasi:filesystem/preopens@0.2.12' {
  import type { Descriptor } from 'wasi:filesystem/types@0.2.12';
  export function getDirectories(): [directory: Descriptor, name: string][];
}

declare module 'wasi:random/random@0.2.12' {
  export function getRandomBytes(length: number): Uint8Array;
}
