import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect, test } from 'vitest';
import { parsePlace, placeText } from '../../src/journal/machine-pages.ts';
import { MIGRATIONS } from '../../src/journal/schema.ts';
import { Failure } from '../../src/model/failure.ts';
import type { MachineQuery } from '../../src/model/views.ts';
import {
  databaseFile,
  entryOf,
  factsOf,
  installed,
  macOf,
  MINUTE,
  openSetup,
  phoneHome,
  script,
  type Setup,
  T,
} from './setup.ts';

test('a place survives the way to a browser and back', () => {
  for (const place of [
    { kind: 'seen', lastSeen: 1_800_000_000_000, id: 7 },
    { kind: 'never', name: 'w\u00fcrfel "1"', id: 8 },
  ] as const) {
    const text = placeText(place);
    expect(text).toMatch(/^[\w-]+$/);
    expect(parsePlace(text)).toEqual(place);
  }
});

test.each([
  '',
  'x',
  '{}',
  '[]',
  '["s",1]',
  '["s","1",2]',
  '["n",1,2]',
  '["q",1,2]',
  '["s",1.5,2]',
  '["s",1,2e99]',
  'null',
])('no page ended at %s', (json) => {
  for (const text of [json, Buffer.from(json).toString('base64url')]) {
    expect(() => parsePlace(text)).toThrow(Failure);
  }
});

/** Machines in every state: 1 unknown, 2 assigned, 3 booting, 4 failed, 5 up, 6 installing, 7 failed, 8 installed; 9 never seen. */
function fleet(): Setup {
  const at = openSetup();
  at.feed(
    script(T + 1, 1, 'unknown', { facts: factsOf(1, { serial: 'CZC1', product: 'ProLiant DL360' }) }),
    script(T + 2, 2, 'waiting'),
    script(T + 3, 3, 'boot', { deadline: T + 50 * MINUTE }),
    script(T + 4, 4, 'boot', { deadline: T + MINUTE }),
    script(T + 5, 5, 'boot', { deadline: T + MINUTE }),
    phoneHome(T + 5, 5, { hostname: 'Alpha' }),
    script(T + 6, 6, 'install', { profile: 'disks', deadline: T + 50 * MINUTE }),
    script(T + 7, 7, 'install', { profile: 'disks', deadline: T + MINUTE }),
    script(T + 8, 8, 'install', { profile: 'disks' }),
    installed(T + 8, 8),
  );
  const nodes = [{ key: macOf(9), name: 'Never', profile: 'disks', version: '9', address: '10.9.9.9' }];
  at.store.know({ nodes, round: 1, last: true }, T);
  return at;
}

const NOW = T + 2 * MINUTE;

function found(at: Setup, query: Partial<MachineQuery>): readonly number[] {
  const { machines } = at.store.machines({ limit: 100, ...query }, NOW);
  return machines.map(({ key }) => Number.parseInt(key.slice(-2), 16));
}

test('last seen first, never seen last, and how many are in each state', () => {
  const at = fleet();
  expect(found(at, {})).toEqual([8, 7, 6, 5, 4, 3, 2, 1, 9]);
  const states = { unknown: 1, assigned: 2, booting: 1, up: 1, installing: 1, installed: 1, failed: 2 };
  expect(at.store.machines({ limit: 1, text: 'nothing' }, NOW).states).toEqual(states);
  expect(at.store.machines({ limit: 1 }, T).states).toMatchObject({ booting: 2, installing: 2, failed: 0 });
});

test.each([
  ['unknown', [1]],
  ['assigned', [2, 9]],
  ['booting', [3]],
  ['failed', [7, 4]],
  ['up', [5]],
  ['installing', [6]],
  ['installed', [8]],
] as const)('%s alone', (state, machines) => {
  expect(found(fleet(), { state })).toEqual(machines);
});

test.each([
  ['52:54:00:00:00:05', [5]],
  ['00:00:00:05', [5]],
  ['52-54-00-00-00-05', [5]],
  ['525400000005', [5]],
  ['52:54', [8, 7, 6, 5, 4, 3, 2, 1, 9]],
  ['W3', [3]],
  ['never', [9]],
  ['czc', [1]],
  ['proliant dl', [1]],
  ['10.0.0.7', [7]],
  ['10.9.9', [9]],
  ['ALPHA', [5]],
  [' w3 ', [3]],
  ['%', []],
  ['_', []],
  ['w3\nw4', []],
] as const)('a search for %o', (text, machines) => {
  expect(found(fleet(), { text })).toEqual(machines);
});

