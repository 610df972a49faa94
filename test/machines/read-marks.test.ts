import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { markFileName, markText, readMarks } from '../../src/machines/mark-file.ts';
import { makeFolder } from '../support/folder.ts';
import { byMac, MAC, NOON, TARGET, UUID } from './marks.ts';

const MARK = { ...TARGET, state: 'installing', since: NOON, tries: 1, begun: NOON } as const;

it('finds nothing where there is nothing', async () => {
  const read = await readMarks(await openDataRoot(makeFolder()));
  expect([read.marks.size, read.broken, read.unreadable]).toEqual([0, [], undefined]);
});

it('reads hundreds of them', async () => {
  const keys = Array.from(
    { length: 300 },
    (_, i) => `52:54:00:00:${i < 256 ? '00' : '01'}:${(i % 256).toString(16).padStart(2, '0')}`,
  );
  const files = keys.map((key) => [`state/machines/${markFileName(key)}`, markText({ ...MARK, ...byMac(key) })]);
  const { marks, broken } = await readMarks(
    await openDataRoot(makeFolder(Object.fromEntries(files) as Record<string, string>)),
  );
  expect(broken).toEqual([]);
  expect([...marks.values()].map(({ key }) => key).sort()).toEqual(keys.sort());
});

it('takes whatever it cannot read for a machine of which nothing is known, and leaves other files alone', async () => {
  const dir = makeFolder({
    'state/machines/52-54-00-55-1c-ee.json': '{',
    [`state/machines/uuid-${UUID}.json`]: 'x'.repeat(65 * 1024),
    'state/machines/.52-54-00-55-1c-ee.json.abcdef.draft': '{',
    'state/machines/.hidden.json': '{',
    'state/machines/notes.txt': 'mine',
  });
  mkdirSync(join(dir, 'state/machines/serial-x-000000000000000000000000.json'));
  symlinkSync('/etc/passwd', join(dir, 'state/machines/52-54-00-00-00-01.json'));
  const { marks, broken } = await readMarks(await openDataRoot(dir));
  expect([...marks.values()].map(({ key, state }) => `${key} ${state}`).sort()).toEqual([
    '52:54:00:00:00:01 installed',
    `${MAC} installed`,
    'serial-x-000000000000000000000000 installed',
    `uuid:${UUID} installed`,
  ]);
  expect(broken.map(({ file }) => file).sort()).toEqual(
    [...marks.keys()].map((name) => `state/machines/${name}`).sort(),
  );
  for (const { why } of broken) expect(why).not.toContain(dir);
  expect(marks.get('52-54-00-55-1c-ee.json')?.broken).toContain(
    'state/machines/52-54-00-55-1c-ee.json cannot be understood',
  );
});

it('says why the folder cannot be read', async () => {
  const dir = makeFolder();
  mkdirSync(join(dir, 'state'));
  symlinkSync('/etc', join(dir, 'state/machines'));
  expect((await readMarks(await openDataRoot(dir))).unreadable).toContain('leaves the data directory');
});
