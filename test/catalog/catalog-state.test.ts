import { renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CatalogState } from '../../src/catalog/catalog-state.ts';
import type { Inspector } from '../../src/catalog/snapshot.ts';
import { openDataRoot } from '../../src/files/data-root.ts';
import { openSecrets } from '../../src/files/secret-file.ts';
import { addFiles, makeFolder, type FolderFiles } from '../support/folder.ts';
import { CONTENT, facts, lines, listeningLog } from './data-folder.ts';

async function stateOf(
  folder: FolderFiles,
  inspector: Inspector = CONTENT,
): Promise<{ dir: string; state: CatalogState; said: ReturnType<typeof listeningLog>['said'] }> {
  const dir = makeFolder(folder);
  const { log, said } = listeningLog();
  const files = await openDataRoot(dir);
  const secrets = openSecrets(files, undefined);
  const state = new CatalogState({ files, inspector, secrets, log, now: Date.now });
  return { dir, state, said };
}

test('the generation grows with what is in force and with the problems, and with nothing else', async () => {
  const { dir, state } = await stateOf({ 'profiles/a.json': { root: 'v1' }, 'configs/a.yml': 'one' });
  const edit = async (files: FolderFiles): Promise<number> => {
    addFiles(dir, files);
    await state.look();
    return state.snapshot.generation;
  };
  expect(state.snapshot.generation).toBe(0);
  expect(await edit({})).toBe(1);
  expect(await edit({}), 'nothing').toBe(1);
  expect(await edit({ 'profiles/a.json': { root: 'v1' } }), 'the same again').toBe(1);
  expect(await edit({ 'profiles/notes.txt': 'x' }), 'no profile').toBe(1);
  expect(await edit({ 'profiles/a.json': { root: 'v2' } }), 'an edit').toBe(2);
  expect(await edit({ 'configs/a.yml': 'two' }), 'a document').toBe(3);
  expect(await edit({ 'profiles/a.json': '{' }), 'a new problem').toBe(4);
  expect(await edit({ 'profiles/a.json': '{ ' }), 'the same problem elsewhere').toBe(5);
  expect(await edit({ 'profiles/a.json': { root: 'v2' } }), 'mended').toBe(6);
  rmSync(join(dir, 'profiles/a.json'));
  expect(await edit({}), 'deleted').toBe(7);
});

test('an older snapshot stays as it was', async () => {
  const { dir, state } = await stateOf({
    'profiles/a.json': { root: 'v1', nodes: [{ name: 'a', mac: '525400000001' }] },
  });
  await state.look();
  const old = state.snapshot;
  addFiles(dir, { 'profiles/a.json': { root: 'v2' } });
  await state.look();
  expect(old.match(facts({ mac: '525400000001' }))?.profile.root).toBe('v1');
  expect(state.snapshot.match(facts({ mac: '525400000001' }))).toBeUndefined();
});

test('groups of matchbox beside profiles/ are named, and an edit of them changes nothing', async () => {
  const { dir, state } = await stateOf({ 'groups/readme.txt': 'ours' });
  await state.look();
  expect(lines(state.snapshot.problems)).toEqual([]);
  addFiles(dir, { 'groups/default.json': { profile: 'w' } });
  await state.look();
  expect(lines(state.snapshot.problems)).toEqual([
    expect.stringMatching(/^groups: is a folder of matchbox, .*pilotlight import matchbox DIR --to ANOTHER-DIR/),
  ]);
  const { generation } = state.snapshot;
  addFiles(dir, { 'groups/more.json': { profile: 'w' } });
  await state.look();
  expect(state.snapshot.generation).toBe(generation);
});

test('problems are in order, once each, and logged when they come and when they go', async () => {
  const twice = { severity: 'error', message: 'bad', place: { file: 'configs/t.hbs', line: 2 } } as const;
  const { dir, state, said } = await stateOf(
    {
      'profiles/b.json': { generic: 't' },
      'profiles/a.json': '{\n"x": 1, "root": 3}',
      'profiles/c.json': { generic: 't' },
      'configs/t.hbs': '',
    },
    { ...CONTENT, profile: () => [twice] },
  );
  await state.look();
  expect(lines(state.snapshot.problems)).toEqual([
    'configs/t.hbs:2: bad',
    expect.stringMatching(/^profiles\/a\.json:2:1 x: unknown key/),
    'profiles/a.json:2:17 root: must be a string, not a number (write "3")',
  ]);
  expect(said.map(({ said: message, place }) => [message, place])).toEqual([
    ['a file has a problem', 'configs/t.hbs:2'],
    ['a file has a problem', 'profiles/a.json:2:1 x'],
    ['a file has a problem', 'profiles/a.json:2:17 root'],
  ]);
  said.length = 0;
  addFiles(dir, { 'profiles/a.json': '{\n"x": 1}' });
  await state.look();
  expect(said.map(({ said: message, place }) => [message, place])).toEqual([
    ['a problem of a file is over', 'profiles/a.json:2:17 root'],
  ]);
});

