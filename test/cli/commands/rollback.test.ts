import { describe, expect, it } from 'vitest';
import { FLATCAR_PROFILE, makeStand, type SyncStand } from '../../support/sync-stand.ts';
import { serveFlatcar } from '../../support/upstream-releases.ts';

/** A shelf with three releases, the newest in force. */
async function threeReleases(): Promise<SyncStand> {
  const stand = await makeStand();
  for (const version of ['4300.2.0', '4400.2.0', '4500.2.0']) {
    serveFlatcar(stand, version);
    expect((await stand.cli('sync', '--keep-releases', '3')).code).toBe(0);
  }
  return stand;
}

describe('pilotlight rollback', () => {
  it('goes back to the release before, and stays there until there is a newer one', async () => {
    const stand = await threeReleases();
    const { code, stdout } = await stand.cli('rollback', 'seed');
    expect([code, stdout]).toEqual([
      0,
      'seed: 4500.2.0 -> 4400.2.0, until something newer than 4500.2.0 is published\n',
    ]);
    expect(stand.read('profiles/seed.json')).toBe(FLATCAR_PROFILE.replace('4152.2.0', '4400.2.0'));

    const held = await stand.sync('--keep-releases', '3');
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
    expect(stand.version('seed')).toBe('4400.2.0');

    serveFlatcar(stand, '4593.2.5');
    expect((await stand.sync()).report.rewritten).toEqual([{ profile: 'seed', from: '4400.2.0', to: '4593.2.5' }]);
    expect(JSON.parse(stand.read('state/sync.json'))).toMatchObject({ holds: {} });
  });

  it('goes further back, and to a release that is named', async () => {
    const stand = await threeReleases();
    await stand.cli('rollback', 'seed');
    expect((await stand.cli('rollback', 'seed')).stdout).toContain(
      '4400.2.0 -> 4300.2.0, until something newer than 4500.2.0',
    );
    expect((await stand.cli('rollback', 'seed', '4500.2.0', '--json')).stdout).toBe(
      '{"profile":"seed","from":"4300.2.0","to":"4500.2.0","heldAbove":"4500.2.0"}\n',
    );
    expect((await stand.cli('rollback', 'seed', '4500.2.0')).stdout).toContain('seed boots 4500.2.0 already');
  });

  it.each([
    [['nobody'], 1, 'there is no profile "nobody"'],
    [['sed'], 1, 'there is no profile "sed" (did you mean "seed"?)'],
    [['seed', '4593.2.5'], 1, 'images/flatcar/amd64/4593.2.5/flatcar_production_pxe.vmlinuz is not there'],
    [['seed', '../x'], 2, 'a version is letters, digits'],
    [[], 2, 'expected PROFILE [VERSION]'],
  ])('%j: says what is wrong, and changes nothing', async (words, code, message) => {
    const stand = await makeStand();
    const result = await stand.cli('rollback', ...words);
    expect([result.code, stand.read('profiles/seed.json')]).toEqual([code, FLATCAR_PROFILE]);
    expect(result.stderr).toContain(message);
  });

  it('nothing older is there: says so', async () => {
    const stand = await makeStand();
    serveFlatcar(stand, '4300.2.0');
    await stand.sync();
    const { code, stderr } = await stand.cli('rollback', 'seed');
    expect(code).toBe(1);
    expect(stderr).toContain('nothing older than 4300.2.0 of flatcar/stable/amd64 is on the shelf');
  });

  it('a custom system and a broken profile cannot be rolled back', async () => {
    const stand = await makeStand({
      'profiles/own.json': { system: 'custom', kernel: 'own/vmlinuz' },
      'profiles/bad.json': '{',
    });
    expect((await stand.cli('rollback', 'own')).stderr).toContain('own is a custom system');
    expect((await stand.cli('rollback', 'bad')).stderr).toContain('profiles/bad.json: cannot be used');
  });

  it('what the operator writes into the profile afterwards ends the hold', async () => {
    const stand = await threeReleases();
    await stand.cli('rollback', 'seed');
    const { writeFileSync } = await import('node:fs');
    writeFileSync(`${stand.dir}/profiles/seed.json`, FLATCAR_PROFILE.replace('4152.2.0', '4300.2.0'));
    expect((await stand.sync()).report.rewritten).toEqual([{ profile: 'seed', from: '4300.2.0', to: '4500.2.0' }]);
  });
});

describe('pilotlight sync --pin', () => {
  it('keeps a profile at its version until it is unpinned', async () => {
    const stand = await makeStand();
    serveFlatcar(stand, '4593.2.5');
    expect(await stand.cli('sync', '--pin', 'seed')).toMatchObject({
      code: 0,
      stdout: 'seed keeps 4152.2.0 until `pilotlight sync --unpin seed`\n',
    });
    expect((await stand.sync()).report).toMatchObject({
      targets: [],
      skipped: [{ profile: 'seed', why: 'pinned to 4152.2.0 by `pilotlight sync --pin`' }],
    });
    expect(stand.upstream.requests).toEqual([]);
    expect((await stand.cli('sync', '--unpin', 'seed')).stdout).toBe('seed follows its channel again\n');
    await stand.sync();
    expect(stand.version('seed')).toBe('4593.2.5');
  });

  it('says what it cannot do', async () => {
    const stand = await makeStand({
      'profiles/manual.json': { system: 'flatcar', version: '1.2.3', update: 'manual' },
      'profiles/none.json': { boot: 'local' },
    });
    expect((await stand.cli('sync', '--pin', 'manual')).stdout).toContain('the sync leaves it alone anyway');
    expect(await stand.cli('sync', '--pin', 'none')).toMatchObject({ code: 2 });
    expect(await stand.cli('sync', '--pin', 'other')).toMatchObject({ code: 1 });
  });
});
