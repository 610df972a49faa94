import { expect, test } from 'vitest';
import {
  newMachine,
  openMachineTable,
  openSearchTexts,
  searchText,
  shownOf,
  withFacts,
} from '../../src/journal/machine-record.ts';
import { openStateCounts } from '../../src/journal/machine-pages.ts';
import { databaseFile, factsOf, macOf, openSetup, script, T } from './setup.ts';

test('a record is read as it was saved, whatever changed', () => {
  const { db } = openSetup();
  const table = openMachineTable(db);
  const first = table.save({ ...newMachine(macOf(1)), mac: macOf(1) });
  const seen = { ...first, state: 'up', last_seen: T, because: 'x', durations: '1,2', boot: 3 } as const;
  table.save(seen, first);
  expect(table.byId(first.id)).toEqual(seen);
  const named = { ...seen, hostname: 'alpha', node: 'w1', address: '10.0.0.1' };
  table.save(named, seen);
  expect(table.byKey(macOf(1))).toEqual(named);
  expect(table.texts.find('alpha', 9)).toEqual([first.id]);
  expect(db.prepare('SELECT sort_name, search FROM machine').get()).toMatchObject({ sort_name: 'w1' });
  table.remove(first.id);
  expect(table.byId(first.id)).toBeUndefined();
  expect(table.texts.find('alpha', 9)).toEqual([]);
});

test('how many are in each state follows every change', () => {
  const { db } = openSetup();
  const [table, countsAt] = [openMachineTable(db), openStateCounts(db)];
  const one = table.save(newMachine('a'));
  table.save(newMachine('b'));
  expect(countsAt(T)).toMatchObject({ unknown: 2, up: 0 });
  const booting = { ...one, state: 'booting', deadline: T } as const;
  table.save(booting, one);
  expect(countsAt(T)).toMatchObject({ unknown: 1, booting: 1, failed: 0 });
  expect(countsAt(T + 1)).toMatchObject({ unknown: 1, booting: 0, failed: 1 });
  table.save({ ...booting, because: 'x' }, booting);
  table.remove(one.id);
  expect(countsAt(T + 1)).toMatchObject({ unknown: 1, booting: 0, failed: 0 });
});

test('facts that are not new change nothing', () => {
  const record = withFacts(newMachine(macOf(1)), factsOf(1, { serial: 'S' }));
  expect(record).toMatchObject({ mac: macOf(1), serial: 'S' });
  expect(withFacts(record, factsOf(1))).toBe(record);
  expect(withFacts(record, factsOf(1, { serial: 'T' })).serial).toBe('T');
});

test('what it would boot until it boots, then what it booted', () => {
  const named = { ...newMachine('a'), node_profile: 'new', node_version: '2', profile: 'old', version: '1' };
  for (const state of ['unknown', 'assigned'] as const) expect(shownOf({ ...named, state }).profile).toBe('new');
  for (const state of ['booting', 'up', 'installing', 'installed'] as const) {
    expect(shownOf({ ...named, state })).toEqual({ profile: 'old', version: '1', name: null });
    expect(shownOf({ ...named, state, profile: null }).version).toBe('2');
  }
});

test('people look for any spelling of a MAC, and for the key where there is none', () => {
  const record = { ...newMachine(macOf(1)), mac: macOf(1), product: 'KVM' };
  expect(searchText(record)).toBe('52:54:00:00:00:01\n52-54-00-00-00-01\n525400000001\nkvm');
  expect(searchText(newMachine('serial:ABC'))).toBe('serial:abc');
});

test('finds what is there, up to a number', () => {
  const { db, feed } = openSetup();
  feed(script(T, 1, 'boot'), script(T, 2, 'boot'), script(T, 3, 'unknown'));
  const texts = openSearchTexts(db);
  expect(texts.find('52:54', 3)).toEqual([1, 2, 3]);
  expect(texts.find('52:54', 2)).toBeUndefined();
  expect(texts.find('w2', 1)).toEqual([2]);
  expect(texts.find('w9', 1)).toEqual([]);
  expect([texts.has(2, 'w2'), texts.has(1, 'w2'), texts.has(9, 'w2')]).toEqual([true, false, false]);
});

test('keeps up with what is written here, and reads anew what another process wrote or a rollback undid', () => {
  const file = databaseFile();
  const [here, there] = [openSetup({}, file), openSetup({}, file)];
  const texts = openSearchTexts(here.db);
  texts.load();
  expect(texts.find('w1', 9)).toEqual([]);
  texts.put(7, 'w1');
  expect(texts.find('w1', 9)).toEqual([7]);
  texts.remove(7);
  expect(texts.find('w1', 9)).toEqual([]);
  texts.put(7, 'w1');
  texts.forget();
  expect(texts.find('w1', 9)).toEqual([]);
  there.feed(script(T, 1, 'boot'));
  expect(texts.find('w1', 9)).toEqual([1]);
});