test('folders that are missing are warnings, and no obstacle', async () => {
  const { dir, state } = await stateOf({ 'profiles/a.json': {} });
  rmSync(join(dir, 'configs'), { recursive: true });
  renameSync(join(dir, 'sshkeys'), join(dir, 'keys'));
  await state.look();
  expect([...state.snapshot.profiles.keys()]).toEqual(['a']);
  expect(lines(state.snapshot.problems)).toEqual([
    'configs: there is no such folder (create configs/)',
    'sshkeys: there is no such folder (create sshkeys/)',
  ]);
});

test('an edit that keeps size and time is seen, because what is new is not trusted', async () => {
  const { dir, state } = await stateOf({ 'configs/a.yml': 'one' });
  const file = join(dir, 'configs/a.yml');
  utimesSync(file, 1_000, 1_000);
  await state.look();
  writeFileSync(file, 'two');
  utimesSync(file, 1_000, 1_000);
  await state.look();
  expect(state.snapshot.documents.get('a.yml')?.bytes.toString()).toBe('two');
});

test('documents in force share nothing with a file that is being written', async () => {
  const { dir, state } = await stateOf({ 'configs/a.yml': 'one' });
  await state.look();
  const { bytes } = state.snapshot.documents.get('a.yml') ?? {};
  writeFileSync(join(dir, 'configs/a.yml'), 'TWO');
  expect(bytes?.toString()).toBe('one');
});

test('memory stays flat over many edits', async () => {
  const { dir, state } = await stateOf({ 'configs/big.yml': 'x' });
  const pad = 'x'.repeat(1_000_000);
  const sizes: number[] = [];
  for (let round = 0; round < 60; round += 1) {
    addFiles(dir, {
      'configs/big.yml': `${round}${pad}`,
      'profiles/a.json': round % 2 === 0 ? { root: `v${round}` } : `{"root": ${round},`,
    });
    await state.look();
    // Buffers live outside the heap; the collector is not forced, so the limit leaves room for what it has not taken.
    sizes.push(process.memoryUsage().arrayBuffers);
  }
  expect(state.snapshot.generation).toBe(60);
  // 60 versions of 1 MB each would be 60 MB more than that of the first.
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(40_000_000);
});

test(
  '10,000 nodes with an address and variables are one profile; over 16 MiB it is told',
  { timeout: 60_000 },
  async () => {
    const nodes = Array.from({ length: 10_000 }, (_, at) => ({
      name: `node-${at}`,
      mac: `52:54:00:00:${(at >> 8).toString(16).padStart(2, '0')}:${(at & 255).toString(16).padStart(2, '0')}`,
      ip: `10.0.${at >> 8}.${at & 255}`,
      vars: { rack: at % 40, role: 'worker', note: 'x'.repeat(20) },
    }));
    const text = JSON.stringify({ root: 'a', nodes });
    expect(text.length).toBeGreaterThan(2 ** 20);
    const { dir, state } = await stateOf({ 'profiles/a.json': text });
    await state.look();
    expect([state.snapshot.profiles.get('a')?.nodes.length, lines(state.snapshot.problems)]).toEqual([10_000, []]);
    addFiles(dir, { 'profiles/b.json': ' '.repeat(2 ** 24 + 1) });
    await state.look();
    expect(lines(state.snapshot.problems).join()).toContain('profiles/b.json: is larger than 16 MiB');
  },
);

test('a machine whose edit was refused for what it makes of a document is told so, by both files', async () => {
  const profile = (...nodes: readonly string[]): string =>
    JSON.stringify({ nodes: nodes.map((mac, i) => ({ name: `n${i}`, mac })) });
  const inspector: Inspector = {
    document: () => [],
    profile: ({ nodes }) =>
      nodes.length > 1
        ? [{ severity: 'error', message: 'no ip for n1', place: { file: 'configs/a.hbs', line: 4 } }]
        : [],
  };
  const { dir, state } = await stateOf({ 'profiles/a.json': profile('52:54:00:00:00:01') }, inspector);
  await state.look();
  addFiles(dir, { 'profiles/a.json': profile('52:54:00:00:00:01', '52:54:00:00:00:02') });
  await state.look();
  expect(state.snapshot.match(facts({ mac: '525400000001' }))?.node?.name).toBe('n0');
  expect(state.snapshot.match(facts({ mac: '525400000002' }))).toBeUndefined();
  expect(state.snapshot.held(facts({ mac: '525400000002' }))).toMatchObject({
    message: 'its last edit is not in force: configs/a.hbs:4: no ip for n1',
    place: { file: 'profiles/a.json' },
  });
});
