import { describe, expect, it } from 'vitest';
import { importTarget } from '../../src/releases/import-target.ts';
import { planSync } from '../../src/releases/plan.ts';
import { buildProfile } from '../../src/catalog/build-profile.ts';
import { nameOf } from '../support/house.ts';

const beta = buildProfile(nameOf('b'), 'profiles/b.json', {
  system: 'flatcar',
  channel: 'beta',
  version: '1.1.0',
  mirror: ['install'],
});
const known = planSync([beta], {}).targets;

describe('importTarget', () => {
  it.each([
    [['flatcar_production_pxe.vmlinuz', 'version.txt'], 'flatcar/beta/amd64'],
    [['coreos_production_pxe.vmlinuz', 'coreos_production_pxe.sh'], 'coreos/stable/amd64'],
    [['fedora-coreos-44-live-kernel.aarch64', 'stable.json'], 'fedora-coreos/stable/arm64'],
    [['ubuntu-24.04.2-live-server-amd64.iso', 'SHA256SUMS'], 'ubuntu/stable/amd64'],
    [['vmlinuz-arm64', 'initramfs-arm64.xz', 'latest'], 'talos/stable/arm64'],
    [['InRelease', 'linux'], 'debian/stable/amd64'],
  ])('%j is %s', (names, id) => {
    expect(importTarget(names, {}, known).id).toBe(id);
  });

  it('the profiles of the channel follow; what is only for installers need not be there', () => {
    const target = importTarget(['flatcar_production_pxe.vmlinuz', 'version.txt'], {}, known);
    expect(target.profiles).toEqual([beta]);
    expect(target.install).toBe(false);
  });

  it('what is named wins', () => {
    const target = importTarget(
      ['x'],
      { system: 'talos', channel: 'stable', arch: 'arm64', version: 'v1.2.3' as never },
      known,
    );
    expect(target).toMatchObject({ id: 'talos/stable/arm64', version: 'v1.2.3', profiles: [] });
  });

  it.each([
    [['linux'], {}, 'which system'],
    [['flatcar_production_pxe.vmlinuz'], {}, 'which version'],
    [['x'], { system: 'custom' as const }, 'which system'],
  ])('%j %j: asks', (names, request, message) => {
    expect(() => importTarget(names, request, known)).toThrow(message);
  });
});
