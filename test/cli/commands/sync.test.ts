import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FLATCAR_PROFILE, makeSetup, type SyncSetup } from '../../support/sync-setup.ts';
import { digestsText, hex } from '../../support/upstream-formats.ts';
import { flatcarQuestions, serveFlatcar } from '../../support/upstream-releases.ts';

/** A shelf with three releases, the newest in force. */
async function threeReleases(): Promise<SyncSetup> {
  const setup = await makeSetup();
  for (const version of ['4300.2.0', '4400.2.0', '4500.2.0']) {
    serveFlatcar(setup, version);
    expect((await setup.cli('sync', '--keep-releases', '3')).code).toBe(0);
  }
  return setup;
}

describe('pilotlight rollback', () => {
  it('goes back to the release before, and stays there until there is a newer one', async () => {
    const setup = await threeReleases();
    const { code, stdout } = await setup.cli('rollback', 'seed');
    expect([code, stdout]).toEqual([
      0,
      'seed: 4500.2.0 -> 4400.2.0, until something newer than 4500.2.0 is published\n',
    ]);
    expect(setup.read('profiles/seed.json')).toBe(FLATCAR_PROFILE.replace('4152.2.0', '4400.2.0'));

    const held = await setup.sync('--keep-releases', '3');
    expect(held.report).toMatchObject({
      targets: [{ outcome: 'held', version: '4500.2.0' }],
      rewritten: [],
      failed: 0,
    });
    expect(held.events).toContainEqual({
      kind: 'kept',
      target: 'flatcar/stable/amd64',
      profile: 'seed',
      why: 'rolled back to 4400.2.0: held until something newer than 4500.2.0 is published',
    });
    expect(setup.version('seed')).toBe('4400.2.0');

    serveFlatcar(setup, '4593.2.5');
    expect((await setup.sync()).report.rewritten).toEqual([{ profile: 'seed', from: '4400.2.0', to: '4593.2.5' }]);
    expect(JSON.parse(setup.read('state/sync.json'))).toMatchObject({ holds: {} });
  });

  it('goes further back, and to a release that is named', async () => {
    const setup = await threeReleases();
    await setup.cli('rollback', 'seed');
    expect((await setup.cli('rollback', 'seed')).stdout).toContain(
      '4400.2.0 -> 4300.2.0, until something newer than 4500.2.0',
    );
    expect((await setup.cli('rollback', 'seed', '4500.2.0', '--json')).stdout).toBe(
      '{"profile":"seed","from":"4300.2.0","to":"4500.2.0","heldAbove":"4500.2.0"}\n',
    );
    expect((await setup.cli('rollback', 'seed', '4500.2.0')).stdout).toContain('seed boots 4500.2.0 already');
  });

  it.each([
    [['nobody'], 1, 'there is no profile "nobody"'],
    [['sed'], 1, 'there is no profile "sed" (did you mean "seed"?)'],
    [['seed', '4593.2.5'], 1, 'images/flatcar/amd64/4593.2.5/flatcar_production_pxe.vmlinuz is not there'],
    [['seed', '../x'], 2, 'a version is letters, digits'],
    [[], 2, 'expected PROFILE [VERSION]'],
  ])('%j: says what is wrong, and changes nothing', async (words, code, message) => {
    const setup = await makeSetup();
    const result = await setup.cli('rollback', ...words);
    expect([result.code, setup.read('profiles/seed.json')]).toEqual([code, FLATCAR_PROFILE]);
    expect(result.stderr).toContain(message);
  });

  it('nothing older is there: says so', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4300.2.0');
    await setup.sync();
    const { code, stderr } = await setup.cli('rollback', 'seed');
    expect(code).toBe(1);
    expect(stderr).toContain('nothing older than 4300.2.0 of flatcar/stable/amd64 is on the shelf');
  });

  it('a custom system and a broken profile cannot be rolled back', async () => {
    const setup = await makeSetup({
      'profiles/own.json': { system: 'custom', kernel: 'own/vmlinuz' },
      'profiles/bad.json': '{',
    });
    expect((await setup.cli('rollback', 'own')).stderr).toContain('own is a custom system');
    expect((await setup.cli('rollback', 'bad')).stderr).toContain('profiles/bad.json:1:2: is not JSON');
  });

  it('what the operator writes into the profile afterwards ends the hold', async () => {
    const setup = await threeReleases();
    await setup.cli('rollback', 'seed');
    const { writeFileSync } = await import('node:fs');
    writeFileSync(`${setup.dir}/profiles/seed.json`, FLATCAR_PROFILE.replace('4152.2.0', '4300.2.0'));
    expect((await setup.sync()).report.rewritten).toEqual([{ profile: 'seed', from: '4300.2.0', to: '4500.2.0' }]);
  });
});

