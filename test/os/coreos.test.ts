import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { versionIn } from '../../src/os/flatcar.ts';
import { coreos, parsePxeScript } from '../../src/os/coreos.ts';
import { expectGolden } from '../support/golden.ts';
import { describeRelease, drive } from '../support/upstream-feed.ts';
import { inputOf, installInputOf, planText, profileOf, refusal } from './sample.ts';

const MIRROR = 'http://mirror.lan/coreos';
const current = `${MIRROR}/stable/amd64-usr/current`;
const script = "#!/bin/sh\nVM_BOARD='amd64-usr'\nVM_NAME='coreos_production_pxe-1298-6-0'\nVM_UUID=\n";

describe('coreos', () => {
  it('explains in one line that the publisher is gone', () => {
    expect(() => drive(coreos, {}, {})).toThrow(Failure);
    expect(() => drive(coreos, {}, {})).toThrow(/ended in 2020/);
  });

  it('takes a mirror by version.txt', () => {
    const page = 'COREOS_BUILD=2023\nCOREOS_VERSION=2023.5.0\nCOREOS_VERSION_ID=2023.5.0\n';
    const { release } = drive(coreos, { mirror: MIRROR, install: true }, { [`${current}/version.txt`]: page });
    expectGolden('systems/feeds/coreos-mirror-install.txt', describeRelease(release));
  });

  it('takes a mirror that has only the script', () => {
    const pages = { [`${current}/version.txt`]: undefined, [`${current}/coreos_production_pxe.sh`]: script };
    const { release } = drive(coreos, { mirror: MIRROR }, pages);
    expect(release.ref).toMatchObject({ version: '1298.6.0', shelf: 'amd64-usr/1298.6.0' });
    expect(release.artifacts).toHaveLength(2);
  });

  it('has SHA-1 only by the switch', () => {
    const pages = { [`${current}/version.txt`]: 'COREOS_VERSION=723.1.0\n' };
    expect(drive(coreos, { mirror: MIRROR }, pages).release.trust?.legacySha1).toBe(false);
    expect(drive(coreos, { mirror: MIRROR, legacySha1: true }, pages).release.trust?.legacySha1).toBe(true);
  });

  it.each(['lts', 'stable/..', 'STABLE'])('has no channel %j', (channel) => {
    expect(() => drive(coreos, { channel, mirror: MIRROR }, {})).toThrow('no such channel');
  });
});

describe('the version', () => {
  it.each(['723.1.0', '"723.1.0"'])('is read from version.txt: %s', (text) => {
    expect(versionIn(`COREOS_VERSION=${text}\n`, 'CoreOS')).toBe('723.1.0');
  });
  it.each(['968.2.0+build-foo', '../x', ''])('is refused: %j', (text) => {
    expect(() => versionIn(`COREOS_VERSION=${text}\n`, 'CoreOS')).toThrow('does not name a version');
  });
  it.each([
    "VM_NAME='coreos_production-1298-6-0'",
    "VM_NAME='coreos_production_pxe-1298-6'",
    "VM_NAME='coreos_production_pxe-1298-6-0-x'",
    '<html>',
  ])('is not in a script with %s', (line) => {
    expect(() => parsePxeScript(`${line}\n`)).toThrow('does not name a version');
  });
});

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
    expect(coreos.plan(inputOf(profileOf({}))).args).toEqual([]);
  });

  it('treats empty values as absent, as coreos-ipxe-server did', () => {
    const empty = profileOf({ root: '', rootfstype: '', coreos_autologin: '', console: [''] });
    expect(coreos.plan(inputOf(empty, { sshKey: '' })).args).toEqual([]);
  });

  it('keeps the old shelf for each architecture', () => {
    expect(coreos.shelf(profileOf({}))).toBe('amd64-usr/1298.6.0');
    expect(coreos.shelf(profileOf({ arch: 'arm64' }))).toBe('arm64-usr/1298.6.0');
  });

  it('says what is missing', () => {
    expect(refusal(profileOf({ version: '' }))).toBe(
      'broken profiles/sample.json version: no version (`pilotlight sync` sets it; or set "version" to a release that lies below images/amd64-usr/)',
    );
    expect(refusal(profileOf({ install: { disk: '/dev/sda' } }))).toBe(
      'broken profiles/sample.json install: only a machine that says who it is can be installed (boot it by its MAC address: /ipxe?mac=MAC)',
    );
    expect(refusal(profileOf({ preseed: 'x' }))).toMatch(
      /preseed: coreos does not read a preseed document \(use "cloud_config" or "ignition"\)/,
    );
  });
});
