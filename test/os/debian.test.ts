import { describe, expect, it } from 'vitest';
import { debian } from '../../src/os/debian.ts';
import { expectGolden } from '../support/golden.ts';
import { inputOf, installInputOf, planText, profileOf, refusal } from './sample.ts';

const BASE = { system: 'debian', version: '12.15' } as const;
const NODE = { name: 'db1.example.org', vars: {} };

describe('Debian', () => {
  it('preseeds a known node, and keeps consoles and extra arguments for the installed system', () => {
    const profile = profileOf({ ...BASE, preseed: 'db.cfg', console: ['ttyS0,115200n8'], kernel_args: ['quiet'] });
    expectGolden('systems/debian-preseed.txt', planText(inputOf(profile, { node: NODE })));
  });

  it('puts what stands before a "---" of kernel_args on the installer\'s side', () => {
    const profile = profileOf({
      ...BASE,
      arch: 'arm64',
      preseed: 'db.cfg',
      kernel_args: ['DEBIAN_FRONTEND=text', '---', 'quiet'],
    });
    expectGolden('systems/debian-installer-arguments.txt', planText(inputOf(profile, { facts: {} })));
  });

  it('asks the person in front of it without a preseed document', () => {
    expect(debian.plan(inputOf(profileOf(BASE))).args).toEqual([]);
    const onlyInstaller = profileOf({ ...BASE, kernel_args: ['DEBIAN_FRONTEND=text', '---'] });
    expect(debian.plan(inputOf(onlyInstaller)).args).toEqual(['DEBIAN_FRONTEND=text']);
  });

  it('names the host only when the node has a host name', () => {
    const args = (name: string) =>
      debian.plan(inputOf(profileOf({ ...BASE, preseed: 'x' }), { facts: {}, node: { name, vars: {} } })).args.slice(3);
    expect(args('db1')).toEqual(['hostname=db1', 'interface=auto']);
    expect(args('db_1')).toEqual(['interface=auto']);
    expect(args('a b')).toEqual(['interface=auto']);
    expect(args('x'.repeat(64))).toEqual(['interface=auto']);
  });

  it('says what it cannot do', () => {
    expect(refusal(profileOf({ ...BASE, cloud_config: 'a' }))).toMatch(/cloud_config: .* \(use "preseed"\)/);
    expect(refusal(profileOf({ ...BASE, install: { disk: 'sda' } }))).toMatch(/install.disk: "sda" is not a disk/);
  });

  it('installs with the same arguments: the disk and the report are in the document', () => {
    const live = debian.plan(inputOf(profileOf(BASE)));
    expect(debian.plan(installInputOf(profileOf({ ...BASE, install: { disk: '/dev/sda' } })))).toEqual(live);
  });

  it('lets documents for the installed system stand beside the preseed', () => {
    expect(refusal(profileOf({ ...BASE, preseed: 'a', nocloud: 'b' }))).toBe('no failure');
  });
});
