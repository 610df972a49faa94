import { describe, expect, it, test } from 'vitest';
import type { JsonObject } from '../../src/model/profile.ts';
import { contextOf } from '../support/app-context.ts';

const install = { disk: '/dev/sda' };
const FLATCAR = { system: 'flatcar', version: '1.0.0', ignition: 'w.ign' };
const IGN = { 'configs/w.ign': '{"ignition":{"version":"3.0.0"}}' };

/** `file key: message` of every problem that a folder with this profile has. */
async function told(profile: JsonObject, configs: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const { catalog } = await contextOf({ 'profiles/p.json': profile, ...configs });
  return catalog
    .current()
    .problems.map(({ severity, place, message }) => `${severity} ${place.file} ${place.key ?? '-'}: ${message}`);
}

describe('advice', () => {
  test.each<[string, JsonObject, Record<string, string>]>([
    ['a live profile', FLATCAR, IGN],
    ['an installing one', { ...FLATCAR, install }, IGN],
    ['one that phones home', { ...FLATCAR, phone_home: true }, IGN],
    ['a template', { ...FLATCAR, phone_home: true, install }, { 'configs/w.ign.hbs': '{{json vars}}' }],
    ['custom', { system: 'custom', kernel: 'x/y', install }, {}],
    ['Debian', { system: 'debian', version: '12', preseed: 'd', install }, { 'configs/d': 'd-i a/b string x\n' }],
  ])('has nothing to say of %s', async (_name, profile, configs) => {
    expect(await told(profile, configs)).toEqual([]);
  });

  test.each<[string, JsonObject, Record<string, string>, string]>([
    [
      'case 16-phone-home-and-replace: a file that replaces itself',
      { ...FLATCAR, phone_home: true },
      { 'configs/w.ign': '{"ignition":{"version":"3.3.0","config":{"replace":{"source":"http://x/y.ign"}}}}' },
      'p.json phone_home: config.replace throws away what stands beside it',
    ],
    [
      'case 16-phone-home-and-replace: a template that replaces itself',
      { ...FLATCAR, phone_home: true },
      {
        'configs/w.ign.hbs':
          '{"ignition":{"version":"2.2.0","config":{"replace":{"source":"{{base_url}}/configs/x"}}}, "x": {{json vars}} }',
      },
      'p.json phone_home: config.replace throws away what stands beside it',
    ],
    [
      'install beside boot: local',
      { ...FLATCAR, install, boot: 'local' },
      IGN,
      'p.json install: nothing is installed while',
    ],
    [
      'no document',
      { system: 'flatcar', version: '1.0.0', install },
      {},
      'p.json install: installed without a document, the machine',
    ],
    [
      'no preseed',
      { system: 'debian', version: '12', install },
      {},
      'p.json install: the installer asks its questions',
    ],
    [
      'a disk that Ubuntu does not know',
      { system: 'ubuntu', version: '24.04.1', nocloud: 'u', install: { disk: '/dev/disk/by-id/x' } },
      { 'configs/u': '#cloud-config\nautoinstall:\n  version: 1\n' },
      "p.json install.disk: Ubuntu's installer does not know /dev/disk/by-id/x",
    ],
    [
      'two disks',
      { system: 'debian', version: '12', preseed: 'd', install },
      { 'configs/d': 'd-i partman-auto/disk string /dev/vda\n' },
      'configs/d -: partman-auto/disk says /dev/vda, "install" says /dev/sda',
    ],
    [
      'a late_command with a comment',
      { system: 'debian', version: '12', preseed: 'd', install },
      { 'configs/d': 'd-i preseed/late_command string a # b\n' },
      'configs/d -: preseed/late_command has a comment in it',
    ],
    [
      'half a line at the end',
      { system: 'debian', version: '12', preseed: 'd', install },
      { 'configs/d': 'd-i a/b string x\nd-i c/d string \\\n' },
      'configs/d -: the last line ends with a backslash',
    ],
    [
      'user-data that nothing can be added to',
      { system: 'ubuntu', version: '24.04.1', nocloud: 'u', install },
      { 'configs/u': '#!/bin/sh\n' },
      'configs/u -: there is no "autoinstall"',
    ],
    [
      'a cloud-config that the installer refuses',
      { system: 'coreos', version: '1.0.0', cloud_config: 'c', install },
      { 'configs/c.yml': '#cloud-config\ncoreos:\n  fleet:\n    metadata: x=y\n' },
      'configs/c.yml -: coreos-install refuses a cloud-config with warnings: deprecated key "fleet"',
    ],
    [
      'phone_home with a preseed',
      { system: 'debian', version: '12', preseed: 'd', phone_home: true },
      { 'configs/d': 'd-i a/b string x\n' },
      'p.json phone_home: no document of this profile can be given',
    ],
    [
      'phone_home without a document',
      { version: '1.0.0', phone_home: true },
      {},
      'p.json phone_home: no document of this',
    ],
  ])('warns of %s', async (_name, profile, configs, expected) => {
    const problems = await told(profile, configs);
    expect(problems.filter((line) => line.includes(expected))).toHaveLength(1);
    expect(problems.every((line) => line.startsWith('warning'))).toBe(true);
  });

  it('renders for a node that is known by its serial number alone as for any other', async () => {
    const profile = { ...FLATCAR, nodes: [{ name: 'a', serial: 'SN 7' }] };
    const document = '{"ignition":{"version":"3.0.0"},"x":{{json report.up_url}} }';
    expect((await told(profile, { 'configs/w.ign.hbs': document })).filter((line) => line.startsWith('error'))).toEqual(
      [],
    );
  });

  it('leaves a document that is not there to who says so', async () => {
    expect((await told({ ...FLATCAR, phone_home: true })).some((line) => line.includes('phone_home'))).toBe(false);
  });
});
