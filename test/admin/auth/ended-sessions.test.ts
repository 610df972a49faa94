import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openEndedSessions } from '../../../src/admin/auth/ended-sessions.ts';
import { openDataRoot } from '../../../src/files/data-root.ts';
import { makeFolder, type FolderFiles } from '../../support/folder.ts';
import { recordLog } from '../../support/http-house.ts';

const FILE = 'state/ended-sessions.json';

async function stand(files: FolderFiles = {}, dir = makeFolder(files)) {
  const log = recordLog();
  return { dir, log, book: await openEndedSessions(await openDataRoot(dir), log, () => 1000) };
}

test('what was logged out is known to the next run', async () => {
  const { dir, book, log } = await stand();
  expect([book.ended, book.notBefore]).toEqual([new Map(), 0]);
  await Promise.all([
    book.keep(new Map([['a', 5]])),
    book.keep(
      new Map([
        ['a', 5],
        ['b', 7],
      ]),
    ),
  ]);
  expect(statSync(join(dir, FILE)).mode & 0o777).toBe(0o600);
  const next = await stand({}, dir);
  expect([...next.book.ended]).toEqual([
    ['a', 5],
    ['b', 7],
  ]);
  expect(log.lines).toEqual([]);
});

test.each(['', '[]', 'null', '{"a":"b"}', '{"a":5'])(
  'a file that holds %j: everybody logs in once more',
  async (text) => {
    const { dir, book, log } = await stand({ [FILE]: text });
    expect([book.ended, book.notBefore]).toEqual([new Map(), 1000]);
    expect(log.of('error')).toMatchObject([{ message: expect.stringContaining('all must log in again') as string }]);
    expect(readFileSync(join(dir, FILE), 'utf8')).toBe(text);
  },
);

test('a logout that cannot be kept is said, with the remedy', async () => {
  const { dir, book, log } = await stand();
  // A folder in the file's place: root, who runs tests, may write everywhere.
  mkdirSync(join(dir, FILE), { recursive: true });
  chmodSync(join(dir, 'state'), 0o755);
  await book.keep(new Map([['a', 5]]));
  expect(log.of('error')).toMatchObject([{ message: 'a logout is not kept: it holds until the server ends' }]);
});
