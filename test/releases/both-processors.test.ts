import { expect, it } from 'vitest';
import { makeStand, type SyncStand } from '../support/sync-stand.ts';
import { serveFlatcar } from '../support/upstream-releases.ts';

const BOTH = { 'profiles/both.json': '{"system": "flatcar", "arch": "auto", "version": "4152.2.0"}' };

const folders = (stand: SyncStand) => [...new Set(stand.visible().map((path) => path.replace(/\/[^/]*$/, '')))].sort();

it('one version for both processors is written when both builds of it are here, and both are kept', async () => {
  const stand = await makeStand(BOTH);
  serveFlatcar(stand, '4593.2.5');
  // The publisher has one build of the new release, the other is of the one before.
  serveFlatcar(stand, '4593.2.4', 'stable', 'arm64');
  const first = await stand.sync();
  expect(stand.version('both')).toBe('4152.2.0');
  const why = first.events.flatMap((event) => (event.kind === 'kept' ? [event.why] : []));
  expect(why).toContain('it boots flatcar/arm64/4593.2.5, too, which is not here yet');

  serveFlatcar(stand, '4593.2.5', 'stable', 'arm64');
  const second = await stand.sync();
  expect(second.code).toBe(0);
  expect(stand.version('both')).toBe('4593.2.5');

  for (const version of ['4593.3.0', '4593.4.0', '4593.5.0']) {
    serveFlatcar(stand, version);
    await stand.sync();
  }
  await stand.cli('images', 'prune', '--keep', '0');
  expect(stand.version('both')).toBe('4593.2.5');
  expect(folders(stand).filter((folder) => folder.endsWith('/4593.2.5'))).toHaveLength(2);
});

it('a rollback goes to what both have', async () => {
  const stand = await makeStand(BOTH);
  for (const version of ['4593.2.4', '4593.2.5']) {
    serveFlatcar(stand, version);
    serveFlatcar(stand, version, 'stable', 'arm64');
    await stand.sync();
  }
  expect((await stand.cli('rollback', 'both')).code).toBe(0);
  expect(stand.version('both')).toBe('4593.2.4');
});
