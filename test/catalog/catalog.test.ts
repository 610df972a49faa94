import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LivingCatalog } from '../../src/catalog/catalog.ts';
import type { Watch } from '../../src/catalog/folder-watch.ts';
import { openDataRoot } from '../../src/files/data-root.ts';
import { addFiles, makeFolder, type FolderFiles } from '../support/folder.ts';
import { catalogOf, facts, lines, listeningLog, until } from './data-folder.ts';

// Longer than any test: what is seen was heard, not found by looking again.
const NEVER = 600_000;
const NO_WATCH: Watch = () => ({ close: () => undefined });

async function living(
  files: FolderFiles,
  options: Parameters<typeof catalogOf>[1] = {},
): Promise<{ dir: string; catalog: LivingCatalog }> {
  const dir = makeFolder(files);
  const catalog = await catalogOf(dir, { pollMs: NEVER, ...options });
  await catalog.start();
  return { dir, catalog };
}

const root =
  (name: string, value: string) =>
  (snapshot: ReturnType<LivingCatalog['current']>): boolean =>
    snapshot.profiles.get(name)?.root === value;

test('before the start there is nothing, after it everything', async () => {
  const dir = makeFolder({ 'profiles/a.json': {}, 'configs/a.yml': '', 'sshkeys/k.pub': 'ssh-rsa A' });
  const catalog = await catalogOf(dir);
  expect(catalog.current().generation).toBe(0);
  await catalog.start();
  const { generation, profiles, documents, keys } = catalog.current();
  expect([generation, profiles.size, documents.size, keys.size]).toEqual([1, 1, 1, 1]);
});

describe('an edit is heard and in force', () => {
  const ways: Readonly<Record<string, (dir: string) => void>> = {
    'written in place': (dir) => {
      addFiles(dir, { 'profiles/a.json': { root: 'v2' } });
    },
    'saved by rename': (dir) => {
      addFiles(dir, { 'profiles/.a.json.tmp': { root: 'v2' } });
      renameSync(join(dir, 'profiles/.a.json.tmp'), join(dir, 'profiles/a.json'));
    },
    'moved aside and written anew, as vim does': (dir) => {
      renameSync(join(dir, 'profiles/a.json'), join(dir, 'profiles/a.json~'));
      addFiles(dir, { 'profiles/a.json': { root: 'v2' } });
      unlinkSync(join(dir, 'profiles/a.json~'));
    },
    'written in pieces': (dir) => {
      writeFileSync(join(dir, 'profiles/a.json'), '{"root"');
      appendFileSync(join(dir, 'profiles/a.json'), ': "v2"');
      appendFileSync(join(dir, 'profiles/a.json'), '}');
    },
    'the whole folder replaced': (dir) => {
      addFiles(dir, { 'new/a.json': { root: 'v2' } });
      renameSync(join(dir, 'profiles'), join(dir, 'old'));
      renameSync(join(dir, 'new'), join(dir, 'profiles'));
    },
    'a link turned to another file': (dir) => {
      addFiles(dir, { 'new/a.json': { root: 'v2' } });
      symlinkSync('../new/a.json', join(dir, 'profiles/.link'));
      renameSync(join(dir, 'profiles/.link'), join(dir, 'profiles/a.json'));
    },
  };

  test.each(Object.entries(ways))('%s', async (_, edit) => {
    const { dir, catalog } = await living({ 'profiles/a.json': { root: 'v1' } });
    edit(dir);
    await until(catalog, root('a', 'v2'));
    expect(catalog.current().problems).toEqual([]);
  });

  test('a folder that appears, goes, and appears again', async () => {
    const { dir, catalog } = await living({});
    rmSync(join(dir, 'profiles'), { recursive: true });
    await until(catalog, ({ problems }) => problems.length === 1);
    addFiles(dir, { 'profiles/a.json': { root: 'v1' } });
    await until(catalog, root('a', 'v1'));
    addFiles(dir, { 'profiles/a.json': { root: 'v2' } });
    const { problems } = await until(catalog, root('a', 'v2'));
    expect(problems).toEqual([]);
  });

  test('a file behind a link that is edited at its own place', async () => {
    const dir = makeFolder({ 'shared/a.json': { root: 'v1' } });
    symlinkSync('../shared/a.json', join(dir, 'profiles/a.json'));
    const catalog = await catalogOf(dir);
    await catalog.start();
    addFiles(dir, { 'shared/a.json': { root: 'v2' } });
    await until(catalog, root('a', 'v2'));
  });

  test('documents and keys as well', async () => {
    const { dir, catalog } = await living({ 'configs/a.yml': 'one', 'sshkeys/k.pub': 'ssh-rsa A' });
    addFiles(dir, { 'configs/a.yml': 'two', 'sshkeys/k.pub': 'ssh-rsa B' });
    const { documents } = await until(catalog, ({ keys }) => keys.get('k')?.text === 'ssh-rsa B');
    expect(documents.get('a.yml')?.bytes.toString()).toBe('two');
    rmSync(join(dir, 'configs/a.yml'));
    await until(catalog, (snapshot) => snapshot.documents.size === 0);
  });

  test('where nothing is heard, looking again finds it', async () => {
    const { dir, catalog } = await living({ 'profiles/a.json': { root: 'v1' } }, { watch: NO_WATCH, pollMs: 20 });
    addFiles(dir, { 'profiles/a.json': { root: 'v2' } });
    await until(catalog, root('a', 'v2'));
    addFiles(dir, { 'profiles/a.json': { root: 'v3' } });
    await until(catalog, root('a', 'v3'));
  });
});

