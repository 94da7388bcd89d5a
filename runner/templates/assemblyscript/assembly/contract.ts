// The contract `taskrunner:plugin@0.1.0` for AssemblyScript: its types, and how they lie in memory, where
// texts are UTF-16. The comments of wit/command.wit are the specification. There is nothing to edit here:
// the command is the functions `describe` and `run` of command.ts.
import * as command from "./command";
import { write } from "./wasi";

// ---- The manifest ----------------------------------------------------------------------------------

/** What a plugin says of itself. */
export class Manifest {
  description: string | null = null;
  configurationSchema: string | null = null;
  requests: Request[] = [];

  constructor(
    public name: string,
    public version: string,
    public summary: string,
    public argumentSpecs: ArgumentSpec[],
  ) {}
}

/** How an argument stands on the command line. */
export enum ArgumentShape { Flag, Option, Positional }

/** One argument as the plugin declares it. */
export class ArgumentSpec {
  short: string | null = null;
  configurationKey: string | null = null;

  private constructor(public name: string, public help: string, public shape: ArgumentShape, public value: ValueSpec) {}

  static flag(name: string, help: string): ArgumentSpec {
    return new ArgumentSpec(name, help, ArgumentShape.Flag, ValueSpec.text());
  }

  static option(name: string, help: string, value: ValueSpec): ArgumentSpec {
    return new ArgumentSpec(name, help, ArgumentShape.Option, value);
  }

  static positional(name: string, help: string, value: ValueSpec): ArgumentSpec {
    return new ArgumentSpec(name, help, ArgumentShape.Positional, value);
  }

  withShort(letter: string): ArgumentSpec {
    this.short = letter;
    return this;
  }

  withConfigurationKey(key: string): ArgumentSpec {
    this.configurationKey = key;
    return this;
  }
}

export enum ValueType { Text, Integer, Number, Choice, Path }

export enum PathKind { File, Directory }

export enum PathAccess { Read, Write }

/** The specification of an argument's value. */
export class ValueSpec {
  required: bool = false;
  repeated: bool = false;
  default: string | null = null;
  placeholder: string | null = null;
  min: i64 = i64.MIN_VALUE;
  max: i64 = i64.MAX_VALUE;
  words: string[] = [];
  kind: PathKind = PathKind.File;
  access: PathAccess = PathAccess.Read;

  private constructor(public type: ValueType) {}

  static text(): ValueSpec {
    return new ValueSpec(ValueType.Text);
  }

  static integer(min: i64 = i64.MIN_VALUE, max: i64 = i64.MAX_VALUE): ValueSpec {
    const value = new ValueSpec(ValueType.Integer);
    value.min = min;
    value.max = max;
    return value;
  }

  static number(): ValueSpec {
    return new ValueSpec(ValueType.Number);
  }

  static choice(words: string[]): ValueSpec {
    const value = new ValueSpec(ValueType.Choice);
    value.words = words;
    return value;
  }

  static path(kind: PathKind, access: PathAccess): ValueSpec {
    const value = new ValueSpec(ValueType.Path);
    value.kind = kind;
    value.access = access;
    return value;
  }

  asRequired(): ValueSpec {
    this.required = true;
    return this;
  }

  asRepeated(): ValueSpec {
    this.repeated = true;
    return this;
  }

  withDefault(text: string): ValueSpec {
    this.default = text;
    return this;
  }

  withPlaceholder(text: string): ValueSpec {
    this.placeholder = text;
    return this;
  }
}

export enum Capability { Read, Write, Environment, Connect, Udp, Resolve, Http }

/** One capability that the command asks for, and why. */
export class Request {
  constructor(public capability: Capability, public thing: string, public reason: string) {}
}

// ---- The invocation --------------------------------------------------------------------------------

/** One call of a command. */
export class Invocation {
  constructor(
    public command: string,
    public rawArguments: string[],
    public args: Argument[],
    public configuration: string,
    public attempt: u32,
  ) {}

  /** The argument of this name in the manifest. */
  argument(name: string): Argument {
    for (let i = 0; i < this.args.length; i++) if (this.args[i].name == name) return this.args[i];
    throw new Error("there is no argument " + name);
  }
}

