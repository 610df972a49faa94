import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FLATCAR_PROFILE, makeStand } from '../../support/sync-stand.ts';
import { digestsText, hex } from '../../support/upstream-formats.ts';
import { flatcarQuestions, serveFlatcar } from '../../support/upstream-releases.ts';

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
    expect(stand.upstream.requests).toEqual(flatcarQuestions('4593.2.5'));
    expect(times()).toEqual(before);
  });
});

describe('pilotlight sync --dry-run', () => {
  it('shows the plan, downloads nothing, writes nothing', async () => {
    const stand = await makeStand();
    serveFlatcar(stand, '4593.2.5');
    const { code, stdout } = await stand.cli('sync', '--dry-run');
    expect([code, stdout]).toEqual([
      0,
      'CHANNEL               VERSION   RESULT            PROFILES\nflatcar/stable/amd64  4593.2.5  would be fetched  seed\n',
    ]);
    expect(stand.upstream.requests).toEqual(flatcarQuestions('4593.2.5'));
    expect([stand.visible(), readdirSync(join(stand.dir, 'state'))]).toEqual([[], ['keys']]);
    expect(stand.read('profiles/seed.json')).toBe(FLATCAR_PROFILE);
  });

  it('tells a release that is here from one that is in force, and what is held and refused', async () => {
    const stand = await makeStand();
    serveFlatcar(stand, '4500.2.0');
    await stand.cli('sync');
    serveFlatcar(stand, '4593.2.5');
    await stand.cli('sync');
    const preview = async (): Promise<unknown> => (await stand.sync('--dry-run')).report.targets[0]?.outcome;
    expect(await preview()).toBe('current');
    await stand.cli('rollback', 'seed');
    expect(await preview()).toBe('held');
    await stand.cli('sync', '--unpin', 'seed');
    expect(await preview()).toBe('would-rewrite');
    serveFlatcar(stand, '4400.2.0');
    const refused = await stand.sync('--dry-run');
    expect([refused.code, refused.report.targets[0]?.message]).toEqual([
      1,
      expect.stringContaining('which is older than 4593.2.5'),
    ]);
  });
});

describe('pilotlight sync --json', () => {
  it('one object a line, from the plan to the report', async () => {
    const stand = await makeStand();
    serveFlatcar(stand, '4593.2.5');
    const { events, report } = await stand.sync();
    const kinds = events.map(({ kind }) => kind);
    expect(kinds.slice(0, 2)).toEqual(['plan', 'found']);
    expect(kinds.slice(-3)).toEqual(['published', 'rewritten', 'done']);
    expect(kinds.filter((kind) => kind === 'verified')).toHaveLength(2);
    expect(events.filter((event) => event.kind === 'download').every(({ size }) => size === 200_000)).toBe(true);
    expect(report).toEqual({
      targets: [{ target: 'flatcar/stable/amd64', profiles: ['seed'], version: '4593.2.5', outcome: 'published' }],
      skipped: [],
      rewritten: [{ profile: 'seed', from: '4152.2.0', to: '4593.2.5' }],
      removed: [],
      failed: 0,
    });
  });
});

describe('what a profile asks for besides', () => {
  it('"mirror": ["install"] also brings what the installer wants; for a published release it says that it comes later', async () => {
    const asking = FLATCAR_PROFILE.replace('"nodes"', '"mirror": ["install"],\n  "nodes"');
    const stand = await makeStand({ 'profiles/seed.json': asking });
    serveFlatcar(stand, '4593.2.5');
    const folder = '/flatcar/stable/amd64-usr/4593.2.5';
    const name = 'flatcar_production_image.bin.bz2';
    const data = Buffer.from('disk image');
    stand.upstream.put(`${folder}/${name}`, data);
    stand.upstream.put(`${folder}/${name}.sig`, stand.vendor.sign(data));
    stand.upstream.put(`${folder}/${name}.DIGESTS`, digestsText({ [name]: data }));
    stand.upstream.absent(`${folder}/flatcar_production_OEM_image.bin.bz2`);
    expect((await stand.sync()).code).toBe(0);
    expect(stand.visible()).toContain(`flatcar/amd64/4593.2.5/${name}`);
    expect(stand.visible()).toContain(`flatcar/amd64/4593.2.5/${name}.sig`);

    const later = await makeStand();
    serveFlatcar(later, '4593.2.5');
    await later.sync();
    writeFileSync(join(later.dir, 'profiles/seed.json'), asking.replace('4152.2.0', '4593.2.5'));
    expect((await later.sync()).events).toContainEqual(
      expect.objectContaining({
        kind: 'note',
        message: expect.stringContaining(`published without ${name}`) as string,
      }),
    );
  });

  it('a custom release is fetched from the addresses in the profile, which may be in a private network', async () => {
    const stand = await makeStand();
    rmSync(join(stand.dir, 'profiles/seed.json'));
    stand.upstream.put('/files/vmlinuz', 'kernel');
    const file = { name: 'vmlinuz', url: stand.upstream.url('/files/vmlinuz'), sha256: hex('sha256', 'kernel') };
    const profile = { system: 'custom', kernel: 'custom/rescue/1/vmlinuz', release: { version: '1', files: [file] } };
    writeFileSync(join(stand.dir, 'profiles/rescue.json'), JSON.stringify(profile));
    expect((await stand.sync()).report.targets).toMatchObject([
      { target: 'custom/rescue', outcome: 'published', version: '1' },
    ]);
    expect(stand.visible()).toEqual(['custom/rescue/1/vmlinuz']);
    expect(stand.read('profiles/rescue.json')).toBe(JSON.stringify(profile));
    expect((await stand.sync()).report.targets).toMatchObject([{ outcome: 'current' }]);
    const wrong = { ...profile, release: { version: '2', files: [{ ...file, sha256: '0'.repeat(64) }] } };
    writeFileSync(join(stand.dir, 'profiles/rescue.json'), JSON.stringify(wrong));
    expect((await stand.sync()).code).toBe(1);
    expect(stand.visible()).toEqual(['custom/rescue/1/vmlinuz']);
  });
});
