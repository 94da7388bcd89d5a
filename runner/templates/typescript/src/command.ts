import { log } from 'taskrunner:plugin/log@0.1.0';
import { report } from 'taskrunner:plugin/progress@0.1.0';
import { type Arguments, command, Failure, type Manifest } from './taskrunner.ts';
import { print, readText } from './wasi.ts';

const manifest: Manifest = {
  name: '{{name}}',
  version: '0.1.0',
  summary: 'Greet somebody',
  arguments: [
    {
      name: 'name',
      help: 'Whom to greet',
      shape: { tag: 'positional', val: { type: { tag: 'text' }, required: false, repeated: false, default: 'world' } },
    },
    {
      name: 'greeting',
      help: 'What to say',
      configurationKey: 'greeting',
      shape: {
        tag: 'option',
        val: { type: { tag: 'text' }, required: false, repeated: false, default: 'Hello', placeholder: 'TEXT' },
      },
    },
    {
      name: 'from',
      help: 'Take the name from this file',
      shape: {
        tag: 'option',
        val: {
          type: { tag: 'path', val: { kind: 'file', access: 'read' } },
          required: false,
          repeated: false,
          placeholder: 'FILE',
        },
      },
    },
    { name: 'loud', help: 'In capitals', shape: { tag: 'flag' } },
  ],
  requests: [],
};

function run(args: Arguments): void {
  const from = args.text('from');
  const name = (from === undefined ? args.text('name')! : read(from)).trim();
  if (name === '') throw new Failure('usage', 'there is nobody to greet');
  log('info', 'greeting', [['name', name]]);
  report('greeting', 1, 1);
  const text = `${args.text('greeting')}, ${name}!`;
  print(args.flag('loud') ? text.toUpperCase() : text);
}

function read(path: string): string {
  try {
    return readText(path);
  } catch (error) {
    throw new Failure('failed', `cannot read ${path}: ${(error as Error).message}`, 'name a text file');
  }
}

export const guest = command(manifest, run);
