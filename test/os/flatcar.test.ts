import { describe, expect, it } from 'vitest';
import { FLATCAR } from '../../src/os/flatcar.ts';
import { expectGolden } from '../support/golden.ts';
import { inputOf, installInputOf, planText, profileOf, refusal } from './sample.ts';

const BASE = { system: 'flatcar', version: '4593.2.5' } as const;

describe('Flatcar', () => {
  it('boots Ignition', () => {
    const profile = profileOf({
      ...BASE,
      ignition: 'worker.ign',
      console: ['tty0', 'ttyS0'],
      coreos_autologin: 'ttyS0',
    });
    expectGolden('systems/flatcar-ignition.txt', planText(inputOf(profile)));
  });

  it('boots a cloud-config with a key and a root disk', () => {
    const profile = profileOf({
      ...BASE,
      cloud_config: 'a.yml',
      sshkey: 'core',
      root: 'LABEL=ROOT',
      rootfstype: 'btrfs',
    });
    expectGolden(
      'systems/flatcar-cloud-config.txt',
      planText(inputOf(profile, { sshKey: 'ssh-ed25519 AAAAC3 me@home' })),
    );
  });

  it('takes both documents, and extra arguments last, on arm64', () => {
    const profile = profileOf({
      ...BASE,
      arch: 'arm64',
      ignition: 'worker.ign',
      cloud_config: 'a.yml',
      console: ['ttyAMA0,115200'],
      kernel_args: ['flatcar.oem.id=qemu'],
    });
    expectGolden('systems/flatcar-both-arm64.txt', planText(inputOf(profile)));
  });

  it('installs: a live system whose Ignition runs the installer, and the image among the files that must be there', () => {
    const profile = profileOf({
      ...BASE,
      arch: 'arm64',
      ignition: 'worker.ign',
      cloud_config: 'a.yml',
      console: ['ttyAMA0'],
      root: 'LABEL=ROOT',
      sshkey: 'core',
      coreos_autologin: 'true',
      kernel_args: ['quiet'],
      install: { disk: '/dev/vda' },
    });
    expectGolden('systems/flatcar-install.txt', planText(installInputOf(profile, { sshKey: 'ssh-ed25519 AAAAC3 me' })));
  });

  it('puts the quotes that the image looks for around the key', () => {
    const { args } = FLATCAR.plan(inputOf(profileOf(BASE), { sshKey: 'ssh-rsa AAA x' }));
    expect(/sshkey="([^"]+)"/.exec(args.join(' '))?.[1]).toBe('ssh-rsa AAA x');
  });

  it('logs in on one terminal, or with "true" on all', () => {
    expect(FLATCAR.plan(inputOf(profileOf({ ...BASE, coreos_autologin: 'tty1' }))).args).toEqual([
      'flatcar.autologin=tty1',
    ]);
    expect(FLATCAR.plan(inputOf(profileOf({ ...BASE, coreos_autologin: 'true' }))).args).toEqual(['flatcar.autologin']);
  });

  it('says what it cannot do', () => {
    expect(refusal(profileOf({ ...BASE, version: '../x' }))).toMatch(
      /^broken profiles\/sample.json version: "\.\.\/x" is not a version \(.*images\/flatcar\/amd64\/\)$/,
    );
    expect(refusal(profileOf({ ...BASE, install: { disk: '/dev/sda' } }))).toMatch(/install: only a machine that says/);
    expect(refusal(profileOf({ ...BASE, install: { disk: 'sda' } }))).toMatch(/install.disk: "sda" is not a disk/);
    expect(refusal(profileOf({ ...BASE, nocloud: 'x' }))).toMatch(/nocloud: flatcar does not read/);
  });
});
