import { spawnSync } from 'node:child_process';
import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { checkDocument } from '../../src/documents/document.ts';
import {
  installAutoinstall,
  installCloudConfig,
  installIgnition,
  type InstallJob,
  installScript,
  reportIgnition,
} from '../../src/documents/install-configs.ts';
import { expectGolden } from '../support/golden.ts';
import { NO_SYSTEMD, verifyUnits } from '../support/units.ts';

const INSTALL = { disk: '/dev/vda', report: 'http://10.0.2.2:4777/installed/52-54-00-55-1c-ee?serial=a%2Fb' };
const OWN = `#cloud-config
# The web servers
autoinstall:
  version: 1
  identity: {hostname: web, username: me, password: "$6$x"}
  late-commands:
    # first this
    - curtin in-target -- systemctl enable x   # and no more
  ssh:
    install-server: yes
`;

describe('installAutoinstall', () => {
  it('adds a disk and a report, and changes nothing else', () => {
    const text = installAutoinstall(OWN, INSTALL) ?? '';
    expectGolden('installing/install-ubuntu', text);
    expect(checkDocument('nocloud', text, { file: 'x', system: 'ubuntu' })).toEqual([]);
    for (const line of OWN.split('\n')) expect(text.split('\n')).toContain(line);
  });

  it('leaves the operator’s storage alone', () => {
    const own = '#cloud-config\nautoinstall:\n  version: 1\n  storage:\n    layout: {name: lvm}\n';
    expect(parse(installAutoinstall(own, INSTALL) ?? '')).toEqual({
      autoinstall: {
        version: 1,
        storage: { layout: { name: 'lvm' } },
        'late-commands': [
          expect.stringMatching(/^\( n=0; until curl .* 'http:.*serial=a%2Fb' \| grep -q \^2; do .*\)$/),
        ],
      },
    });
  });

  test.each([
    ['a script', '#!/bin/sh\n'],
    ['no autoinstall', '#cloud-config\nhostname: a\n'],
    ['a jinja template', '## template: jinja\n#cloud-config\nautoinstall:\n  version: 1\n'],
    ['broken YAML', '#cloud-config\nautoinstall: [\n'],
    ['late-commands that are no list', '#cloud-config\nautoinstall:\n  late-commands: x\n'],
  ])('has nothing to add to %s', (_name, text) => {
    expect(installAutoinstall(text, INSTALL)).toBeUndefined();
  });
});

const REPORT = 'http://10.0.2.2:4777/installed/52-54-00-55-1c-ee';
const JOB: InstallJob = {
  system: 'flatcar',
  title: 'Flatcar Container Linux 4593.2.5',
  version: '4593.2.5',
  channel: 'stable',
  disk: '/dev/sda',
  mirror: 'http://10.0.2.2:4777/images/flatcar/amd64',
  documents: { ignition: 'http://10.0.2.2:4777/configs/w.ign?mac=52-54-00-55-1c-ee&serial=a%2Fb' },
  report: REPORT,
};
const FLATCAR = installIgnition(JOB);
const COREOS = installIgnition({ ...JOB, system: 'coreos', title: 'CoreOS Container Linux 1298.6.0' });
const CLOUD = installCloudConfig({ ...JOB, system: 'coreos', title: 'CoreOS Container Linux 1298.6.0' });

interface Config {
  readonly storage: { readonly files: readonly { readonly contents: { readonly source: string } }[] };
  readonly systemd: { readonly units: readonly { readonly name: string; readonly contents: string }[] };
}

describe('what a live system installs with', () => {
  it('is what the goldens show', () => {
    expectGolden('installing/install-flatcar.ign', FLATCAR);
    expectGolden('installing/install-coreos.ign', COREOS);
    expectGolden('installing/install-coreos.yml', CLOUD);
    expectGolden('installing/report-fedora-coreos.ign', reportIgnition(REPORT));
  });

  it('has nothing that our own checks mind', () => {
    expect(checkDocument('ignition', FLATCAR, { file: 'x', system: 'flatcar' })).toEqual([]);
    expect(checkDocument('ignition', COREOS, { file: 'x', system: 'coreos' })).toEqual([]);
    expect(checkDocument('cloud_config', CLOUD, { file: 'x', system: 'coreos' })).toEqual([]);
    expect(checkDocument('ignition', reportIgnition(REPORT), { file: 'x', system: 'fedora-coreos' })).toEqual([]);
  });

  it('carries the script whole', () => {
    const { storage } = JSON.parse(FLATCAR) as Config;
    const source = storage.files[0]?.contents.source ?? '';
    expect(decodeURIComponent(source.replace(/^data:,/, ''))).toBe(installScript(JOB));
  });
});

const VALIDATOR = spawnSync('ignition-validate', ['-version']).error === undefined;

describe.skipIf(!VALIDATOR)(
  `ignition-validate${VALIDATOR ? '' : ' (left out: the package "ignition" is not installed)'}`,
  () => {
    test.each([
      ['Flatcar', FLATCAR],
      ['Fedora CoreOS', reportIgnition(REPORT)],
    ])('takes what %s gets', (_system, text) => {
      const { status, stderr, stdout } = spawnSync('ignition-validate', ['-'], { input: text, encoding: 'utf8' });
      expect(`${stdout}${stderr}`).toBe('');
      expect(status).toBe(0);
    });
  },
);

describe.skipIf(NO_SYSTEMD !== undefined)(`systemd ${NO_SYSTEMD ?? ''}`, () => {
  it('finds nothing wrong with the unit that installs', () => {
    const [unit] = (JSON.parse(FLATCAR) as Config).systemd.units;
    expect(verifyUnits({ [unit?.name ?? '']: unit?.contents ?? '' })).toBe('');
  });
});