export enum ArgumentSource { CommandLine, Environment, Configuration, Default }

/** One argument with its values. */
export class Argument {
  constructor(public name: string, public values: ArgumentValue[], public source: ArgumentSource) {}

  /** Whether anything gave a value. */
  get given(): bool {
    return this.values.length > 0;
  }

  get flag(): bool {
    return this.values[0].flag;
  }

  /** The text of a text, a choice or a path. */
  get text(): string {
    return this.values[0].text;
  }

  get integer(): i64 {
    return this.values[0].integer;
  }

  get number(): f64 {
    return this.values[0].number;
  }
}

/** A checked value. A path's is its text. */
export class ArgumentValue {
  flag: bool = false;
  text: string = "";
  integer: i64 = 0;
  number: f64 = 0;
}

// ---- The failure -----------------------------------------------------------------------------------

export enum FailureKind { Usage, Configuration, Retryable, Failed }

/** How a run ended. */
export class Outcome {
  private constructor(
    public exitCode: u8,
    public isFailure: bool,
    public kind: FailureKind,
    public message: string,
    public hint: string | null,
  ) {}

  static ok(exitCode: u8 = 0): Outcome {
    return new Outcome(exitCode, false, FailureKind.Failed, "", null);
  }

  static failure(kind: FailureKind, message: string, hint: string | null = null): Outcome {
    return new Outcome(0, true, kind, message, hint);
  }
}

// ---- The log, and progress -------------------------------------------------------------------------

export enum Level { Trace, Debug, Info, Warn, Error }

/** A name and a value for structured logs. */
export class Field {
  constructor(public name: string, public value: string) {}
}

/** Writes a line to the user's log. */
export function log(level: Level, message: string, fields: Field[] = []): void {
  const list = heap.alloc(16 * fields.length);
  for (let i = 0; i < fields.length; i++) {
    pointTo(list + 16 * i, fields[i].name);
    pointTo(list + 16 * i + 8, fields[i].value);
  }
  hostLog(level, changetype<usize>(message), message.length, list, fields.length);
  heap.free(list);
}

/** Says how far the work has come; a negative total is one that is not known. */
export function progress(message: string, done: u64, total: i64 = -1): void {
  hostProgress(changetype<usize>(message), message.length, done, total >= 0, total);
}

// @ts-ignore: decorator
@external("taskrunner:plugin/log@0.1.0", "log")
declare function hostLog(level: i32, message: usize, length: i32, fields: usize, count: i32): void;

// @ts-ignore: decorator
@external("taskrunner:plugin/progress@0.1.0", "report")
declare function hostProgress(message: usize, length: i32, done: u64, hasTotal: i32, total: u64): void;

/** What a thrown error comes to, as AssemblyScript cannot catch one: its message, and a trap. */
// @ts-ignore: decorator
@global
function contractAbort(message: string | null, file: string | null, line: u32, column: u32): void {
  const reason = message ? message : "aborted";
  const place = file ? file : "";
  write(2, reason + " (" + place + ":" + line.toString() + ":" + column.toString() + ")\n");
  unreachable();
}

// ---- What the runner calls -------------------------------------------------------------------------
// What is handed over is kept for ever: an instance serves one call.

const kept: string[] = [];

export function describe(): usize {
  const manifest = command.describe();
  const at = zeroed(64);
  storeText(at, manifest.name);
  storeText(at + 8, manifest.version);
  storeText(at + 16, manifest.summary);
  storeOptional(at + 24, manifest.description);
  const specs = manifest.argumentSpecs;
  const specList = storeList(at + 36, specs.length, 120);
  for (let i = 0; i < specs.length; i++) storeArgument(specList + 120 * i, specs[i]);
  storeOptional(at + 44, manifest.configurationSchema);
  const requests = manifest.requests;
  const requestList = storeList(at + 56, requests.length, 20);
  for (let i = 0; i < requests.length; i++) {
    const request = requestList + 20 * i;
    store<u8>(request, requests[i].capability);
    storeText(request + 4, requests[i].thing);
    storeText(request + 12, requests[i].reason);
  }
  return at;
}