describe('pilotlight sync --pin', () => {
  it('keeps a profile at its version until it is unpinned', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    expect(await setup.cli('sync', '--pin', 'seed')).toMatchObject({
      code: 0,
      stdout: 'seed keeps 4152.2.0 until `pilotlight sync --unpin seed`\n',
    });
    expect((await setup.sync()).report).toMatchObject({
      targets: [],
      skipped: [{ profile: 'seed', why: 'pinned to 4152.2.0 by `pilotlight sync --pin`' }],
    });
    expect(setup.upstream.requests).toEqual([]);
    expect((await setup.cli('sync', '--unpin', 'seed')).stdout).toBe('seed follows its channel again\n');
    await setup.sync();
    expect(setup.version('seed')).toBe('4593.2.5');
  });

  it('says what it cannot do', async () => {
    const setup = await makeSetup({
      'profiles/manual.json': { system: 'flatcar', version: '1.2.3', update: 'manual' },
      'profiles/none.json': { boot: 'local' },
    });
    expect((await setup.cli('sync', '--pin', 'manual')).stdout).toContain('the sync leaves it alone anyway');
    expect(await setup.cli('sync', '--pin', 'none')).toMatchObject({ code: 2 });
    expect(await setup.cli('sync', '--pin', 'other')).toMatchObject({ code: 1 });
  });
});

describe('pilotlight sync', () => {
  it('takes an empty shelf to a published release and lets the profile boot it', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');

    const { code, stdout, stderr } = await setup.cli('sync');

    expect(stderr).toContain('flatcar/stable/amd64: published images/flatcar/amd64/4593.2.5\n');
    expect(stderr).toContain(`verified: signature of ${setup.vendor.primary.fingerprint}, sha512\n`);
    expect([code, stdout]).toEqual([
      0,
      'CHANNEL               VERSION   RESULT   PROFILES\n' +
        'flatcar/stable/amd64  4593.2.5  updated  seed\n' +
        '\nPROFILE  BEFORE    NOW\nseed     4152.2.0  4593.2.5\n',
    ]);
    expect(setup.read('profiles/seed.json')).toBe(FLATCAR_PROFILE.replace('4152.2.0', '4593.2.5'));
    expect(setup.visible()).toEqual([
      'flatcar/amd64/4593.2.5/flatcar_production_pxe.vmlinuz',
      'flatcar/amd64/4593.2.5/flatcar_production_pxe.vmlinuz.sig',
      'flatcar/amd64/4593.2.5/flatcar_production_pxe_image.cpio.gz',
      'flatcar/amd64/4593.2.5/flatcar_production_pxe_image.cpio.gz.sig',
    ]);
    setup.upstream.check();
  });

  it('a second run changes nothing and fetches nothing', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    await setup.cli('sync');
    const files = ['profiles/seed.json', 'state/sync.json', ...setup.visible().map((path) => `images/${path}`)];
    const times = (): readonly bigint[] =>
      files.map((file) => statSync(join(setup.dir, file), { bigint: true }).ctimeNs);
    const before = times();
    setup.upstream.requests.length = 0;

    const { code, stdout } = await setup.cli('sync');

    expect([code, stdout]).toEqual([
      0,
      'CHANNEL               VERSION   RESULT      PROFILES\nflatcar/stable/amd64  4593.2.5  up to date  seed\n',
    ]);
    expect(setup.upstream.requests).toEqual(flatcarQuestions('4593.2.5'));
    expect(times()).toEqual(before);
  });
});

