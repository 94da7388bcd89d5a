// What stands between the contract and your command. Your own code goes into `command.js`.
import { log } from 'taskrunner:plugin/log@0.1.0';

/** A failure that the runner shows, with its kind: `usage`, `configuration`, `retryable` or `failed`. */
export class Failure extends Error {
  constructor(kind, message, hint) {
    super(message);
    this.kind = kind;
    this.hint = hint;
  }
}

/** The arguments of an invocation, checked by the runner, by their names in the manifest. */
export class Arguments {
  #arguments;

  constructor(list) {
    this.#arguments = new Map(list.map((argument) => [argument.name, argument]));
  }

  /** All values of an argument. A choice is a text, and so is a path: the one to open it by. */
  all(name) {
    return this.#find(name).values.map((value) => value.val);
  }

  /** The value of an argument that has one at most. */
  one(name) {
    return this.all(name)[0];
  }

  /** What gave the values: `command-line`, `environment`, `configuration` or `default`. */
  source(name) {
    return this.#find(name).source;
  }

  #find(name) {
    const argument = this.#arguments.get(name);
    if (!argument) throw new Error(`the manifest has no argument \`${name}\``);
    return argument;
  }
}

/**
 * Makes what the contract asks a plugin for, of a manifest and a function. The function's result is the exit code,
 * 0 without one. Whatever it throws is a failure of the command.
 */
export function command(manifest, run) {
  return {
    describe: () => manifest,
    run(invocation) {
      try {
        return exitCode(run(new Arguments(invocation.arguments), invocation) ?? 0);
      } catch (error) {
        throw failure(error);
      }
    },
  };
}

function exitCode(code) {
  if (!Number.isInteger(code) || code < 0 || code > 255) throw new Error(`no exit code: ${code}`);
  return code;
}

function failure(error) {
  if (error instanceof Failure) return { kind: error.kind, message: error.message, hint: error.hint };
  log('debug', 'uncaught error', [['stack', String(error?.stack)]]);
  return { kind: 'failed', message: String(error) };
}