export function run(
  name: usize, nameLength: i32, raw: usize, rawCount: i32, args: usize, argumentCount: i32,
  configuration: usize, configurationLength: i32, attempt: u32,
): usize {
  const rawArguments: string[] = [];
  for (let i = 0; i < rawCount; i++) rawArguments.push(loadText(raw + 8 * i));
  const list: Argument[] = [];
  for (let i = 0; i < argumentCount; i++) list.push(loadArgument(args + 20 * i));
  const outcome = command.run(new Invocation(
    textAt(name, nameLength), rawArguments, list, textAt(configuration, configurationLength), attempt,
  ));
  const at = zeroed(28);
  if (outcome.isFailure) {
    store<u8>(at, 1);
    store<u8>(at + 4, outcome.kind);
    storeText(at + 8, outcome.message);
    storeOptional(at + 16, outcome.hint);
  } else {
    store<u8>(at + 4, outcome.exitCode);
  }
  return at;
}

export function cabi_realloc(old: usize, oldSize: usize, align: usize, size: usize): usize {
  return old ? heap.realloc(old, size) : heap.alloc(size);
}

function storeArgument(at: usize, argument: ArgumentSpec): void {
  storeText(at, argument.name);
  const short = argument.short;
  if (short) {
    store<u8>(at + 8, 1);
    store<u32>(at + 12, short.codePointAt(0));
  }
  storeText(at + 16, argument.help);
  store<u8>(at + 24, argument.shape);
  if (argument.shape != ArgumentShape.Flag) storeValue(at + 32, argument.value);
  storeOptional(at + 104, argument.configurationKey);
}

function storeValue(at: usize, value: ValueSpec): void {
  store<u8>(at, value.type);
  if (value.type == ValueType.Integer) {
    store<u8>(at + 8, value.min > i64.MIN_VALUE);
    store<i64>(at + 16, value.min);
    store<u8>(at + 24, value.max < i64.MAX_VALUE);
    store<i64>(at + 32, value.max);
  } else if (value.type == ValueType.Choice) {
    const words = storeList(at + 8, value.words.length, 8);
    for (let i = 0; i < value.words.length; i++) storeText(words + 8 * i, value.words[i]);
  } else if (value.type == ValueType.Path) {
    store<u8>(at + 8, value.kind);
    store<u8>(at + 9, value.access);
  }
  store<u8>(at + 40, value.required);
  store<u8>(at + 41, value.repeated);
  storeOptional(at + 44, value.default);
  storeOptional(at + 56, value.placeholder);
}

function loadArgument(at: usize): Argument {
  const list = load<usize>(at + 8);
  const count = load<u32>(at + 12);
  const values: ArgumentValue[] = [];
  for (let i: u32 = 0; i < count; i++) values.push(loadValue(list + 16 * i));
  return new Argument(loadText(at), values, load<u8>(at + 16));
}

function loadValue(at: usize): ArgumentValue {
  const value = new ArgumentValue();
  switch (load<u8>(at)) {
    case 0: value.flag = load<bool>(at + 8); break;
    case 2: value.integer = load<i64>(at + 8); break;
    case 3: value.number = load<f64>(at + 8); break;
    default: value.text = loadText(at + 8);
  }
  return value;
}

// ---- Memory ----------------------------------------------------------------------------------------

function zeroed(size: usize): usize {
  const at = heap.alloc(size);
  memory.fill(at, 0, size);
  return at;
}

function storeText(at: usize, text: string): void {
  kept.push(text);
  pointTo(at, text);
}

function pointTo(at: usize, text: string): void {
  store<usize>(at, changetype<usize>(text));
  store<i32>(at + 4, text.length);
}

function storeOptional(at: usize, text: string | null): void {
  if (text === null) return;
  store<u8>(at, 1);
  storeText(at + 4, text);
}

function storeList(at: usize, count: i32, size: usize): usize {
  const list = zeroed(size * count);
  store<usize>(at, list);
  store<i32>(at + 4, count);
  return list;
}

function loadText(at: usize): string {
  return textAt(load<usize>(at), load<i32>(at + 4));
}

function textAt(start: usize, length: i32): string {
  return String.UTF16.decodeUnsafe(start, length << 1);
}
