import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { EMPTY_FOLDER, readFolder, type FolderKind, type FolderState } from '../../src/catalog/folder-reader.ts';
import { Failure } from '../../src/model/failure.ts';
import { openDataRoot, type DataRoot, type ReadFile } from '../../src/files/data-root.ts';
import { makeFolder, type FolderFiles } from '../support/folder.ts';
import { lines } from './data-folder.ts';

const parse = (_: string, { bytes }: ReadFile): { thing: string; problems: [] } => ({
  thing: bytes.toString(),
  problems: [],
});
const KIND: FolderKind<string> = { folder: 'profiles', ending: '.json', maxBytes: 2048, parse };

/** Reads as if a day had passed: what lies there is settled. */
async function look(
  dir: string,
  before: FolderState<string> = EMPTY_FOLDER,
  more: Partial<{ kind: FolderKind<string>; files: DataRoot; now: number }> = {},
): Promise<FolderState<string>> {
  const { kind = KIND, files = await openDataRoot(dir), now = Date.now() + 86_400_000 } = more;
  return readFolder(files, kind, before, { change: 1, now: () => now });
}

function things(state: FolderState<string>): Readonly<Record<string, string | undefined>> {
  const names = [...state.entries.keys()].sort();
  return Object.fromEntries(names.map((name) => [name, state.entries.get(name)?.slot.latest.thing]));
}

function problems(state: FolderState<string>): readonly string[] {
  return lines([...state.problems, ...[...state.entries.values()].flatMap(({ slot }) => slot.latest.problems)]);
}

async function twoLooks(
  files: FolderFiles,
  between: (dir: string) => void,
): Promise<readonly [FolderState<string>, FolderState<string>]> {
  const dir = makeFolder(files);
  const first = await look(dir);
  between(dir);
  return [first, await look(dir, first)];
}

test('files with the ending are read, what editors leave behind is not', async () => {
  const names = [
    'a.json',
    '.b.json',
    'c.json~',
    '#d.json#',
    'e.txt',
    '.a.json.swp',
    'f.json.swp',
    'README.md',
    '.f.json.abc.draft',
  ];
  const dir = makeFolder(Object.fromEntries(names.map((name) => [`profiles/${name}`, name])));
  expect(things(await look(dir))).toEqual({ 'a.json': 'a.json' });
});

test('what is unchanged is neither read nor parsed again', async () => {
  const dir = makeFolder({ 'profiles/a.json': 'a', 'profiles/b.json': 'b' });
  const files = await openDataRoot(dir);
  const spied = { ...files, read: vi.fn((file: string, max: number) => files.read(file, max)) };
  const counting = { ...KIND, parse: vi.fn(parse) };
  const first = await look(dir, EMPTY_FOLDER, { files: spied, kind: counting });
  expect(first.changed).toBe(true);
  writeFileSync(join(dir, 'profiles/b.json'), 'B');
  const second = await look(dir, first, { files: spied, kind: counting });
  expect(spied.read.mock.calls.map(([file]) => file).sort()).toEqual([
    'profiles/a.json',
    'profiles/b.json',
    'profiles/b.json',
  ]);
  expect(counting.parse).toHaveBeenCalledTimes(3);
  expect(things(second)).toEqual({ 'a.json': 'a', 'b.json': 'B' });
  expect(second.entries.get('a.json')).toBe(first.entries.get('a.json'));
});

test('a file that was only touched, or replaced by its copy, is no change', async () => {
  const [first, second] = await twoLooks({ 'profiles/a.json': 'a', 'profiles/b.json': 'b' }, (dir) => {
    utimesSync(join(dir, 'profiles/a.json'), 1, 1);
    writeFileSync(join(dir, 'profiles/.tmp'), 'b');
    renameSync(join(dir, 'profiles/.tmp'), join(dir, 'profiles/b.json'));
  });
  expect(second.changed).toBe(false);
  expect(second.entries.get('a.json')?.slot).toBe(first.entries.get('a.json')?.slot);
  expect(second.entries.get('a.json')?.identity).not.toBe(first.entries.get('a.json')?.identity);
});

