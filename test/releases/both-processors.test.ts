import { expect, it } from 'vitest';
import { makeSetup, type SyncSetup } from '../support/sync-setup.ts';
import { serveFlatcar } from '../support/upstream-releases.ts';

const BOTH = { 'profiles/both.json': '{"system": "flatcar", "arch": "auto", "version": "4152.2.0"}' };

const folders = (setup: SyncSetup) => [...new Set(setup.visible().map((path) => path.replace(/\/[^/]*$/, '')))].sort();

it('one version for both processors is written when both builds of it are here, and both are kept', async () => {
  const setup = await makeSetup(BOTH);
  serveFlatcar(setup, '4593.2.5');
  // The publisher has one build of the new release, the other is of the one before.
  serveFlatcar(setup, '4593.2.4', 'stable', 'arm64');
  const first = await setup.sync();
  expect(setup.version('both')).toBe('4152.2.0');
  const why = first.events.flatMap((event) => (event.kind === 'kept' ? [event.why] : []));
  expect(why).toContain('it boots flatcar/arm64/4593.2.5, too, which is not here yet');

  serveFlatcar(setup, '4593.2.5', 'stable', 'arm64');
  const second = await setup.sync();
  expect(second.code).toBe(0);
  expect(setup.version('both')).toBe('4593.2.5');

  for (const version of ['4593.3.0', '4593.4.0', '4593.5.0']) {
    serveFlatcar(setup, version);
    await setup.sync();
  }
  await setup.cli('images', 'prune', '--keep', '0');
  expect(setup.version('both')).toBe('4593.2.5');
  expect(folders(setup).filter((folder) => folder.endsWith('/4593.2.5'))).toHaveLength(2);
});

it('a rollback goes to what both have', async () => {
  const setup = await makeSetup(BOTH);
  for (const version of ['4593.2.4', '4593.2.5']) {
    serveFlatcar(setup, version);
    serveFlatcar(setup, version, 'stable', 'arm64');
    await setup.sync();
  }
  expect((await setup.cli('rollback', 'both')).code).toBe(0);
  expect(setup.version('both')).toBe('4593.2.4');
});
