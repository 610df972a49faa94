import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FLATCAR_PROFILE, makeStand } from '../../support/sync-stand.ts';
import { serveFlatcar } from '../../support/upstream-releases.ts';

describe('pilotlight sync', () => {
  it('takes an empty shelf to a published release and lets the profile boot it', async () => {
    const stand = await makeStand();
    serveFlatcar(stand, '4593.2.5');

    const { code, stdout, stderr } = await stand.cli('sync');

    expect(stderr).toContain('flatcar/stable/amd64: published images/flatcar/amd64/4593.2.5\n');
    expect(stderr).toContain(`verified: signature of ${stand.vendor.primary.fingerprint}, sha512\n`);
    expect([code, stdout]).toEqual([
      0,
      'CHANNEL               VERSION   RESULT   PROFILES\n' +
        'flatcar/stable/amd64  4593.2.5  updated  seed\n' +
        '\nPROFILE  BEFORE    NOW\nseed     4152.2.0  4593.2.5\n',
    ]);
    expect(stand.read('profiles/seed.json')).toBe(FLATCAR_PROFILE.replace('4152.2.0', '4593.2.5'));
    expect(stand.visible()).toEqual([
      'flatcar/amd64/4593.2.5/flatcar_production_pxe.vmlinuz',
      'flatcar/amd64/4593.2.5/flatcar_production_pxe.vmlinuz.sig',
      'flatcar/amd64/4593.2.5/flatcar_production_pxe_image.cpio.gz',
      'flatcar/amd64/4593.2.5/flatcar_production_pxe_image.cpio.gz.sig',
    ]);
    stand.upstream.check();
  });

  it('a second run changes nothing and fetches nothing', async () => {
    const stand = await makeStand();
    serveFlatcar(stand, '4593.2.5');
    await stand.cli('sync');
    const files = ['profiles/seed.json', 'state/sync.json', ...stand.visible().map((path) => `images/${path}`)];
    const times = (): readonly bigint[] =>
      files.map((file) => statSync(join(stand.dir, file), { bigint: true }).ctimeNs);
    const before = times();
    stand.upstream.requests.length = 0;

    const { code, stdout } = await stand.cli('sync');

    expect([code, stdout]).toEqual([
      0,
      'CHANNEL               VERSION   RESULT      PROFILES\nflatcar/stable/amd64  4593.2.5  up to date  seed\n',
    ]);
    expect(stand.upstream.requests).toEqual(['GET /flatcar/stable/amd64-usr/current/version.txt']);
    expect(times()).toEqual(before);
  });
});
