import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { checkSpace, diskSpace } from '../../src/releases/draft.ts';

it('wants the files, 5 % more, and 3 % of the disk left', () => {
  checkSpace(1000, { free: 1080, total: 1000 });
  expect(() => {
    checkSpace(1000, { free: 1079, total: 1000 });
  }).toThrow('1080 bytes are needed, 1079 are free');
});

it('reads the file system', async () => {
  const { free, total } = await diskSpace(tmpdir());
  expect(free).toBeGreaterThan(0);
  expect(total).toBeGreaterThanOrEqual(free);
});
