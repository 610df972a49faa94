import { expect, it } from 'vitest';
import { houseOf } from '../support/house.ts';

const flatcar = (version: string) => ({ system: 'flatcar', version });

it('current is the newest release that a profile boots, in the installer’s words', async () => {
  const { desk } = await houseOf({
    'profiles/a.json': flatcar('4593.2.5'),
    'profiles/b.json': flatcar('4593.10.0'),
    'profiles/old.json': { version: '1298.6.0' },
    'profiles/other.json': { ...flatcar('9999.0.0'), arch: 'arm64' },
    'profiles/fedora.json': { system: 'fedora-coreos', version: '44.20260707.3.1' },
  });
  expect(desk.currentVersion('flatcar/amd64')).toBe('FLATCAR_VERSION=4593.10.0\nFLATCAR_VERSION_ID=4593.10.0\n');
  expect(desk.currentVersion('flatcar/arm64')).toContain('9999.0.0');
  expect(desk.currentVersion('amd64-usr')).toBe('COREOS_VERSION=1298.6.0\nCOREOS_VERSION_ID=1298.6.0\n');
  for (const folder of ['fedora-coreos/amd64', 'flatcar', '', '..', 'flatcar/amd64/4593.2.5']) {
    expect(desk.currentVersion(folder)).toBeUndefined();
  }
});
