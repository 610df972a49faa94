import type { RenderRequest } from '../../context/render-once.ts';
import { Failure } from '../../model/failure.ts';
import { omitUndefined, parseArch, parseLabel, parseSentMac, parseUuid } from '../../model/machine.ts';
import { DOCUMENT_KINDS, parseName } from '../../model/profile.ts';
import { type Command, EXIT, type Invocation } from '../command.ts';

const WHAT = ['script', 'config', 'args'] as const;

export const renderCommand: Command = {
  name: 'render',
  words: '<script|config|args>',
  summary: 'print what a machine would be sent, and why',
  details:
    'script: the iPXE script. config: its document (the first kind that its profile names, or --kind).\n' +
    'args: the kernel command line, one argument a line. The machine is named by --mac, --uuid or --serial, or a\n' +
    'profile by --profile. The text goes to standard output, with --explain the reasons to standard error.',
  options: {
    '--mac <MAC>': 'a MAC address in any spelling',
    '--uuid <UUID>': 'a system UUID',
    '--serial <TEXT>': 'a serial number',
    '--platform <efi|pcbios>': 'what the firmware is (default: pcbios)',
    '--arch <ARCH>': 'what its processor is: x86_64, arm64, i386 or arm32',
    '--profile <NAME>': 'a profile instead of a machine',
    '--kind <KIND>': `for config: ${DOCUMENT_KINDS.join(', ')}`,
    '--secrets': 'for config: with secrets and private keys, as the machine gets it',
    '--explain': 'which file decided what',
    '--json': 'one JSON object: text and reasons',
  },
  async run(invocation, { stderr }) {
    const { settings, has, print } = invocation;
    const request = requestOf(invocation);
    const { renderOnce } = await import('../../context/render-once.ts');
    const answer = await renderOnce(settings, request);
    print(answer, answer.text);
    if (has('explain') && !has('json')) for (const reason of answer.reasons) stderr.write(`# ${reason}\n`);
    return EXIT.ok;
  },
};

function requestOf({ words: [word], text, has }: Invocation): RenderRequest {
  const what = WHAT.find((one) => one === word);
  if (what === undefined) throw new Failure('invalid', `expected ${WHAT.join(', ')}`);
  const wanted = text('kind');
  const kind = DOCUMENT_KINDS.find((one) => one === wanted);
  if (wanted !== undefined && kind === undefined) {
    throw new Failure('invalid', `--kind must be one of ${DOCUMENT_KINDS.join(', ')}`);
  }
  const named = text('profile');
  const profile = named === undefined ? undefined : parseName(named);
  if (named !== undefined && profile === undefined) {
    throw new Failure('invalid', '--profile must be the name of a profile');
  }
  const read = <T>(flag: string, parse: (given: string) => T | undefined): T | undefined => {
    const given = text(flag);
    const value = given === undefined ? undefined : parse(given);
    if (given !== undefined && value === undefined) {
      throw new Failure('invalid', `--${flag} cannot be ${JSON.stringify(given)}`);
    }
    return value;
  };
  const facts = omitUndefined({
    mac: read('mac', parseSentMac),
    uuid: read('uuid', parseUuid),
    serial: read('serial', parseLabel),
    arch: read('arch', parseArch),
    platform: read('platform', (given) => (['efi', 'pcbios'] as const).find((one) => one === given)),
  });
  const machine = facts.mac !== undefined || facts.uuid !== undefined || facts.serial !== undefined;
  if (machine === (profile !== undefined)) {
    throw new Failure('invalid', 'name one machine (--mac, --uuid or --serial) or one profile (--profile)');
  }
  return { what, facts, kind, profile, secrets: has('secrets') };
}
