import type { RenderRequest } from '../../context/render-once.ts';
import { Failure } from '../../model/failure.ts';
import { type MachineFacts, parseLabel } from '../../model/machine.ts';
import { parseSentMac } from '../../model/mac.ts';
import { parseName } from '../../model/name.ts';
import { DOCUMENT_KINDS } from '../../model/profile.ts';
import { parseUuid } from '../../model/uuid.ts';
import { type Command, EXIT, type Invocation } from '../command.ts';
import { omitUndefined } from '../../model/omit-undefined.ts';

const WHAT = ['script', 'config', 'args'] as const;

export const renderCommand: Command = {
  name: 'render',
  usage: 'script|config|args',
  summary: 'print what a machine would be sent, and why',
  details:
    'script: the iPXE script. config: its document (the first kind that its profile names, or --kind).\n' +
    'args: the kernel command line, one argument a line. The machine is named by --mac, --uuid or --serial, or a\n' +
    'profile by --profile. The text goes to standard output, with --explain the reasons to standard error.',
  flags: [
    { flag: 'mac', type: 'string', value: 'MAC', help: 'a MAC address in any spelling' },
    { flag: 'uuid', type: 'string', value: 'UUID', help: 'a system UUID' },
    { flag: 'serial', type: 'string', value: 'TEXT', help: 'a serial number' },
    { flag: 'platform', type: 'string', value: 'efi|pcbios', help: 'what the firmware is (default: pcbios)' },
    { flag: 'profile', type: 'string', value: 'NAME', help: 'a profile instead of a machine' },
    { flag: 'kind', type: 'string', value: 'KIND', help: `for config: ${DOCUMENT_KINDS.join(', ')}` },
    { flag: 'explain', type: 'boolean', help: 'which file decided what' },
    { flag: 'json', type: 'boolean', help: 'one JSON object: text and reasons' },
  ],
  words: { min: 1, max: 1 },
  async run(invocation, context) {
    const request = requestOf(invocation);
    const { renderOnce } = await import('../../context/render-once.ts');
    const answer = await renderOnce(invocation.settings, request);
    if (invocation.has('json')) {
      context.stdout.write(`${JSON.stringify(answer)}\n`);
      return EXIT.ok;
    }
    context.stdout.write(answer.text);
    if (invocation.has('explain')) for (const reason of answer.reasons) context.stderr.write(`# ${reason}\n`);
    return EXIT.ok;
  },
};

function requestOf(invocation: Invocation): RenderRequest {
  const what = WHAT.find((word) => word === invocation.words[0]);
  if (what === undefined) throw new Failure('invalid', `expected ${WHAT.join(', ')}`);
  const kind = invocation.text('kind');
  const known = DOCUMENT_KINDS.find((candidate) => candidate === kind);
  if (kind !== undefined && known === undefined) {
    throw new Failure('invalid', `--kind must be one of ${DOCUMENT_KINDS.join(', ')}`);
  }
  const profile = invocation.text('profile');
  const name = profile === undefined ? undefined : parseName(profile);
  if (profile !== undefined && name === undefined)
    throw new Failure('invalid', '--profile must be the name of a profile');
  const facts = factsOf(invocation);
  const named = facts.mac !== undefined || facts.uuid !== undefined || facts.serial !== undefined;
  if (named === (name !== undefined)) {
    throw new Failure('invalid', 'name one machine (--mac, --uuid or --serial) or one profile (--profile)');
  }
  return {
    what,
    facts,
    kind: known,
    profile: name,
  };
}

function factsOf(invocation: Invocation): MachineFacts {
  const mac = read(invocation, 'mac', parseSentMac);
  const uuid = read(invocation, 'uuid', parseUuid);
  const serial = read(invocation, 'serial', parseLabel);
  const platform = read(invocation, 'platform', (text) => (text === 'efi' || text === 'pcbios' ? text : undefined));
  return omitUndefined({
    mac,
    uuid,
    serial,
    platform,
  });
}

function read<T>(invocation: Invocation, flag: string, parse: (text: string) => T | undefined): T | undefined {
  const text = invocation.text(flag);
  if (text === undefined) return undefined;
  const value = parse(text);
  if (value === undefined) throw new Failure('invalid', `--${flag} cannot be ${JSON.stringify(text)}`);
  return value;
}
