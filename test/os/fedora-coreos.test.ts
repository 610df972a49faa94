import { describe, expect, it } from 'vitest';
import type { Profile } from '../../src/model/profile.ts';
import { FEDORA_COREOS } from '../../src/os/fedora-coreos.ts';
import { expectGolden } from '../support/golden.ts';
import { inputOf, installInputOf, planText, profileOf, refusal } from './sample.ts';

const BASE = { system: 'fedora-coreos', version: '44.20260707.3.1' } as const;

describe('Fedora CoreOS', () => {
  it('runs live', () => {
    const profile = profileOf({ ...BASE, ignition: 'worker.ign', console: ['tty0', 'ttyS0,115200n8'] });
    expectGolden('systems/fedora-coreos-live.txt', planText(inputOf(profile)));
  });

  it('installs, with a live Ignition that reports beside coreos.inst.*', () => {
    const profile = profileOf({
      ...BASE,
      ignition: 'worker.ign',
      install: { disk: '/dev/sda' },
      kernel_args: ['ip=dhcp'],
    });
    expectGolden('systems/fedora-coreos-install.txt', planText(installInputOf(profile)));
  });

  it('installs who is asked for by the profile alone, by a stable disk name, with nobody to report as', () => {
    const disk = '/dev/disk/by-id/nvme-X_1.2:3+4';
    expectGolden(
      'systems/fedora-coreos-install-arm64.txt',
      planText(inputOf(profileOf({ ...BASE, arch: 'arm64', install: { disk } }))),
    );
  });

  it('gives the kernel the name that it had when the version was built', () => {
    const kernel = (more: Partial<Profile>) => {
      const artifact = FEDORA_COREOS.plan(inputOf(profileOf({ ...BASE, ...more }))).kernel;
      return artifact.kind === 'shelf' ? artifact.path.split('/').pop() : artifact.url;
    };
    expect(kernel({ version: '38.20230625.3.0' })).toBe('fedora-coreos-38.20230625.3.0-live-kernel-x86_64');
    expect(kernel({ version: '41.20250331.3.0' })).toBe('fedora-coreos-41.20250331.3.0-live-kernel-x86_64');
    expect(kernel({ version: '42.20250410.3.1' })).toBe('fedora-coreos-42.20250410.3.1-live-kernel.x86_64');
    expect(kernel({ version: '42.20250410.3.1', arch: 'arm64' })).toBe(
      'fedora-coreos-42.20250410.3.1-live-kernel.aarch64',
    );
    expect(kernel({ version: 'local' })).toBe('fedora-coreos-local-live-kernel.x86_64');
  });

  it('lists the root file system among the files that must be there, and points to it', () => {
    const plan = FEDORA_COREOS.plan(inputOf(profileOf(BASE)));
    const path = 'fedora-coreos/amd64/44.20260707.3.1/fedora-coreos-44.20260707.3.1-live-rootfs.x86_64.img';
    expect(plan.extras).toEqual([{ kind: 'shelf', path }]);
    expect(plan.args).toEqual([`coreos.live.rootfs_url=http://10.0.2.2:4777/images/${path}`]);
  });

  it('says what it cannot do', () => {
    expect(refusal(profileOf({ ...BASE, cloud_config: 'a' }))).toMatch(/cloud_config: .* \(use "ignition"\)/);
    expect(refusal(profileOf({ ...BASE, install: { disk: 'sda' } }))).toMatch(
      /^broken profiles\/sample.json install.disk: "sda" is not a disk/,
    );
    expect(refusal(profileOf({ ...BASE, install: { disk: '/dev/sda x=y' } }))).toMatch(/is not a disk/);
  });
});
