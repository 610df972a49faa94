import { expect, test } from 'vitest';
import type { Watch } from '../../src/catalog/folder-watch.ts';
import { addFiles, makeFolder } from '../support/folder.ts';
import { catalogOf, until } from './data-folder.ts';

test('a folder in which something happens all the time is looked at all the same', async () => {
  let hear: () => void = () => undefined;
  const watch: Watch = (_, onChange) => {
    hear = onChange;
    return { close: () => undefined };
  };
  const dir = makeFolder({ 'profiles/a.json': { root: 'v1' } });
  const catalog = await catalogOf(dir, { pollMs: 600_000, watch });
  await catalog.start();
  addFiles(dir, { 'profiles/a.json': { root: 'v2' } });
  // Never quiet, until what was saved is in force.
  const noise = setInterval(() => {
    hear();
  }, 5);
  try {
    const snapshot = await until(catalog, ({ profiles }) => profiles.get('a')?.root === 'v2');
    expect(snapshot.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  } finally {
    clearInterval(noise);
  }
});