test('a broken edit leaves the last good version in force, shown with its place; mended, it is in force', async () => {
  const { dir, catalog } = await living({ 'profiles/a.json': { root: 'v1' } });
  addFiles(dir, { 'profiles/a.json': '{\n  "root": "v2",\n  "cloud_confg": "a"\n}' });
  const broken = await until(catalog, ({ problems }) => problems.length > 0);
  expect(broken.profiles.get('a')?.root).toBe('v1');
  expect(lines(broken.problems)).toEqual([
    'profiles/a.json:3:3 cloud_confg: unknown key `cloud_confg` (did you mean `cloud_config`?)',
  ]);
  addFiles(dir, { 'profiles/a.json': { root: 'v3' } });
  const mended = await until(catalog, root('a', 'v3'));
  expect(mended.problems).toEqual([]);
});

test('a FIFO, a folder and an unreadable link beside good files hold nobody up', async () => {
  const { dir, catalog } = await living({ 'profiles/a.json': { nodes: [{ name: 'a', mac: '525400000001' }] } });
  execFileSync('mkfifo', [join(dir, 'configs/fifo.yml'), join(dir, 'profiles/fifo.json')]);
  mkdirSync(join(dir, 'profiles/folder.json'));
  symlinkSync('/etc/shadow', join(dir, 'configs/shadow'));
  const snapshot = await until(catalog, ({ problems }) => problems.length === 4);
  expect(snapshot.problems.map(({ place }) => place.file)).toEqual([
    'configs/fifo.yml',
    'configs/shadow',
    'profiles/fifo.json',
    'profiles/folder.json',
  ]);
  expect(snapshot.documents.size).toBe(0);
  expect(snapshot.match(facts({ mac: '525400000001' }))?.profile.name).toBe('a');
});

test('many edits in a row are one look, and the last one counts', async () => {
  const { dir, catalog } = await living({ 'profiles/a.json': { root: 'v1' } });
  for (let i = 0; i <= 100; i += 1) addFiles(dir, { 'profiles/a.json': { root: `edit${i}` } });
  const { generation } = await until(catalog, root('a', 'edit100'));
  expect(generation).toBeLessThan(20);
});

