import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSessionBook } from '../../../src/admin/auth/session-book.ts';
import { openDataRoot } from '../../../src/files/data-root.ts';
import { makeFolder, type FolderFiles } from '../../support/folder.ts';
import { recordLog } from '../../support/http-server.ts';

const OPEN = { id: 'c', born: 1, expires: 9, seen: 2, user: 'anna', from: '10.0.0.7', agent: 'Firefox' };
const FILE = 'state/sessions.json';

async function setup(files: FolderFiles = {}, dir = makeFolder(files)) {
  const log = recordLog();
  return { dir, log, book: await openSessionBook(await openDataRoot(dir), log, () => 1000) };
}

test('what was logged out is known to the next run', async () => {
  const { dir, book, log } = await setup();
  expect([book.ended, book.notBefore]).toEqual([new Map(), 0]);
  await Promise.all([
    book.keep({ ended: new Map([['a', 5]]), open: [] }),
    book.keep({
      ended: new Map([
        ['a', 5],
        ['b', 7],
      ]),
      open: [OPEN],
    }),
  ]);
  expect(statSync(join(dir, FILE)).mode & 0o777).toBe(0o600);
  const next = await setup({}, dir);
  expect([...next.book.ended]).toEqual([
    ['a', 5],
    ['b', 7],
  ]);
  expect(next.book.open).toEqual([OPEN]);
  expect(log.lines).toEqual([]);
});

test('logouts that an earlier version wrote still count', async () => {
  const { book } = await setup({ 'state/ended-sessions.json': '{"a":5}' });
  expect([...book.ended]).toEqual([['a', 5]]);
  await book.keep({ ended: new Map([['b', 7]]), open: [] });
});

test('a session in the list that is not as it was written is left out', async () => {
  const { book } = await setup({
    [FILE]: { ended: {}, open: [OPEN, { ...OPEN, born: '1' }, null, 7, { ...OPEN, user: 5 }] },
  });
  expect(book.open).toEqual([OPEN]);
});

test.each(['', '[]', 'null', '{"ended":{"a":"b"}}', '{"ended":[]}', '{}', '{"a":5'])(
  'a file that holds %j: everybody logs in once more',
  async (text) => {
    const { dir, book, log } = await setup({ [FILE]: text });
    expect([book.ended, book.notBefore]).toEqual([new Map(), 1000]);
    expect(log.of('error')).toMatchObject([{ message: expect.stringContaining('all must log in again') as string }]);
    expect(readFileSync(join(dir, FILE), 'utf8')).toBe(text);
  },
);

test('a logout that cannot be kept is said, with the remedy', async () => {
  const { dir, book, log } = await setup();
  // A folder in the file's place: root, who runs tests, may write everywhere.
  mkdirSync(join(dir, FILE), { recursive: true });
  chmodSync(join(dir, 'state'), 0o755);
  await book.keep({ ended: new Map([['a', 5]]), open: [] });
  expect(log.of('error')).toMatchObject([{ message: 'a logout is not kept: it holds until the server ends' }]);
});
