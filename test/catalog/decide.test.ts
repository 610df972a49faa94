import { describe, expect, test } from 'vitest';
import { decide, type Decision } from '../../src/catalog/decide.ts';
import { createInspection } from '../../src/catalog/inspection.ts';
import { type Reading, readKey, type Slot } from '../../src/catalog/read-document.ts';
import { type ReadProfile } from '../../src/catalog/read-profile.ts';
import type { Inspector, SourceDocument, SshKey } from '../../src/catalog/snapshot.ts';
import { SILENT } from '../../src/model/service.ts';
import type { FileDiagnostic } from '../../src/model/failure.ts';
import { CONTENT, document, lines, read } from './data-folder.ts';

/** Three folders that are edited in memory; `decide` runs as the catalog runs it. */
class Folders {
  readonly #inspection;
  readonly #slots = {
    profiles: new Map<string, Slot<ReadProfile>>(),
    documents: new Map<string, Slot<SourceDocument>>(),
    keys: new Map<string, Slot<SshKey>>(),
  };
  #change = 0;

  constructor(inspector: Partial<Inspector> = {}) {
    this.#inspection = createInspection({ ...CONTENT, ...inspector }, SILENT);
  }

  /** All edits of one look; undefined deletes. */
  save(files: Readonly<Record<string, object | string | undefined>>): Decision {
    this.#change += 1;
    for (const [file, content] of Object.entries(files)) {
      const text = typeof content === 'string' ? content : JSON.stringify(content ?? {}, null, 2);
      const { profiles, documents, keys } = this.#slots;
      if (content === undefined) [profiles, documents, keys].forEach((slots) => slots.delete(file));
      else if (file.startsWith('profiles/')) put(profiles, file, read(text, file), this.#change);
      else if (file.startsWith('sshkeys/')) put(keys, file, readKey(file, Buffer.from(text)), this.#change);
      else put(documents, file, { thing: document(file.slice(8), text), problems: [] }, this.#change);
    }
    const slots = {
      profiles: [...this.#slots.profiles.values()],
      documents: [...this.#slots.documents.values()],
      keys: [...this.#slots.keys.values()],
      secrets: new Map(),
    };
    const decision = decide(slots, this.#inspection);
    for (const slot of slots.profiles) slot.inForce = decision.profiles.get(slot);
    for (const slot of slots.documents) slot.inForce = decision.documents.get(slot);
    for (const slot of slots.keys) slot.inForce = decision.keys.get(slot);
    return decision;
  }
}

function put<T>(slots: Map<string, Slot<T>>, file: string, latest: Reading<T>, changed: number): void {
  slots.set(file, { file, changed, latest, inForce: slots.get(file)?.inForce });
}

/** Which version is in force: told apart by `root`. */
function roots({ profiles }: Decision): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries([...profiles.values()].map(({ profile }) => [profile.name, profile.root]));
}

function texts({ documents }: Decision): Readonly<Record<string, string>> {
  return Object.fromEntries([...documents.values()].map(({ fileName, bytes }) => [fileName, bytes.toString()]));
}

const node = (n: number): object => ({ name: `n${n}`, mac: `52:54:00:00:00:0${n}` });
const profile = (root: string, ...nodes: readonly number[]): object => ({ root, nodes: nodes.map(node) });

describe('a file that is broken by itself', () => {
  test('keeps its last good version in force, with its problem listed', () => {
    const folders = new Folders();
    folders.save({ 'profiles/a.json': profile('v1', 1), 'profiles/b.json': profile('v1', 2) });
    const broken = folders.save({ 'profiles/a.json': '{"root": "v2",}' });
    expect(roots(broken)).toEqual({ a: 'v1', b: 'v1' });
    expect(lines(broken.problems)[0]).toContain('profiles/a.json:1:14: is not JSON');
    const mended = folders.save({ 'profiles/a.json': profile('v3', 1) });
    expect(roots(mended)).toEqual({ a: 'v3', b: 'v1' });
    expect(mended.problems).toEqual([]);
  });

  test('is absent when it never was good, and gone when it is deleted', () => {
    const folders = new Folders();
    expect(roots(folders.save({ 'profiles/a.json': '[' }))).toEqual({});
    expect(roots(folders.save({ 'profiles/a.json': profile('v1') }))).toEqual({ a: 'v1' });
    expect(roots(folders.save({ 'profiles/a.json': undefined }))).toEqual({});
  });

  test('its old warnings are not repeated', () => {
    const folders = new Folders();
    expect(folders.save({ 'profiles/a.json': { sshkey: 'x' } }).problems).toHaveLength(1);
    expect(lines(folders.save({ 'profiles/a.json': '' }).problems)).toEqual([
      'profiles/a.json:1:1: is empty (write a JSON object such as {} or delete the file)',
    ]);
  });
});

describe('two files that claim one machine', () => {
  test('at the start the later name loses', () => {
    const decision = new Folders().save({ 'profiles/b.json': profile('b', 1, 2), 'profiles/a.json': profile('a', 1) });
    expect(roots(decision)).toEqual({ a: 'a' });
    expect(lines(decision.problems)).toEqual([
      'profiles/b.json:6:14 nodes[0].mac: mac 52:54:00:00:00:01 is claimed by profiles/a.json:6 too (leave the machine in one of them)',
    ]);
  });

  test('later the file that claims it anew loses, and wins when the other lets go', () => {
    const folders = new Folders();
    folders.save({ 'profiles/a.json': profile('a1', 1), 'profiles/b.json': profile('b1', 2) });
    const clash = folders.save({ 'profiles/a.json': profile('a2', 1, 2) });
    expect(roots(clash)).toEqual({ a: 'a1', b: 'b1' });
    expect(lines(clash.problems)[0]).toMatch(
      /^profiles\/a\.json:\d+:\d+ nodes\[1\]\.mac: mac 52:54:00:00:00:02 is claimed by profiles\/b\.json:6 too/,
    );
    const harmless = folders.save({ 'profiles/b.json': profile('b2', 2) });
    expect(roots(harmless), 'an edit of the other is not held up').toEqual({ a: 'a1', b: 'b2' });
    const free = folders.save({ 'profiles/b.json': profile('b3') });
    expect(roots(free)).toEqual({ a: 'a2', b: 'b3' });
    expect(free.problems).toEqual([]);
  });

  test('machines may change places in one save', () => {
    const folders = new Folders();
    folders.save({ 'profiles/a.json': profile('a1', 1), 'profiles/b.json': profile('b1', 2) });
    const swapped = folders.save({ 'profiles/a.json': profile('a2', 2), 'profiles/b.json': profile('b2', 1) });
    expect(roots(swapped)).toEqual({ a: 'a2', b: 'b2' });
    expect(swapped.problems).toEqual([]);
  });

  test('a half of a swap that is broken holds back the other half', () => {
    const folders = new Folders();
    folders.save({ 'profiles/a.json': profile('a1', 1), 'profiles/b.json': profile('b1', 2) });
    const half = folders.save({ 'profiles/a.json': profile('a2', 2), 'profiles/b.json': '{' });
    expect(roots(half)).toEqual({ a: 'a1', b: 'b1' });
    expect(half.problems.map(({ place }) => place.file).sort()).toEqual(['profiles/a.json', 'profiles/b.json']);
    expect(roots(folders.save({ 'profiles/b.json': profile('b2', 1) }))).toEqual({ a: 'a2', b: 'b2' });
  });

  test('a file that falls back takes along what relied on its new version', () => {
    const folders = new Folders();
    folders.save({
      'profiles/a.json': profile('a1', 1),
      'profiles/b.json': profile('b1', 2),
      'profiles/c.json': profile('c1', 3),
    });
    // b takes 1 from a, a takes 3 from c, but c keeps it: a falls back to 1, so b must as well.
    const chain = folders.save({ 'profiles/a.json': profile('a2', 3), 'profiles/b.json': profile('b2', 1) });
    expect(roots(chain)).toEqual({ a: 'a1', b: 'b1', c: 'c1' });
  });

  test('two defaults are a clash that names both', () => {
    const folders = new Folders();
    folders.save({ 'profiles/a.json': { default: true } });
    const clash = folders.save({ 'profiles/0.json': { default: true } });
    expect(roots(clash)).toEqual({ a: undefined });
    expect(lines(clash.problems)).toEqual([
      'profiles/0.json:2:14 default: profiles/a.json:2 is the default profile already (leave "default": true in one of them)',
    ]);
  });
});

describe('a document and a template of the same name', () => {
  test('at the start the later name loses; later the one that came last', () => {
    const both = new Folders().save({ 'configs/a.yml.hbs': 'T', 'configs/a.yml': 'D' });
    expect(texts(both)).toEqual({ 'a.yml': 'D' });
    expect(lines(both.problems)).toEqual([
      'configs/a.yml.hbs: configs/a.yml is there too: a profile that names the document could mean either (remove one of them)',
    ]);
    const folders = new Folders();
    folders.save({ 'configs/a.yml.hbs': 'T' });
    expect(texts(folders.save({ 'configs/a.yml': 'D' }))).toEqual({ 'a.yml.hbs': 'T' });
    expect(texts(folders.save({ 'configs/a.yml.hbs': undefined }))).toEqual({ 'a.yml': 'D' });
  });
});

describe('what the inspector refuses', () => {
  const error = (file: string, message = 'bad'): FileDiagnostic => ({ severity: 'error', message, place: { file } });

  test('a document falls back, or is absent', () => {
    const folders = new Folders({ document: ({ file, bytes }) => (bytes.includes('BAD') ? [error(file)] : []) });
    expect(texts(folders.save({ 'configs/a.yml': 'BAD', 'configs/b.yml': 'one' }))).toEqual({ 'b.yml': 'one' });
    const broken = folders.save({ 'configs/b.yml': 'BAD' });
    expect(texts(broken)).toEqual({ 'b.yml': 'one' });
    expect(lines(broken.problems)).toEqual(['configs/a.yml: bad', 'configs/b.yml: bad']);
  });

  test('warnings change nothing and are listed', () => {
    const folders = new Folders({ document: ({ file }) => [{ ...error(file), severity: 'warning' }] });
    const decision = folders.save({ 'configs/a.yml': 'x' });
    expect(texts(decision)).toEqual({ 'a.yml': 'x' });
    expect(decision.problems).toHaveLength(1);
  });

  test('the warnings of a version that is no longer on disk are not repeated', () => {
    const folders = new Folders({
      document: ({ file, bytes }) =>
        bytes.includes('BAD') ? [error(file)] : [{ ...error(file, 'old news'), severity: 'warning' }],
    });
    expect(lines(folders.save({ 'configs/a.yml': 'one' }).problems)).toEqual(['configs/a.yml: old news']);
    expect(lines(folders.save({ 'configs/a.yml': 'BAD' }).problems)).toEqual(['configs/a.yml: bad']);
  });

  test('a profile falls back, or is absent', () => {
    const folders = new Folders({ profile: ({ root, file }) => (root === 'BAD' ? [error(file)] : []) });
    expect(roots(folders.save({ 'profiles/a.json': profile('BAD'), 'profiles/b.json': profile('b1') }))).toEqual({
      b: 'b1',
    });
    const broken = folders.save({ 'profiles/b.json': profile('BAD') });
    expect(roots(broken)).toEqual({ b: 'b1' });
    expect(lines(broken.problems)).toEqual(['profiles/a.json:1:1: bad', 'profiles/b.json:1:1: bad']);
  });

  test('an edit of a template that a profile cannot use falls back alone', () => {
    const folders = new Folders({
      profile: (_, { documents }) =>
        documents.get('a.yml.hbs')?.bytes.includes('BAD') === true ? [error('configs/a.yml.hbs')] : [],
    });
    folders.save({ 'profiles/p.json': { root: 'v1', cloud_config: 'a' }, 'configs/a.yml.hbs': 'one' });
    const broken = folders.save({ 'profiles/p.json': { root: 'v2', cloud_config: 'a' }, 'configs/a.yml.hbs': 'BAD' });
    expect(texts(broken)).toEqual({ 'a.yml.hbs': 'one' });
    expect(roots(broken)).toEqual({ p: 'v2' });
    expect(lines(broken.problems)).toEqual(['configs/a.yml.hbs: bad']);
  });

  test('an edit of a profile that its unchanged template cannot take falls back', () => {
    const folders = new Folders({ profile: ({ root }) => (root === 'v2' ? [error('configs/a.yml.hbs')] : []) });
    folders.save({ 'profiles/p.json': { root: 'v1', cloud_config: 'a' }, 'configs/a.yml.hbs': 'one' });
    expect(roots(folders.save({ 'profiles/p.json': { root: 'v2', cloud_config: 'a' } }))).toEqual({ p: 'v1' });
  });

  test('a profile that was never good with its template stays: only some of its machines may be affected', () => {
    const folders = new Folders({ profile: () => [error('configs/a.yml.hbs', 'n2 lacks a variable')] });
    const decision = folders.save({ 'profiles/p.json': { root: 'v1', cloud_config: 'a' }, 'configs/a.yml.hbs': 'one' });
    expect(roots(decision)).toEqual({ p: 'v1' });
    expect(texts(decision)).toEqual({ 'a.yml.hbs': 'one' });
    expect(lines(decision.problems)).toEqual(['configs/a.yml.hbs: n2 lacks a variable']);
  });

  test('a key that makes an unchanged profile fail falls back, the profile stays', () => {
    const folders = new Folders({
      profile: ({ file }, { keys }) =>
        (keys.get('k')?.text.length ?? 0) > 20 ? [error(file, 'the command line is too long')] : [],
    });
    folders.save({ 'profiles/p.json': { root: 'v1', sshkey: 'k' }, 'sshkeys/k.pub': 'ssh-rsa A' });
    const decision = folders.save({ 'sshkeys/k.pub': `ssh-rsa ${'A'.repeat(100)}` });
    expect(roots(decision)).toEqual({ p: 'v1' });
    expect([...decision.keys.values()].map(({ text }) => text)).toEqual(['ssh-rsa A']);
    expect(lines(decision.problems)).toContain('profiles/p.json:1:1: the command line is too long');
  });

  test('an error that nothing can undo is shown and nothing is lost', () => {
    let strict = false;
    const folders = new Folders({ profile: ({ file }) => (strict ? [error(file)] : []) });
    folders.save({ 'profiles/p.json': { root: 'v1', ignition: 'w' } });
    strict = true;
    const decision = folders.save({ 'configs/w': 'new' });
    expect(roots(decision)).toEqual({ p: 'v1' });
    expect(texts(decision)).toEqual({ w: 'new' });
    expect(decision.problems).toHaveLength(1);
  });
});

test('fallbacks of many files end, and what is in force never contradicts itself', () => {
  const folders = new Folders();
  const files = (shift: number): Record<string, object> =>
    Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [`profiles/p${i}.json`, profile(`v${shift}`, ((i + shift) % 9) + 1)]),
    );
  folders.save(files(0));
  // Everybody moves one on, but the last is broken: none can move.
  const stuck = folders.save({ ...files(1), 'profiles/p8.json': '{' });
  expect(new Set(Object.values(roots(stuck)))).toEqual(new Set(['v0']));
  expect(new Set(Object.values(roots(folders.save({ 'profiles/p8.json': profile('v1', 1) }))))).toEqual(
    new Set(['v1']),
  );
});
