// The contract, `wit/command.wit`, as componentize-qjs gives it to a program: its comments say what each part means.
// A field of type `option` may be left out; every whole number is a `number`.

declare module 'taskrunner:plugin/types@0.1.0' {
  export interface Manifest {
    name: string;
    version: string;
    summary: string;
    description?: string;
    arguments: ArgumentSpec[];
    configurationSchema?: string;
    requests: Request[];
  }

  export interface ArgumentSpec {
    name: string;
    short?: string;
    help: string;
    shape: ArgumentShape;
    configurationKey?: string;
  }

  export type ArgumentShape =
    | { tag: 'flag' }
    | { tag: 'option'; val: ValueSpec }
    | { tag: 'positional'; val: ValueSpec };

  export interface ValueSpec {
    type: ValueType;
    required: boolean;
    repeated: boolean;
    default?: string;
    placeholder?: string;
  }

  export type ValueType =
    | { tag: 'text' }
    | { tag: 'integer'; val: IntegerRange }
    | { tag: 'number' }
    | { tag: 'choice'; val: string[] }
    | { tag: 'path'; val: PathSpec };

  export interface IntegerRange {
    min?: number;
    max?: number;
  }

  export interface PathSpec {
    kind: PathKind;
    access: PathAccess;
  }

  export type PathKind = 'file' | 'directory';
  export type PathAccess = 'read' | 'write';

  export interface Request {
    capability: Capability;
    reason: string;
  }

  export type Capability = {
    tag: 'read' | 'write' | 'environment' | 'connect' | 'udp' | 'resolve' | 'http';
    val: string;
  };

  export interface Invocation {
    command: string;
    rawArguments: string[];
    arguments: Argument[];
    configuration: string;
    attempt: number;
  }

  export interface Argument {
    name: string;
    values: ArgumentValue[];
    source: ArgumentSource;
  }

  export type ArgumentValue =
    | { tag: 'flag'; val: boolean }
    | { tag: 'text'; val: string }
    | { tag: 'integer'; val: number }
    | { tag: 'number'; val: number }
    | { tag: 'path'; val: string };

  export type ArgumentSource = 'command-line' | 'environment' | 'configuration' | 'default';

  export interface Failure {
    kind: FailureKind;
    message: string;
    hint?: string;
  }

  export type FailureKind = 'usage' | 'configuration' | 'retryable' | 'failed';
}

declare module 'taskrunner:plugin/log@0.1.0' {
  export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';
  export function log(level: Level, message: string, fields: [name: string, value: string][]): void;
}

declare module 'taskrunner:plugin/progress@0.1.0' {
  export function report(message: string, done: number, total: number | undefined): void;
}

declare module 'taskrunner:plugin/guest@0.1.0' {
  import type { Invocation, Manifest } from 'taskrunner:plugin/types@0.1.0';

  export interface Guest {
    describe(): Manifest;
    run(invocation: Invocation): number;
  }
}