describe('pilotlight sync --dry-run', () => {
  it('shows the plan, downloads nothing, writes nothing', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    const { code, stdout } = await setup.cli('sync', '--dry-run');
    expect([code, stdout]).toEqual([
      0,
      'CHANNEL               VERSION   RESULT            PROFILES\nflatcar/stable/amd64  4593.2.5  would be fetched  seed\n',
    ]);
    expect(setup.upstream.requests).toEqual(flatcarQuestions('4593.2.5'));
    expect([setup.visible(), readdirSync(join(setup.dir, 'state'))]).toEqual([[], ['keys']]);
    expect(setup.read('profiles/seed.json')).toBe(FLATCAR_PROFILE);
  });

  it('tells a release that is here from one that is in force, and what is held and refused', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4500.2.0');
    await setup.cli('sync');
    serveFlatcar(setup, '4593.2.5');
    await setup.cli('sync');
    const preview = async (): Promise<unknown> => (await setup.sync('--dry-run')).report.targets[0]?.outcome;
    expect(await preview()).toBe('current');
    await setup.cli('rollback', 'seed');
    expect(await preview()).toBe('held');
    await setup.cli('sync', '--unpin', 'seed');
    expect(await preview()).toBe('would-rewrite');
    serveFlatcar(setup, '4400.2.0');
    const refused = await setup.sync('--dry-run');
    expect([refused.code, refused.report.targets[0]?.message]).toEqual([
      1,
      expect.stringContaining('which is older than 4593.2.5'),
    ]);
  });
});

describe('pilotlight sync --json', () => {
  it('one object a line, from the plan to the report', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    const { events, report } = await setup.sync();
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
    const setup = await makeSetup({ 'profiles/seed.json': asking });
    serveFlatcar(setup, '4593.2.5');
    const folder = '/flatcar/stable/amd64-usr/4593.2.5';
    const name = 'flatcar_production_image.bin.bz2';
    const data = Buffer.from('disk image');
    setup.upstream.put(`${folder}/${name}`, data);
    setup.upstream.put(`${folder}/${name}.sig`, setup.vendor.sign(data));
    setup.upstream.put(`${folder}/${name}.DIGESTS`, digestsText({ [name]: data }));
    setup.upstream.absent(`${folder}/flatcar_production_OEM_image.bin.bz2`);
    expect((await setup.sync()).code).toBe(0);
    expect(setup.visible()).toContain(`flatcar/amd64/4593.2.5/${name}`);
    expect(setup.visible()).toContain(`flatcar/amd64/4593.2.5/${name}.sig`);

    const later = await makeSetup();
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
    const setup = await makeSetup();
    rmSync(join(setup.dir, 'profiles/seed.json'));
    setup.upstream.put('/files/vmlinuz', 'kernel');
    const file = { name: 'vmlinuz', url: setup.upstream.url('/files/vmlinuz'), sha256: hex('sha256', 'kernel') };
    const profile = { system: 'custom', kernel: 'custom/rescue/1/vmlinuz', release: { version: '1', files: [file] } };
    writeFileSync(join(setup.dir, 'profiles/rescue.json'), JSON.stringify(profile));
    expect((await setup.sync()).report.targets).toMatchObject([
      { target: 'custom/rescue', outcome: 'published', version: '1' },
    ]);
    expect(setup.visible()).toEqual(['custom/rescue/1/vmlinuz']);
    expect(setup.read('profiles/rescue.json')).toBe(JSON.stringify(profile));
    expect((await setup.sync()).report.targets).toMatchObject([{ outcome: 'current' }]);
    const wrong = { ...profile, release: { version: '2', files: [{ ...file, sha256: '0'.repeat(64) }] } };
    writeFileSync(join(setup.dir, 'profiles/rescue.json'), JSON.stringify(wrong));
    expect((await setup.sync()).code).toBe(1);
    expect(setup.visible()).toEqual(['custom/rescue/1/vmlinuz']);
  });
});
