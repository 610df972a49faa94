import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LivingCatalog } from '../../src/catalog/catalog.ts';
import type { Inspector } from '../../src/catalog/snapshot.ts';
import { addFiles, makeFolder, type FolderFiles } from '../support/folder.ts';
import { catalogOf, facts, lines } from './data-folder.ts';

const A = { nodes: [{ name: 'a', mac: '52:54:00:00:00:01' }] };

async function setup(files: FolderFiles, inspector?: Inspector): Promise<LivingCatalog & { readonly dir: string }> {
  const dir = makeFolder(files);
  const catalog = await catalogOf(dir, inspector === undefined ? {} : { inspector });
  await catalog.refresh();
  return { ...catalog, dir };
}

function attempt(catalog: LivingCatalog, files: Readonly<Record<string, object | string>>): readonly string[] {
  const drafts = Object.entries(files).map(([name, of]) => {
    const text = typeof of === 'string' ? of : JSON.stringify(of, undefined, 2);
    return [`profiles/${name}.json`, Buffer.from(text)] as const;
  });
  return lines(catalog.attempt(new Map(drafts)).problems);
}

describe('what would be wrong with a profile', () => {
  test('nothing; and nothing comes into force by asking', async () => {
    const catalog = await setup({ 'profiles/a.json': A });
    const before = catalog.current();
    expect(attempt(catalog, { a: { ...A, root: 'x' }, b: { nodes: [{ name: 'b', serial: '7' }] } })).toEqual([]);
    expect(await catalog.refresh()).toBe(before);
    expect(JSON.parse(readFileSync(join(catalog.dir, 'profiles/a.json'), 'utf8'))).toEqual(A);
  });

  test('its text, its keys and its nodes, each with its place', async () => {
    const catalog = await setup({ 'profiles/a.json': A });
    expect(attempt(catalog, { a: '{\n  "root": "x",\n}' })).toEqual([
      expect.stringMatching(/^profiles\/a\.json:2:14: is not JSON/),
    ]);
    expect(attempt(catalog, { a: { chanel: 'x' } })).toEqual([
      'profiles/a.json:2:3 chanel: unknown key `chanel` (did you mean `channel`?)',
    ]);
    expect(attempt(catalog, { a: { nodes: [{ name: 'n' }] } })).toEqual([
      expect.stringContaining('nodes[0]: the node n has neither mac, uuid nor serial'),
    ]);
  });

  test('an address that a machine of another profile has: an error on the disk, which keeps no edit from being saved', async () => {
    const node = (name: string, mac: string) => ({ nodes: [{ name, mac, ip: '10.0.0.9' }] });
    const b = node('b', '52:54:00:00:00:02');
    const catalog = await setup({ 'profiles/a.json': node('a', '52:54:00:00:00:01'), 'profiles/b.json': b });
    expect(catalog.current().problems).toMatchObject([{ severity: 'error', place: { file: 'profiles/b.json' } }]);
    const { problems } = catalog.attempt(new Map([['profiles/b.json', Buffer.from(JSON.stringify(b))]]));
    expect(problems).toMatchObject([
      { severity: 'warning', message: 'a machine in profiles/a.json:6 has the ip 10.0.0.9 too' },
    ]);
  });

  test('a machine that another profile has, also one that is new itself', async () => {
    const catalog = await setup({ 'profiles/b.json': A });
    const claimed = 'mac 52:54:00:00:00:01 is claimed by profiles/b.json:5 too';
    // Also where its name comes first.
    expect(attempt(catalog, { a: A })).toEqual([expect.stringContaining(claimed)]);
    expect(attempt(catalog, { c: A })).toEqual([expect.stringContaining(claimed)]);
    expect(attempt(catalog, { a: { default: true }, b: { ...A, default: true } })).toHaveLength(1);
  });

  test('a file that has a machine keeps it against one that only wants it', async () => {
    const catalog = await setup({ 'profiles/a.json': A });
    addFiles(catalog.dir, { 'profiles/b.json': A });
    expect((await catalog.refresh()).problems).toHaveLength(1);
    expect(attempt(catalog, { a: { ...A, root: 'x' } })).toEqual([]);
  });

  test('a machine that goes from one file to the other at once', async () => {
    const catalog = await setup({ 'profiles/b.json': A });
    expect(attempt(catalog, { a: A, b: { nodes: [] } })).toEqual([]);
  });

  test('a document that is not there, and one that is wrong', async () => {
    const wrong = { severity: 'error', message: 'is wrong', place: { file: 'configs/bad.yml' } } as const;
    const inspector: Inspector = {
      document: () => [],
      profile: ({ cloud_config }) => (cloud_config === 'bad' ? [wrong] : []),
    };
    const files = { 'profiles/a.json': A, 'profiles/b.json': { cloud_config: 'bad' }, 'configs/bad.yml': 'x' };
    const catalog = await setup(files, inspector);
    expect(attempt(catalog, { a: { ...A, cloud_config: 'nix' } })).toEqual([
      'profiles/a.json:8:19 cloud_config: there is no document configs/nix.yml (create configs/nix.yml or configs/nix.yml.hbs)',
    ]);
    // Known already, because of b; it is a reason all the same.
    expect(lines(catalog.current().problems)).toEqual(['configs/bad.yml: is wrong']);
    expect(attempt(catalog, { a: { ...A, cloud_config: 'bad' } })).toEqual(['configs/bad.yml: is wrong']);
    expect(attempt(catalog, { a: A })).toEqual([]);
  });

  test('what it would break elsewhere', async () => {
    const inspector: Inspector = {
      document: () => [],
      profile: (profile) =>
        profile.name === 'a' && profile.root === 'x'
          ? [{ severity: 'error', message: 'b is hurt', place: { file: 'profiles/b.json' } }]
          : [],
    };
    const catalog = await setup({ 'profiles/a.json': A, 'profiles/b.json': {} }, inspector);
    expect(attempt(catalog, { a: { ...A, root: 'x' } })).toEqual(['profiles/b.json: b is hurt']);
  });

  test('a name that no profile can have is an error here', async () => {
    const catalog = await setup({});
    const problems = catalog.attempt(new Map([['profiles/..a.json', Buffer.from('{}')]])).problems;
    expect(problems.map(({ severity }) => severity)).toContain('error');
  });

  test('on top of what was read last: a broken file on disk is mended by a good one', async () => {
    const catalog = await setup({ 'profiles/a.json': A });
    addFiles(catalog.dir, { 'profiles/a.json': '{' });
    expect((await catalog.refresh()).match(facts({ mac: '52:54:00:00:00:01' }))?.profile.name).toBe('a');
    expect(attempt(catalog, { a: { ...A, root: 'y' } })).toEqual([]);
  });
});