test('an edit of the same length with the old time put back is seen', async () => {
  const [, second] = await twoLooks({ 'profiles/a.json': 'old' }, (dir) => {
    const file = join(dir, 'profiles/a.json');
    utimesSync(file, 1_000, 1_000);
    writeFileSync(file, 'new');
    utimesSync(file, 1_000, 1_000);
  });
  expect(things(second)).toEqual({ 'a.json': 'new' });
});

test('a file that was written just now is not trusted to look different after its next edit', async () => {
  const dir = makeFolder({ 'profiles/a.json': 'a' });
  const soon = await look(dir, EMPTY_FOLDER, { now: Date.now() });
  expect(soon.entries.get('a.json')?.identity).toBeUndefined();
  const later = await look(dir, soon);
  expect(later.changed).toBe(false);
  expect(later.entries.get('a.json')?.identity).toBeDefined();
});

test('a deleted file is gone, a new one is there', async () => {
  const [, second] = await twoLooks({ 'profiles/a.json': 'a' }, (dir) => {
    rmSync(join(dir, 'profiles/a.json'));
    writeFileSync(join(dir, 'profiles/b.json'), 'b');
  });
  expect(things(second)).toEqual({ 'b.json': 'b' });
  expect(second.changed).toBe(true);
});

test('a FIFO, a socket, a folder and links that lead nowhere or out are problems, and nothing hangs', async () => {
  const dir = makeFolder({ 'profiles/ok.json': 'ok' });
  const outside = makeFolder({ 'secret.json': 'SECRET' });
  const at = (name: string): string => join(dir, 'profiles', name);
  execFileSync('mkfifo', [at('fifo.json')]);
  mkdirSync(at('folder.json'));
  symlinkSync('missing', at('nowhere.json'));
  symlinkSync(join(outside, 'secret.json'), at('out.json'));
  symlinkSync('loop.json', at('loop.json'));
  symlinkSync('/dev/zero', at('zero.json'));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(at('socket.json'), resolve));
  const state = await look(dir);
  server.close();
  expect(things(state)['ok.json']).toBe('ok');
  expect(problems(state).toSorted()).toEqual([
    'profiles/fifo.json: is not a regular file (put a regular file in its place)',
    'profiles/folder.json: is a folder, not a file (put a file there; a folder in profiles/ may not be called so)',
    expect.stringMatching(/^profiles\/loop\.json: .*link/),
    'profiles/nowhere.json: is a link that leads nowhere (remove it or let it point to a file)',
    'profiles/out.json: is a link that leaves the data directory (put a regular file in its place)',
    'profiles/socket.json: is not a regular file (put a regular file in its place)',
    'profiles/zero.json: is a link that leaves the data directory (put a regular file in its place)',
  ]);
  expect(JSON.stringify(problems(state))).not.toContain(dir);
  const again = await look(dir, state);
  expect(again.entries.get('folder.json')).toBe(state.entries.get('folder.json'));
});

test('links to files inside are read, and remembered as links', async () => {
  const dir = makeFolder({ 'profiles/a.json': 'a', 'configs/real.json': 'r' });
  symlinkSync('../configs/real.json', join(dir, 'profiles/link.json'));
  linkSync(join(dir, 'profiles/a.json'), join(dir, 'profiles/hard.json'));
  const state = await look(dir);
  expect(things(state)).toEqual({ 'a.json': 'a', 'hard.json': 'a', 'link.json': 'r' });
  expect([...state.entries].filter(([, { linked }]) => linked).map(([name]) => name)).toEqual(['link.json']);
});

test('a file that is too large is refused with the limit', async () => {
  const [, second] = await twoLooks(
    { 'profiles/a.json': 'x'.repeat(2048), 'profiles/b.json': 'x'.repeat(2049) },
    () => undefined,
  );
  expect(problems(second)).toEqual(['profiles/b.json: is larger than 2 KiB (split it)']);
  expect(things(second)['a.json']).toHaveLength(2048);
});