test('an edit while the catalog is reading is not lost', async () => {
  const dir = makeFolder({ 'profiles/a.json': { root: 'v1' } });
  const files = await openDataRoot(dir);
  let edits = 0;
  const catalog = await catalogOf(dir, {
    pollMs: NEVER,
    files: {
      ...files,
      read: async (relative, max) => {
        const content = await files.read(relative, max);
        if (relative === 'profiles/a.json' && edits < 3) {
          edits += 1;
          addFiles(dir, { 'profiles/a.json': { root: `w${edits}` } });
        }
        return content;
      },
    },
  });
  await catalog.start();
  await until(catalog, root('a', 'w3'));
});

test('listeners hear every snapshot after it is in force, until they leave; one that throws harms nobody', async () => {
  const { log, said } = listeningLog();
  const { dir, catalog } = await living({}, { log });
  const heard: string[] = [];
  catalog.onChange(() => {
    throw new TypeError('bug');
  });
  const leave = catalog.onChange((snapshot) =>
    heard.push(`${snapshot.generation}${snapshot === catalog.current() ? '' : '?'}`),
  );
  addFiles(dir, { 'profiles/a.json': {} });
  await catalog.refresh();
  leave();
  addFiles(dir, { 'profiles/b.json': {} });
  expect((await catalog.refresh()).profiles.size).toBe(2);
  expect(heard).toEqual(['2']);
  expect(said).toContainEqual(expect.objectContaining({ said: 'a listener of the catalog failed' }));
});

test('looks do not run at once, and each caller sees what was there when it asked', async () => {
  const { dir, catalog } = await living({}, { watch: NO_WATCH });
  const seen = await Promise.all(
    Array.from({ length: 5 }, async (_, i) => {
      addFiles(dir, { [`profiles/p${i}.json`]: {} });
      return (await catalog.refresh()).profiles.has(`p${i}`);
    }),
  );
  expect(seen).toEqual([true, true, true, true, true]);
});

test('a look that fails is logged, and the next one works', async () => {
  const dir = makeFolder({ 'profiles/a.json': { root: 'v1' } });
  const files = await openDataRoot(dir);
  const { log, said } = listeningLog();
  let broken = false;
  const catalog = await catalogOf(dir, {
    log,
    pollMs: 20,
    watch: NO_WATCH,
    files: { ...files, list: (folder) => (broken ? Promise.reject(new TypeError('bug')) : files.list(folder)) },
  });
  await catalog.start();
  broken = true;
  await expect(catalog.refresh()).rejects.toThrow('bug');
  await expect
    .poll(() => said.filter((line) => line.said === 'the catalog could not be read again').length)
    .toBeGreaterThan(0);
  broken = false;
  addFiles(dir, { 'profiles/a.json': { root: 'v2' } });
  await until(catalog, root('a', 'v2'));
});

test('the stop lets go of every watcher', async () => {
  let open = 0;
  const counting: Watch = () => {
    open += 1;
    return {
      close: () => {
        open -= 1;
      },
    };
  };
  const { catalog } = await living({}, { watch: counting });
  expect(open).toBe(4);
  await catalog.stop(AbortSignal.abort());
  expect(open).toBe(0);
});

test('after the stop nothing is heard; stop may be called twice and before the start', async () => {
  const dir = makeFolder();
  const never = await catalogOf(dir);
  await never.stop(AbortSignal.abort());
  const catalog = await catalogOf(dir, { pollMs: 10 });
  await catalog.start();
  await catalog.stop(AbortSignal.abort());
  await catalog.stop(AbortSignal.abort());
  const { generation } = catalog.current();
  addFiles(dir, { 'profiles/a.json': {} });
  // A second catalog hears the edit: by then the first one would have as well.
  const witness = await catalogOf(dir, { pollMs: 10 });
  await witness.start();
  addFiles(dir, { 'profiles/b.json': {} });
  await until(witness, ({ profiles }) => profiles.has('b'));
  expect(catalog.current().generation).toBe(generation);
});
