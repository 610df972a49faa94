import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type DataRoot, openDataRoot } from '../../src/files/data-root.ts';
import { editFile } from '../../src/files/edit-file.ts';
import { CatalogStore } from '../../src/fleet/catalog-store.ts';
import { openGateway } from '../../src/fleet/gateway.ts';
import { openSharedFolder, type SharedFolder } from '../../src/fleet/shared-folder.ts';
import { SILENT } from '../../src/model/service.ts';
import { type EtcdCluster, startEtcdCluster } from '../support/etcd-cluster.ts';
import { fakeEtcd as fake } from '../support/fake-etcd.ts';
import { addFiles, makeFolder } from '../support/folder.ts';
import { needs } from '../support/needs.ts';

interface Site {
  readonly dir: string;
  readonly files: DataRoot;
  readonly folder: SharedFolder;
  readonly store: CatalogStore;
  /** What lies there: `a.json=text`. */
  read(path: string): string | undefined;
  write(path: string, text: string): void;
  /** As an operation of this server does it. */
  edit(path: string, change: (text: string) => string): Promise<'written' | 'same' | 'busy'>;
  problems(): readonly string[];
}

let prefixes = 0;

async function site(server: string, endpoints: readonly string[], content: Record<string, string> = {}): Promise<Site> {
  const dir = makeFolder({});
  addFiles(dir, content);
  const files = await openDataRoot(dir);
  const kv = openGateway({ endpoints, prefix: `/pilotlight/test-${prefixes}/`, log: SILENT, deadlineMs: 10_000 });
  const store = new CatalogStore(kv);
  const folder = openSharedFolder({
    ...{ files, kv, store, server, log: SILENT, now: Date.now },
    onChange: () => () => undefined,
    refresh: () => Promise.resolve(),
    pollMs: 1_000_000,
  });
  await folder.start();
  onTestFinished(async () => {
    await folder.stop(AbortSignal.abort());
    kv.close();
  });
  const at = (path: string): string => join(dir, path);
  return {
    ...{ dir, files, folder, store },
    read: (path) => (existsSync(at(path)) ? readFileSync(at(path), 'utf8') : undefined),
    write(path, text) {
      addFiles(dir, {});
      writeFileSync(at(path), text);
    },
    edit: async (path, change) =>
      await editFile(files, path, {
        maxBytes: 1_000_000,
        change: (bytes) => Promise.resolve(Buffer.from(change(bytes?.toString() ?? ''))),
      }),
    problems: () => folder.diagnostics().map(({ place, message }) => `${place.file} ${message}`),
  };
}

/** With an engine: `fresh` gives the addresses of one that holds nothing of this test yet. */
function catalogContract(name: string, fresh: () => Promise<readonly string[]>): void {
  describe(`the catalog of a fleet: ${name}`, () => {
    it('what is saved at one server is written at the others, and the other way round', async () => {
      const endpoints = await fresh();
      const a = await site('a', endpoints, {
        'profiles/w.json': '{"v":1}',
        'configs/w.yml': 'x',
        'configs/.w.swp': 'no',
      });
      await a.folder.settle();
      const b = await site('b', endpoints);
      await b.folder.settle();
      expect([b.read('profiles/w.json'), b.read('configs/w.yml'), b.read('configs/.w.swp')]).toEqual([
        '{"v":1}',
        'x',
        undefined,
      ]);
      b.write('profiles/w.json', '{"v":2}');
      rmSync(join(b.dir, 'configs/w.yml'));
      await b.folder.settle();
      await vi.waitFor(() => {
        expect([a.read('profiles/w.json'), a.read('configs/w.yml')]).toEqual(['{"v":2}', undefined]);
      });
      const log = await a.store.log(10);
      expect(log.map(({ number, server, why }) => [number, server, why])).toEqual([
        [2, 'b', 'removed configs/w.yml and 1 more'],
        [1, 'a', 'added configs/w.yml and 1 more'],
      ]);
      expect([a.problems(), b.problems()]).toEqual([[], []]);
    });

    it('twenty edits at each of two servers, at once, in one file: all are in it, at both', async () => {
      const endpoints = await fresh();
      const a = await site('a', endpoints, { 'profiles/w.json': '' });
      await a.folder.settle();
      const b = await site('b', endpoints);
      await b.folder.settle();
      const added: string[] = [];
      const one = async (at: Site, line: string): Promise<void> => {
        const done = await at.edit('profiles/w.json', (text) => `${text}${line}\n`);
        if (done === 'written') added.push(line);
      };
      const all = Array.from({ length: 20 }, (_, i) => [one(a, `a${i}`), one(b, `b${i}`)]).flat();
      const ends = await Promise.allSettled(all);
      // One that always came second is told so.
      for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'conflict' });
      expect(added.length).toBeGreaterThan(20);
      await Promise.all([a.folder.settle(), b.folder.settle()]);
      await vi.waitFor(() => {
        const text = a.read('profiles/w.json') ?? '';
        expect(
          text
            .split('\n')
            .filter((line) => line !== '')
            .toSorted(),
        ).toEqual(added.toSorted());
        expect(b.read('profiles/w.json')).toBe(text);
      });
      expect([...a.problems(), ...b.problems()]).toEqual([]);
    });

    it('a file that people changed at two servers at once: one is in force, the other is kept and told', async () => {
      const endpoints = await fresh();
      const a = await site('a', endpoints, { 'configs/w.yml': 'first' });
      await a.folder.settle();
      const b = await site('b', endpoints);
      await b.folder.settle();
      a.write('configs/w.yml', 'of a');
      b.write('configs/w.yml', 'of b');
      await a.folder.settle();
      await b.folder.settle();
      const [winner, loser, text] = a.problems().length === 0 ? [a, b, 'of b'] : [b, a, 'of a'];
      await vi.waitFor(() => {
        expect(loser.read('configs/w.yml')).toBe(winner.read('configs/w.yml'));
      });
      const [kept = ''] = readdirSync(join(loser.dir, 'state/conflicts'));
      expect([loser.read(`state/conflicts/${kept}`), loser.read('configs/w.yml') === text]).toEqual([text, false]);
      const [problem] = loser.folder.diagnostics();
      expect(problem?.place).toEqual({ file: 'configs/w.yml' });
      expect(problem?.remedy).toContain(`state/conflicts/${kept}`);
      rmSync(join(loser.dir, 'state/conflicts', kept));
      await loser.folder.settle();
      expect([...a.problems(), ...b.problems()]).toEqual([]);
    });

    it('a server that was away takes what came meanwhile, and gives what was saved there meanwhile', async () => {
      const endpoints = await fresh();
      const a = await site('a', endpoints, { 'configs/a': '1', 'configs/b': '1', 'profiles/p.json': '{}' });
      await a.folder.settle();
      const b = await site('b', endpoints);
      await b.folder.settle();
      await b.folder.stop(AbortSignal.abort());
      b.write('configs/b', '2');
      await a.edit('configs/a', () => '2');
      await b.folder.start();
      await vi.waitFor(() => {
        expect([a.read('configs/a'), a.read('configs/b')]).toEqual(['2', '2']);
        expect([b.read('configs/a'), b.read('configs/b')]).toEqual(['2', '2']);
      });
      expect([...a.problems(), ...b.problems()]).toEqual([]);
    });

    it('a folder that is emptied by accident is filled again, and nobody else loses it', async () => {
      const endpoints = await fresh();
      const a = await site('a', endpoints, { 'profiles/a.json': '1', 'profiles/b.json': '2', 'configs/c': '3' });
      await a.folder.settle();
      rmSync(join(a.dir, 'profiles'), { recursive: true });
      await a.folder.settle();
      expect([a.read('profiles/a.json'), a.read('profiles/b.json')]).toEqual(['1', '2']);
    });

    it('a file of megabytes, and hundreds of files, come whole', async () => {
      const endpoints = await fresh();
      const big = 'x'.repeat(1_300_000);
      const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`configs/c${i}`, `text ${i}`]));
      const a = await site('a', endpoints, { 'profiles/big.json': big, ...many });
      await a.folder.settle();
      const b = await site('b', endpoints);
      await b.folder.settle();
      expect(b.read('profiles/big.json') === big).toBe(true);
      expect(readdirSync(join(b.dir, 'configs'))).toHaveLength(300);
      expect((await b.store.version(1)).changed).toHaveLength(20);
    });
  });
}