test('a file that becomes unreadable keeps what is in force, and says why', async () => {
  const dir = makeFolder({ 'profiles/a.json': 'a' });
  const first = await look(dir);
  const slot = first.entries.get('a.json')?.slot;
  if (slot !== undefined) slot.inForce = 'a';
  writeFileSync(join(dir, 'profiles/a.json'), 'b');
  const files = await openDataRoot(dir);
  const deny = (): Promise<never> => Promise.reject(new Failure('unavailable', 'the server may not access it'));
  const denied = await look(dir, first, { files: { ...files, read: deny } });
  expect(problems(denied)).toEqual([
    'profiles/a.json: the server may not access it (let the server’s user read it (chmod, chown))',
  ]);
  expect(denied.entries.get('a.json')?.slot).toMatchObject({ inForce: 'a', changed: 1 });
  expect(things(await look(dir, denied))).toEqual({ 'a.json': 'b' });
});

test('a file that goes between the listing and the reading is gone', async () => {
  const dir = makeFolder({ 'profiles/a.json': 'a' });
  const files = await openDataRoot(dir);
  const gone = (): Promise<never> => Promise.reject(new Failure('not-found', 'profiles/a.json does not exist'));
  expect(things(await look(dir, EMPTY_FOLDER, { files: { ...files, read: gone } }))).toEqual({});
});

test('a folder that is gone takes its files along, one that cannot be read does not', async () => {
  const [first, without] = await twoLooks({ 'profiles/a.json': 'a' }, (dir) => {
    rmSync(join(dir, 'profiles'), { recursive: true });
  });
  expect(things(without)).toEqual({});
  expect(without).toMatchObject({
    changed: true,
    problems: [{ severity: 'warning', message: 'there is no such folder' }],
  });
  const dir = makeFolder();
  const files = await openDataRoot(dir);
  const deny = (): Promise<never> => Promise.reject(new Failure('unavailable', 'the server may not access it'));
  const denied = await look(dir, first, { files: { ...files, list: deny } });
  expect(things(denied)).toEqual({ 'a.json': 'a' });
  expect(denied).toMatchObject({ changed: true, problems: [{ severity: 'error' }] });
  expect((await look(dir, denied, { files: { ...files, list: deny } })).changed).toBe(false);
  expect(await look(dir, denied)).toMatchObject({ changed: true, problems: [] });
});

test('a folder that can be read again is a change, although its files are the same', async () => {
  const dir = makeFolder({ 'profiles/a.json': 'a' });
  const first = await look(dir);
  const files = await openDataRoot(dir);
  const deny = (): Promise<never> => Promise.reject(new Failure('unavailable', 'the server may not access it'));
  const denied = await look(dir, first, { files: { ...files, list: deny } });
  const again = await look(dir, denied);
  expect(again).toMatchObject({ changed: true, problems: [] });
  expect(again.entries.get('a.json')).toBe(first.entries.get('a.json'));
});

test('a bug is not taken for a broken file', async () => {
  const dir = makeFolder({ 'profiles/a.json': 'a' });
  const files = await openDataRoot(dir);
  const bug = (): Promise<never> => Promise.reject(new TypeError('bug'));
  await expect(look(dir, EMPTY_FOLDER, { files: { ...files, read: bug } })).rejects.toThrow('bug');
});

test('one more folder is read, a deeper one is said', async () => {
  const dir = makeFolder({
    'profiles/a.json': 'a',
    'profiles/lab/b.json': 'b',
    'profiles/lab/notes.txt': 'x',
    'profiles/lab/.hidden.json': 'x',
    'profiles/lab/deep/c.json': 'x',
    'profiles/.git/d.json': 'x',
  });
  const state = await look(dir);
  expect(things(state)).toEqual({ 'a.json': 'a', 'lab/b.json': 'b' });
  expect(state.inside).toEqual(['profiles/lab']);
  expect(state.problems.map(({ severity, place }) => `${severity} ${place.file}`)).toEqual([
    'warning profiles/lab/deep',
  ]);
  const again = await look(dir, state);
  expect(again.changed).toBe(false);
  writeFileSync(join(dir, 'profiles/lab/b.json'), 'bb');
  const edited = await look(dir, again);
  expect([edited.changed, things(edited)['lab/b.json']]).toEqual([true, 'bb']);
  rmSync(join(dir, 'profiles/lab'), { recursive: true });
  const gone = await look(dir, edited);
  expect([gone.changed, Object.keys(things(gone)), gone.inside, gone.problems]).toEqual([true, ['a.json'], [], []]);
});