test('profile, state and text together', () => {
  const at = fleet();
  expect(found(at, { profile: 'disks' })).toEqual([8, 7, 6, 9]);
  expect(found(at, { profile: 'disks', state: 'failed' })).toEqual([7]);
  expect(found(at, { profile: 'disks', state: 'assigned' })).toEqual([9]);
  expect(found(at, { profile: 'disks', text: '52:54', state: 'installed' })).toEqual([8]);
  expect(found(at, { profile: 'workers', text: 'w8' })).toEqual([]);
  expect(found(at, { profile: 'disk' })).toEqual([]);
});

test('a new name is found, the old one is not', () => {
  const at = fleet();
  expect(found(at, { text: 'alpha' })).toEqual([5]);
  at.feed(phoneHome(T + 9, 5, { hostname: 'beta' }));
  expect(found(at, { text: 'alpha' })).toEqual([]);
  expect(found(at, { text: 'beta' })).toEqual([5]);
  at.store.know({ nodes: [], round: 2, last: true }, T);
  expect(found(at, { text: 'never' })).toEqual([]);
});

test.each([{}, { text: '52:54' }, { profile: 'disks' }, { state: 'failed' }, { state: 'assigned' }] as const)(
  'page after page of %o is the whole list',
  (query) => {
    const at = fleet();
    const whole = found(at, query);
    const pages: number[] = [];
    let after: string | undefined;
    do {
      const page = at.store.machines({ limit: 1, ...query, ...(after === undefined ? {} : { after }) }, NOW);
      expect(page.machines).toHaveLength(1);
      pages.push(...page.machines.map(({ key }) => Number.parseInt(key.slice(-2), 16)));
      after = page.next;
    } while (after !== undefined);
    expect(pages).toEqual(whole);
  },
);

test('a page that is just full has no next one', () => {
  expect(fleet().store.machines({ limit: 9 }, NOW).next).toBeUndefined();
  expect(fleet().store.machines({ limit: 8 }, NOW).next).toBeDefined();
});

test('a limit that makes no sense is one that does', () => {
  const at = fleet();
  for (const limit of [0, -1, NaN]) expect(found(at, { limit })).toHaveLength(1);
  expect(found(at, { limit: 1e9 })).toHaveLength(9);
});

