// The contract, `wit/command.wit`, as componentize-qjs gives it to a program. Written by `cargo xtask types`.
// What is optional may be left out; every whole number is a `number`; a function fails by throwing the failure.

declare module 'taskrunner:plugin/types@0.1.0' {
  /** The bounds of an integer, both included. */
  export interface IntegerRange {
    min?: number;
    max?: number;
  }

  /** What a path leads to. */
  export type PathKind =
    | 'file'
    | 'directory';

  /** What is done with a path. `write` includes reading, and creating what is not there yet. */
  export type PathAccess =
    | 'read'
    | 'write';

  /**
   * What a path is for. **Naming a path on the command line grants that path, in this mode, for
   * that run**, and nothing beside it. A path from the environment, the configuration or a default
   * grants nothing.
   */
  export interface PathSpec {
    kind: PathKind;
    access: PathAccess;
  }

  /** What counts as a value. */
  export type ValueType =
    /** Any Unicode text. */
    | { tag: 'text' }
    /** A whole number, within bounds that are themselves allowed. */
    | { tag: 'integer'; val: IntegerRange }
    /** A finite decimal number. */
    | { tag: 'number' }
    /** One of these words: 1 to 256 of them, each of 1 to 64 ASCII letters, digits and `-_.+:/@`. */
    | { tag: 'choice'; val: string[] }
    /** A path of the file system: see `path-spec`. */
    | { tag: 'path'; val: PathSpec };

  /** The specification of an argument's value. */
  export interface ValueSpec {
    /** What counts as a value. */
    type: ValueType;
    /** A missing value is a usage error. */
    required: boolean;
    /** May be given more than once; of the positional arguments only the last. */
    repeated: boolean;
    /** The value where nothing else gives one. It is checked like one that was typed. */
    default?: string;
    /**
     * What stands for the value in help, `FILE` say: 1 to 32 ASCII capitals, digits, `-` and `_`.
     * Without it an option shows its type, a positional argument its own name in capitals.
     */
    placeholder?: string;
  }

  /** How an argument stands on the command line. */
  export type ArgumentShape =
    /** `--name`: there or not. */
    | { tag: 'flag' }
    /** `--name VALUE` or `--name=VALUE`. */
    | { tag: 'option'; val: ValueSpec }
    /** `VALUE`, by its place. */
    | { tag: 'positional'; val: ValueSpec };

  /** One argument as the plugin declares it. */
  export interface ArgumentSpec {
    /**
     * Its name: kebab-case as a command's. `--name` for flags and options; for a positional
     * argument the name that `run` finds it by, and (in capitals) its placeholder in help.
     * The names of the runner's global options are refused.
     */
    name: string;
    /** A one-letter form, `-x`. Flags and options only; ASCII letters and digits. */
    short?: string;
    /** One line or a few for help. */
    help: string;
    /** Flag, option or positional argument. */
    shape: ArgumentShape;
    /**
     * A key of the command's section in the configuration that gives the value where the
     * command line does not. The precedence is: command line, environment
     * (`TASKRUNNER_<COMMAND>_<KEY>`, in capitals, with `_` for `-`), configuration, default.
     * A flag with a key also has `--no-<name>`.
     */
    configurationKey?: string;
  }

  /**
   * One thing, or one kind of things, that a plugin can reach.
   *
   * A request bounds what the user's grants can come to: a plugin reaches what it requested **and**
   * was granted, without what was denied. So a plugin that works wherever the user lets it requests
   * broadly (`/`, `*`), and has nothing by it.
   *
   * Paths are relative to the workspace (`.` is the workspace itself) or absolute, with `/` between
   * their parts and without `..`: a directory and everything below it, one file, or a glob below a
   * directory (`src/**\/*.md`; `*` and `?` stay within a name, `**` does not, and `[…]` and `{…,…}`
   * choose).
   */
  export type Capability =
    /** Files to read. */
    | { tag: 'read'; val: string }
    /** Files to read and to write. */
    | { tag: 'write'; val: string }
    /** The value of an environment variable; with a `*` at the end, of all that begin so. */
    | { tag: 'environment'; val: string }
    /**
     * TCP connections, to `host:port`. The host is a name, `*.` and a name, an address, a network
     * (`10.0.0.0/8`) or `*`; the port a number or `*`.
     */
    | { tag: 'connect'; val: string }
    /** UDP, to `host:port`. */
    | { tag: 'udp'; val: string }
    /** The look-up of a host's name. */
    | { tag: 'resolve'; val: string }
    /** HTTP requests, to `host:port` or an origin such as `https://example.org`. */
    | { tag: 'http'; val: string };

  /** One capability that the command asks for. */
  export interface Request {
    capability: Capability;
    /** Why: one line, shown to the user who decides. */
    reason: string;
  }

