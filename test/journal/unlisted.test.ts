import { describe, expect, test } from 'vitest';
import type { JournalEvent } from '../../src/model/journal-event.ts';
import { parseMac } from '../../src/model/machine.ts';
import {
  addressOf,
  DAY,
  entryOf,
  factsOf,
  macOf,
  openSetup,
  operator,
  phoneHome,
  script,
  SECOND,
  type Setup,
  T,
} from './setup.ts';
import { prepare } from '../../src/journal/sqlite.ts';

const LIMITS = { unlisted: { unknown: 20, booted: 30 } };

/** Invented machine n asks from 10.9.9.9 and is told that it is unknown. */
function invented(at: number, n: number, more: Parameters<typeof script>[3] = {}): JournalEvent {
  const mac = parseMac(`0200${n.toString(16).padStart(8, '0')}`.replaceAll(/..(?=.)/g, '$&:')) ?? expect.fail();
  const body = `#!ipxe\n# ${mac}\n`;
  return { ...script(at, 1, 'unknown', { facts: { mac }, body, ...more }), from: '10.9.9.9' };
}

function flood(at: Setup, from: number, machines: number): void {
  for (let n = 0; n < machines; n += 10) {
    const batch = Array.from({ length: 10 }, (_, i) => entryOf(invented(from + n + i, n + i)));
    expect(at.store.write(batch)).toMatchObject({ lost: 0 });
  }
}

function count({ db }: Setup, table: string): number {
  return prepare<[], { n: number }>(db, `SELECT count(*) AS n FROM ${table}`).get()?.n ?? NaN;
}

function keys({ store }: Setup, limit = 500): readonly string[] {
  return store.machines({ limit }, T).machines.map(({ key }) => key);
}

function know({ store }: Setup, ...numbers: readonly number[]): void {
  const nodes = numbers.map((n) => ({ key: macOf(n), name: `w${n}`, profile: 'workers', version: '1.0' }));
  store.know({ nodes, round: 1, last: true }, T);
}

describe('a flood of invented machines', () => {
  test('fills no disk: the oldest unknown ones make room, with all that was kept of them', () => {
    const at = openSetup(LIMITS);
    flood(at, T, 1000);
    expect(count(at, 'machine')).toBeLessThan(40);
    for (const table of ['boot', 'event', 'sent'])
      expect([table, count(at, table)]).toEqual([table, count(at, 'machine')]);
    expect(at.store.machines({ limit: 1 }, T).states.unknown).toBe(count(at, 'machine'));
  });

  test('costs no machine that a profile names, seen or not, and none that booted', () => {
    const at = openSetup(LIMITS);
    know(at, 1, 2);
    // Machine 1 was seen before all others, as unknown machines are; 3 boots from the default profile.
    at.feed(invented(T - DAY, 1, { facts: factsOf(1) }), script(T - DAY, 3, 'boot'), phoneHome(T - DAY + 1, 3));
    flood(at, T, 1000);
    for (const n of [1, 2, 3]) expect(keys(at)).toContain(macOf(n));
    expect(at.store.machine(macOf(3), T)).toMatchObject({ row: { state: 'up' }, boots: [{ outcome: 'boot' }] });
  });

  test('hides no real machine: one that asks now shows, first of all', () => {
    const at = openSetup(LIMITS);
    flood(at, T, 1000);
    at.feed(script(T + 2000, 9, 'unknown'));
    expect(keys(at)[0]).toBe(macOf(9));
    flood(at, T + 2001, 10);
    expect(keys(at)).toContain(macOf(9));
    expect(at.store.machines({ limit: 9, text: macOf(9) }, T).machines).toHaveLength(1);
  });

  test('of machines that boot the default profile makes room among those', () => {
    const at = openSetup(LIMITS);
    const boot = { decision: { outcome: 'boot', profile: 'any', because: 'it is the default' } } as const;
    for (let n = 0; n < 500; n += 1) at.feed({ ...invented(T + n, n), ...boot });
    at.feed(script(T + 1000, 9, 'boot'));
    expect(count(at, 'machine')).toBeLessThanOrEqual(33);
    expect(keys(at)[0]).toBe(macOf(9));
  });

  test('an adopted machine leaves their room', () => {
    const at = openSetup(LIMITS);
    at.feed(script(T, 9, 'unknown'));
    know(at, 9);
    at.feed(operator(T + 1, 9, 'adopt'));
    flood(at, T + 2, 1000);
    expect(at.store.machine(macOf(9), T)?.row).toMatchObject({ name: 'w9', state: 'assigned' });
  });

  test('is told with its address, and what was forgotten for it', () => {
    const at = openSetup(LIMITS);
    const written = at.store.write([1, 2, 3, 1].map((n) => entryOf(invented(T, n))));
    expect(written).toMatchObject({ newcomers: 3, newcomersFrom: '10.9.9.9', removed: 0 });
    flood(at, T + 1, 30);
    expect(at.store.write(Array.from({ length: 10 }, (_, n) => entryOf(invented(T + 99, 500 + n))))).toMatchObject({
      newcomers: 10,
      removed: 10,
    });
    expect(at.store.write([entryOf(invented(T + SECOND, 500))])).toMatchObject({ newcomers: 0, removed: 0 });
  });

  test('what comes from the address of a forgotten machine is not taken for another one', () => {
    const at = openSetup(LIMITS);
    at.feed(script(T, 9, 'unknown'));
    flood(at, T + 1, 1000);
    expect(keys(at)).not.toContain(macOf(9));
    at.feed({ kind: 'tftp', at: T + 2000, from: addressOf(9), file: 'x', bytes: 1, ms: 1, end: 'done' });
    expect(at.db.prepare('SELECT whose FROM stray').all()).toEqual([{ whose: addressOf(9) }]);
  });
});

test('a table that an older version filled is made smaller in slices', () => {
  const at = openSetup({ unlisted: { unknown: 5000, booted: 10 } });
  for (let n = 0; n < 3000; n += 1) at.feed(invented(T + n, n));
  const again = openSetup(LIMITS, at.db.location() ?? '');
  let slices = 0;
  while (again.store.age(T + SECOND)) slices += 1;
  expect([count(again, 'machine'), slices]).toEqual([20, 6]);
  expect(keys(again)[0]).toBe('02:00:00:00:0b:b7');
});

test('an unknown machine goes when it was not seen for a month, a machine that booted stays', () => {
  const at = openSetup({ days: 90 });
  know(at, 1);
  at.feed(script(T, 2, 'unknown'), script(T, 3, 'boot'), script(T + 20 * DAY, 4, 'unknown'));
  while (at.store.age(T + 30 * DAY + 1));
  expect([...keys(at)].sort()).toEqual([macOf(1), macOf(3), macOf(4)]);
});

test('hostile facts: many UUIDs and serials under one MAC are one machine', () => {
  const at = openSetup();
  for (let n = 0; n < 300; n += 1) {
    const uuid = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
    at.feed(script(T + n, 1, 'unknown', { facts: factsOf(1, { uuid, serial: 'S'.repeat(100) + String(n) }) }));
  }
  expect([count(at, 'machine'), count(at, 'boot')]).toEqual([1, 1]);
  expect(at.store.machine(macOf(1), T)?.boots[0]?.events.length).toBeLessThanOrEqual(200);
});
