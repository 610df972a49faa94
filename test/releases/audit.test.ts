import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { auditRelease } from '../../src/releases/audit.ts';
import { hex } from '../support/upstream-formats.ts';
import { makeBench } from '../support/upstream-ports.ts';

it('compares every file with what was recorded', async () => {
  const bench = await makeBench();
  const folder = join(bench.dir, 'images/x/1');
  await mkdir(folder, { recursive: true });
  const record = { size: 3, sha256: hex('sha256', 'abc') };
  for (const name of ['a', 'b', 'c']) await writeFile(join(folder, name), 'abc');
  await writeFile(join(folder, '.pilotlight.json'), JSON.stringify({ files: { a: record, b: record, c: record } }));
  await writeFile(join(folder, 'b'), 'abd');
  await rm(join(folder, 'c'));
  expect(await auditRelease(bench.root, 'x/1')).toEqual([
    { path: 'x/1/a', state: 'good' },
    { path: 'x/1/b', state: 'changed' },
    { path: 'x/1/c', state: 'missing' },
  ]);
  await expect(auditRelease(bench.root, 'x/2')).rejects.toMatchObject({ code: 'not-found' });
  await bench.remove();
});
