// What stands between the contract and your command. Your own code goes into `command.ts`.
import type { Guest } from 'taskrunner:plugin/guest@0.1.0';
import { log } from 'taskrunner:plugin/log@0.1.0';
import type * as contract from 'taskrunner:plugin/types@0.1.0';

export type { Manifest } from 'taskrunner:plugin/types@0.1.0';

/** A failure that the runner shows. */
export class Failure extends Error {
  constructor(
    readonly kind: contract.FailureKind,
    message: string,
    readonly hint?: string,
  ) {
    super(message);
  }
}

type Value<Tag> = Extract<contract.ArgumentValue, { tag: Tag }>['val'];

/** The arguments of an invocation, checked by the runner, by their names in the manifest. */
export class Arguments {
  readonly #arguments: Map<string, contract.Argument>;

  constructor(list: contract.Argument[]) {
    this.#arguments = new Map(list.map((argument) => [argument.name, argument]));
  }

  flag(name: string): boolean {
    return this.#all(name, ['flag'])[0] ?? false;
  }

  /** A text, a choice, or a path: the one to open it by. */
  text(name: string): string | undefined {
    return this.texts(name)[0];
  }

  texts(name: string): string[] {
    return this.#all(name, ['text', 'path']);
  }

  number(name: string): number | undefined {
    return this.numbers(name)[0];
  }

  numbers(name: string): number[] {
    return this.#all(name, ['integer', 'number']);
  }

  /** What gave the values. */
  source(name: string): contract.ArgumentSource {
    return this.#find(name).source;
  }

  #all<Tag extends contract.ArgumentValue['tag']>(name: string, tags: Tag[]): Value<Tag>[] {
    return this.#find(name).values.map((value) => {
      if (!(tags as string[]).includes(value.tag)) throw new Error(`the argument \`${name}\` is a ${value.tag}`);
      return value.val as Value<Tag>;
    });
  }

  #find(name: string): contract.Argument {
    const argument = this.#arguments.get(name);
    if (!argument) throw new Error(`the manifest has no argument \`${name}\``);
    return argument;
  }
}

/** A command: its result is the exit code, 0 without one. */
export type Run = (args: Arguments, invocation: contract.Invocation) => number | void;

/** Makes what the contract asks a plugin for. Whatever `run` throws is a failure of the command. */
export function command(manifest: contract.Manifest, run: Run): Guest {
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

function exitCode(code: number): number {
  if (!Number.isInteger(code) || code < 0 || code > 255) throw new Error(`no exit code: ${code}`);
  return code;
}

function failure(error: unknown): contract.Failure {
  if (error instanceof Failure) return { kind: error.kind, message: error.message, hint: error.hint };
  log('debug', 'uncaught error', [['stack', String((error as Error | undefined)?.stack)]]);
  return { kind: 'failed', message: String(error) };
}
