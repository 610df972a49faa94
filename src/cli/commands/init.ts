import { resolve } from 'node:path';
import type { InitReport } from '../../context/init.ts';
import { Failure } from '../../model/failure.ts';
import { nearest } from '../../model/text.ts';
import { type ProfileArch, SYSTEM_IDS, type SystemId } from '../../model/profile.ts';
import { type Command, JSON_OPTION } from '../command.ts';

export const initCommand: Command = {
  name: 'init',
  words: '[DIR]',
  summary: 'make a data directory, with an example for the system that you want',
  details:
    'Writes profiles/SYSTEM.json, the document that it names, the schema for editors, and copies the public keys of\n' +
    '~/.ssh to sshkeys/. The example boots no machine until you adopt one into it. What is there already stays as it is,\n' +
    'so a second init in the same folder adds another example. Without DIR: the data directory of the settings.\n\n' +
    'examples:\n' +
    '  pilotlight init /srv/pilotlight --system flatcar\n' +
    '  pilotlight init --system debian --disk /dev/vda\n' +
    '  pilotlight init --system ubuntu --arch arm64',
  options: {
    '--system <SYSTEM>': `${SYSTEM_IDS.join(', ')} (default: flatcar)`,
    '--arch <ARCH>':
      "amd64, arm64, or auto: each machine gets the build of its own processor (default: the example's, amd64)",
    '--disk <DISK>': 'debian and ubuntu: what the example installs on and erases (default: /dev/sda)',
    ...JSON_OPTION,
  },
  async run({ settings, words: [given], text, print }, { cwd, env }) {
    const { initDataDir } = await import('../../context/init.ts');
    const dir = given === undefined ? settings.dataDir : resolve(cwd, given);
    const [system, arch] = [systemOf(text('system')), archOf(text('arch'))];
    const report = await initDataDir({ dir, system, arch, disk: text('disk'), home: env['HOME'] });
    return print(report, reportText(report));
  },
};

function systemOf(word = 'flatcar'): SystemId {
  const found = SYSTEM_IDS.find((id) => id === word);
  if (found !== undefined) return found;
  const near = nearest(word, SYSTEM_IDS);
  const remedy = near === undefined ? `one of ${SYSTEM_IDS.join(', ')}` : `did you mean ${near}?`;
  throw new Failure('invalid', `there is no example for the system "${word}"`, { remedy });
}

const ARCHS: readonly ProfileArch[] = ['amd64', 'arm64', 'auto'];

function archOf(word: string | undefined): ProfileArch | undefined {
  const found = ARCHS.find((one) => one === word);
  if (word === undefined || found !== undefined) return found;
  const said: Readonly<Record<string, string>> = { x86_64: 'amd64', x64: 'amd64', aarch64: 'arm64' };
  const near = said[word.toLowerCase()] ?? nearest(word, ARCHS);
  const remedy = near === undefined ? `one of ${ARCHS.join(', ')}` : `did you mean ${near}?`;
  throw new Failure('invalid', `there is no processor "${word}" here`, { remedy });
}

function reportText({ dir, profile, installs, written, kept, keys }: InitReport): string {
  const lines = [
    ...written.map((file) => `wrote  ${file}`),
    ...kept.map((file) => `kept   ${file}: it is there already`),
    ...(keys === 0 ? ['no public key in ~/.ssh: put yours into sshkeys/me.pub, or no login works'] : []),
    '',
    ...(NEXT[profile as SystemId] ?? []),
    `next:  pilotlight check --data-dir ${dir}`,
    `       pilotlight serve --data-dir ${dir}`,
    '       boot a machine from the network: it shows its MAC address and waits, until you say',
    `       pilotlight adopt MAC --profile ${profile} --data-dir ${dir}`,
    ...(installs ? ['       It is then installed: everything on its disk is lost.'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** What an example cannot bring. */
const NEXT: Readonly<Partial<Record<SystemId, readonly string[]>>> = {
  coreos: [
    'Its publisher is gone: put kernel and initramfs into images/amd64-usr/2512.3.0/, or set PILOTLIGHT_MIRROR_COREOS.',
  ],
  talos: [
    'It boots into maintenance mode, where `talosctl apply-config --insecure` configures it; or name a machine',
    'configuration of `talosctl gen config` in configs/ as "generic".',
  ],
  custom: [
    'Put your kernel and initramfs into images/custom/example/, and name a document for them (docs/profiles.md).',
  ],
};
