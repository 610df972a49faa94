import { describe, expect, it } from 'vitest';
import { COREOS } from '../../src/os/coreos.ts';
import { expectGolden } from '../support/golden.ts';
import { inputOf, installInputOf, planText, profileOf, refusal } from './sample.ts';

const KEY = 'ssh-rsa AAAAB3N core@example';

describe('CoreOS Container Linux', () => {
  it('boots a cloud-config with every old key, in the order of coreos-ipxe-server', () => {
    const profile = profileOf({
      cloud_config: 'b.yml',
      console: ['tty0', 'ttyS0'],
      coreos_autologin: 'ttyS0',
      root: '/dev/sda1',
      rootfstype: 'btrfs',
      sshkey: 'core',
    });
    expectGolden('systems/coreos-cloud-config.txt', planText(inputOf(profile, { sshKey: KEY })));
  });

  it('boots Ignition by the only name that every Container Linux knows, with extra arguments last', () => {
    const profile = profileOf({ ignition: 'worker.ign', kernel_args: ['net.ifnames=0', 'quiet'], console: ['ttyS0'] });
    expectGolden('systems/coreos-ignition.txt', planText(inputOf(profile)));
  });

  it('installs by Ignition where the profile uses it, else by cloud-config', () => {
    const profile = profileOf({
      cloud_config: 'b.yml',
      root: '/dev/sda9',
      sshkey: 'core',
      install: { disk: '/dev/sda' },
    });
    expectGolden('systems/coreos-install-cloud-config.txt', planText(installInputOf(profile, { sshKey: KEY })));
    expectGolden(
      'systems/coreos-install-ignition.txt',
      planText(installInputOf(profileOf({ ...profile, ignition: 'w.ign', console: ['ttyS0'] }))),
    );
  });

  it('adds nothing that the profile does not ask for', () => {
    expect(COREOS.plan(inputOf(profileOf({}))).args).toEqual([]);
  });

  it('treats empty values as absent, as coreos-ipxe-server did', () => {
    const empty = profileOf({ root: '', rootfstype: '', coreos_autologin: '', console: [''] });
    expect(COREOS.plan(inputOf(empty, { sshKey: '' })).args).toEqual([]);
  });

  it('keeps the old shelf for each architecture', () => {
    expect(COREOS.shelf(profileOf({}))).toBe('amd64-usr/1298.6.0');
    expect(COREOS.shelf(profileOf({ arch: 'arm64' }))).toBe('arm64-usr/1298.6.0');
  });

  it('says what is missing', () => {
    expect(refusal(profileOf({ version: '' }))).toBe(
      'broken profiles/sample.json version: no version (set "version" to a release that lies below images/amd64-usr/)',
    );
    expect(refusal(profileOf({ install: { disk: '/dev/sda' } }))).toBe(
      'broken profiles/sample.json install: only a machine that says who it is can be installed (boot it by its MAC address: /ipxe?mac=MAC)',
    );
    expect(refusal(profileOf({ preseed: 'x' }))).toMatch(
      /preseed: coreos does not read a preseed document \(use "cloud_config" or "ignition"\)/,
    );
  });
});