catalogContract('the fake gateway', async () => {
  const etcd = await fake();
  return [etcd.url];
});

needs({ commands: ['etcd'] }).describe('three real etcd', () => {
  let cluster: EtcdCluster;
  beforeAll(async () => {
    cluster = await startEtcdCluster();
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });
  catalogContract('by their gateway', () => {
    prefixes += 1;
    return Promise.resolve(cluster.endpoints);
  });
});

describe('an engine that is not heard', () => {
  it('an edit is refused with the reason and the file stays; a hand may save, and is heard when the engine is', async () => {
    const etcd = await fake();
    const a = await site('a', [etcd.url], { 'configs/w': '1' });
    await a.folder.settle();
    etcd.fault = () => 'cut before';
    etcd.dropWatches();
    await expect(a.edit('configs/w', () => '2')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('the engine of the fleet is not heard') as unknown,
    });
    expect(a.read('configs/w')).toBe('1');
    a.write('configs/w', '3');
    await expect(a.folder.settle()).rejects.toMatchObject({ code: 'unavailable' });
    etcd.fault = () => 'pass';
    await vi.waitFor(async () => {
      expect((await a.store.log(1))[0]?.number).toBe(2);
    });
    expect(a.problems()).toEqual([]);
  });

  it('a commit that is cut after it counted is one version, whoever asks', async () => {
    const etcd = await fake();
    const a = await site('a', [etcd.url], { 'configs/w': '1' });
    await a.folder.settle();
    let cut = false;
    etcd.fault = (path, body) => {
      const isHead =
        path === 'kv/txn' && JSON.stringify(body).includes(Buffer.from('catalog/head').toString('base64').slice(4, 12));
      if (!isHead || cut) return 'pass';
      cut = true;
      return 'cut after';
    };
    expect(await a.edit('configs/w', (text) => `${text}2`)).toBe('written');
    await a.folder.settle();
    expect([a.read('configs/w'), (await a.store.log(9)).map(({ number }) => number)]).toEqual(['12', [2, 1]]);
  });

  it('a server that dies between the commit and its disk finds the version there again', async () => {
    const etcd = await fake();
    const a = await site('a', [etcd.url], { 'configs/w': '1' });
    await a.folder.settle();
    // What comes behind the commit never happens.
    a.files.beforeWrite.add(() => Promise.reject(new Error('killed')));
    await expect(a.edit('configs/w', () => '2')).rejects.toThrow('killed');
    await vi.waitFor(() => {
      expect(a.read('configs/w')).toBe('2');
    });
    expect((await a.store.log(9)).map(({ number }) => number)).toEqual([2, 1]);
  });
});