test('a search that finds thousands is a walk, page after page', () => {
  const at = openSetup();
  const many = Array.from({ length: 3800 }, (_, n) => {
    // The newest are not looked for: the walk goes past them first.
    const mac = `${n < 2600 ? '02' : '06'}:00:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;
    const outcome = n < 3 || n === 1500 ? 'unknown' : 'waiting';
    return entryOf(script(T + n, 1, outcome, { facts: { ...factsOf(1), mac: mac as never } }));
  });
  at.store.write(many);
  const last = (query: Partial<MachineQuery>): readonly (number | undefined)[] =>
    at.store.machines({ limit: 4, text: '02:00', ...query }, T).machines.map(({ lastSeen }) => lastSeen);
  expect(last({})).toEqual([T + 2599, T + 2598, T + 2597, T + 2596]);
  // Far down the walk: one in the middle and the oldest are unknown.
  expect(last({ state: 'unknown' })).toEqual([T + 1500, T + 2, T + 1, T]);
  // As long a walk as it gets: everybody is asked.
  expect(last({ after: placeText({ kind: 'seen', lastSeen: T + 3, id: 0 }) })).toEqual([T + 2, T + 1, T]);
  const next = at.store.machines({ limit: 4, text: '02:00' }, T).next ?? '';
  expect(last({ after: next })).toEqual([T + 2595, T + 2594, T + 2593, T + 2592]);
});

test('a place where no page ended is refused', () => {
  expect(() => found(fleet(), { after: 'x' })).toThrow('no page ended there');
});

function tagged(): Setup {
  const at = fleet();
  const common = { profile: 'disks', version: '9' };
  const nodes = [
    { key: macOf(9), name: 'w10', ...common, address: '10.9.9.9', tags: ['rack1'] },
    { key: macOf(8), name: 'w9', ...common, address: '10.9.9.10', tags: ['rack1', 'gpu'] },
    { key: macOf(7), name: 'W2', ...common, tags: ['rack10'] },
  ];
  at.store.know({ nodes, round: 2, last: true }, T);
  return at;
}

test('a tag alone, with others, and as part of a search', () => {
  const at = tagged();
  expect(found(at, { tag: 'rack1' })).toEqual([8, 9]);
  expect(found(at, { tag: 'gpu', profile: 'disks', state: 'installed' })).toEqual([8]);
  expect(found(at, { tag: 'rack' })).toEqual([]);
  expect(found(at, { tag: 'gpu"' })).toEqual([]);
  expect(found(at, { text: 'rack1' })).toEqual([8, 7, 9]);
  expect(at.store.machines({ limit: 1 }, NOW).machines[0]?.tags).toEqual(['rack1', 'gpu']);
  at.store.know({ nodes: [], round: 3, last: true }, T);
  expect(found(at, { tag: 'rack1' })).toEqual([]);
});

test.each([
  ['name', [1, 2, 7, 3, 4, 5, 6, 8, 9]],
  ['-name', [9, 8, 6, 5, 4, 3, 2, 7, 1]],
  ['state', [7, 4, 1, 3, 6, 5, 8, 2, 9]],
  ['seen', [1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ['-seen', [8, 7, 6, 5, 4, 3, 2, 1, 9]],
  ['address', [1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ['hardware', [1]],
] as const)('sorted by %s, as people count', (sort, order) => {
  expect(found(tagged(), { sort }).slice(0, order.length)).toEqual(order);
});

test('sorted by how long the last boot took', () => {
  const at = openSetup();
  for (const [n, took] of [
    [1, 90],
    [2, 9],
    [3, 100],
  ] as const) {
    at.feed(script(T, n, 'boot'), phoneHome(T + 5000, n));
    at.feed(script(T + MINUTE, n, 'boot'), phoneHome(T + MINUTE + took * 1000, n));
  }
  at.feed(script(T, 4, 'boot'));
  expect(found(at, { sort: 'boots' })).toEqual([2, 1, 3, 4]);
  expect(found(at, { sort: '-boots' })).toEqual([3, 1, 2, 4]);
});

test('a database of before gets the tags', () => {
  const file = databaseFile();
  mkdirSync(dirname(file));
  const old = new DatabaseSync(file);
  const before = MIGRATIONS.findIndex((sql) => sql.includes('node_tags'));
  for (const sql of MIGRATIONS.slice(0, before)) old.exec(sql);
  old.exec(`INSERT INTO machine (key, mac, last_seen, state, node_key, node_name, node_profile, node_version, durations, sort_name, search)
    VALUES ('${macOf(1)}', '${macOf(1)}', 5, 'up', '${macOf(1)}', 'w1', 'p', '1', '', 'w1', 'w1')`);
  old.exec(`PRAGMA user_version = ${String(before)}`);
  old.close();
  const at = openSetup({}, file);
  expect(found(at, {})).toEqual([1]);
  const node = { key: macOf(1), name: 'w1', profile: 'p', version: '1', tags: ['gpu'] };
  at.store.know({ nodes: [node], round: 1, last: true }, T);
  expect(found(at, { tag: 'gpu' })).toEqual([1]);
});

test('from far down the list, and how many there are', () => {
  const at = tagged();
  expect(found(at, { skip: 7 })).toEqual([1, 9]);
  expect(found(at, { sort: 'seen', skip: 2, limit: 2 })).toEqual([3, 4]);
  expect(found(at, { text: '52:54', skip: 8 })).toEqual([9]);
  expect(at.store.machines({ limit: 2, sort: 'seen' }, NOW).next).toBeUndefined();
  const total = (query: Partial<MachineQuery>): number => at.store.machines({ limit: 1, ...query }, NOW).total;
  expect(
    [{}, { state: 'failed' }, { profile: 'disks' }, { tag: 'rack1' }, { text: 'w' }, { text: 'w', state: 'up' }].map(
      (query) => total(query as Partial<MachineQuery>),
    ),
  ).toEqual([9, 2, 4, 2, 8, 1]);
});