  /**
   * What a plugin says of itself. Static data: the same bytes always give the same manifest.
   *
   * No text of a manifest may hold control characters (but for line feeds in `description`) or
   * characters that change the direction of text. The whole manifest is at most 1 MiB.
   */
  export interface Manifest {
    /**
     * The command's name on the command line: 1 to 64 characters of lower-case ASCII
     * kebab-case (`a-z`, `0-9`, single inner `-`), beginning with a letter. The names of the
     * runner's own subcommands are refused.
     */
    name: string;
    /** The plugin's own version, as semantic versioning has it: `1.2.3`. */
    version: string;
    /** One line for listings, without a full stop: at most 120 characters. */
    summary: string;
    /** Paragraphs for the long help. At most 16 KiB. */
    description?: string;
    /**
     * The arguments, in the order in which help shows them. Positional arguments are filled in
     * this order. At most 256.
     */
    arguments: ArgumentSpec[];
    /**
     * A JSON Schema (draft 2020-12, at most 64 KiB and 100 patterns) of the command's section in
     * the configuration. The section is checked before `run` is called; what the command line and
     * the environment give is checked against `arguments` alone. References to other documents
     * are refused. Without a schema, the section may hold only the keys that `arguments` name.
     */
    configurationSchema?: string;
    /**
     * What the command needs beyond its arguments, its configuration, the standard streams, the
     * clocks and random numbers. A request is not a grant: the user decides. At most 64.
     */
    requests: Request[];
  }

  /** A checked value. */
  export type ArgumentValue =
    | { tag: 'flag'; val: boolean }
    /** Of a `text` or a `choice`. */
    | { tag: 'text'; val: string }
    | { tag: 'integer'; val: number }
    | { tag: 'number'; val: number }
    /**
     * A path as the guest can open it: absolute, with `/` between its parts. What the user typed
     * relative to their directory arrives as the same file here.
     */
    | { tag: 'path'; val: string };

  /** What gave the values of an argument, the strongest first. */
  export type ArgumentSource =
    | 'command-line'
    | 'environment'
    | 'configuration'
    | 'default';

  /** One argument with its values. */
  export interface Argument {
    /** The name in the manifest. */
    name: string;
    /**
     * None where nothing gave a value, one, or several where it is `repeated`. A flag has
     * exactly one.
     */
    values: ArgumentValue[];
    /** What gave the values. */
    source: ArgumentSource;
  }

  /** One call of a command. */
  export interface Invocation {
    /** The name that the command was called by. */
    command: string;
    /**
     * What stood behind the command's name, without the runner's global options, as it was
     * typed.
     */
    rawArguments: string[];
    /**
     * The arguments as the runner parsed and checked them: one for each of the manifest, in the
     * manifest's order.
     */
    arguments: Argument[];
    /**
     * The command's section of the configuration: the text of a JSON object, `{}` where there is
     * none, valid against `configuration-schema`.
     */
    configuration: string;
    /** Which attempt this is: 1, and more when an earlier one was retried. */
    attempt: number;
  }

  /** Why it failed; the exit code in brackets. */
  export type FailureKind =
    /** The arguments make no sense together (2). */
    | 'usage'
    /** The configuration makes no sense (2). */
    | 'configuration'
    /** It may well work when tried again: the runner does so if the user asked for it (75). */
    | 'retryable'
    /** Everything else (1). */
    | 'failed';

  /**
   * A failure that the plugin reports. The runner shows it, and derives the exit code. Of a text, the
   * first 16 KiB are kept.
   */
  export interface Failure {
    kind: FailureKind;
    /** What was tried, on what, and why it failed. */
    message: string;
    /** What the user can do about it. */
    hint?: string;
  }
}

declare module 'taskrunner:plugin/log@0.1.0' {
  export type Level =
    | 'trace'
    | 'debug'
    | 'info'
    | 'warn'
    | 'error';

  /**
   * Writes one line. `fields` are names and values for structured logs. Of a message or a value,
   * the first 16 KiB are kept; of the fields, the first 32.
   */
  export function log(level: Level, message: string, fields: [string, string][]): void;
}

declare module 'taskrunner:plugin/progress@0.1.0' {
  /**
   * Says that `done` of `total` units are done, and what is being done now (the first 200
   * characters are shown). Without a total the end is not known. It may be called often: the
   * runner shows what people can read.
   */
  export function report(message: string, done: number, total: number | undefined): void;
}

declare module 'taskrunner:plugin/guest@0.1.0' {
  import type { Manifest, Invocation, Failure } from 'taskrunner:plugin/types@0.1.0';

  export interface Guest {
    /**
     * Says what the plugin is. Asked once for each digest of a file, with no capability at all and
     * tight limits (2 seconds, 64 MiB), and remembered: no input, no output, no surprises.
     */
    describe(): Manifest;
    /**
     * Runs the command. Standard input, output and error are WASI streams. What it holds of the
     * file system is preopened: the workspace as `/`, anything outside under its own absolute name.
     *
     * `ok(n)` ends with exit code `n`; so does `wasi:cli/exit`. Codes above 123 are the runner's
     * own: they arrive as 123. A trap is a crash.
     */
    run(invocation: Invocation): number;
  }
}
