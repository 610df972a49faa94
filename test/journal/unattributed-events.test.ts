import { expect, test } from 'vitest';
import { openUnattributedEvents, UNATTRIBUTED_MS } from '../../src/journal/unattributed-events.ts';
import { document, entryOf, openSetup, operator, T, tftp } from './setup.ts';
import { transaction } from '../../src/journal/sqlite.ts';

test('those of one address since a moment, in their order, once', () => {
  const unattributed = openUnattributedEvents(openSetup().db);
  for (const [at, whose] of [
    [T, 'a'],
    [T + 1, 'a'],
    [T + 2, 'b'],
    [T + 3, 'a'],
  ] as const) {
    unattributed.keep(whose, entryOf(tftp(at, 1)));
  }
  expect(unattributed.take('c', 0)).toEqual([]);
  expect(unattributed.take('a', T + 1)).toEqual([entryOf(tftp(T + 1, 1)), entryOf(tftp(T + 3, 1))]);
  expect(unattributed.take('a', 0)).toEqual([]);
  expect(unattributed.take('b', 0)).toHaveLength(1);
});

test('a text comes back as it was', () => {
  const unattributed = openUnattributedEvents(openSetup().db);
  unattributed.keep('a', entryOf(document(T, 1, 'text')));
  const [entry] = unattributed.take('a', 0);
  expect(entry?.event).toEqual(document(T, 1, 'text'));
});

test('a scanner fills no disk: what is old makes room, and what an operator did goes last', () => {
  const { db } = openSetup();
  const unattributed = openUnattributedEvents(db);
  const whose = (): readonly string[] =>
    db
      .prepare('SELECT whose FROM stray')
      .all()
      .map((row) => (row as { whose: string }).whose);
  transaction(db, () => {
    unattributed.keep('key:x', entryOf(operator(T, 1, 'adopt')));
    unattributed.keep('key:y', entryOf(tftp(T, 1)));
    for (let n = 2; n < 10_000; n += 1) unattributed.keep(String(n), entryOf(tftp(T, 1)));
    unattributed.keep('late', entryOf(tftp(T + UNATTRIBUTED_MS, 1)));
    expect(whose()).toHaveLength(9501);
    expect(whose()).toEqual(expect.arrayContaining(['key:x', 'key:y', 'late', '9999', '502']));
    expect(whose()).not.toContain('501');
    for (let n = 0; n < 499; n += 1) unattributed.keep('late', entryOf(tftp(T + UNATTRIBUTED_MS, 1)));
    unattributed.keep('last', entryOf(tftp(T + UNATTRIBUTED_MS + 1, 1)));
  });
  expect(new Set(whose())).toEqual(new Set(['key:x', 'key:y', 'late', 'last']));
});

test('what waits for machines makes room as well, and what an operator did is the last of it', () => {
  const { db } = openSetup();
  const unattributed = openUnattributedEvents(db);
  transaction(db, () => {
    unattributed.keep('key:x', entryOf(operator(T, 1, 'adopt')));
    for (let n = 1; n <= 10_000; n += 1) unattributed.keep(`key:${n}`, entryOf(tftp(T, 1)));
  });
  expect(unattributed.take('key:1', 0)).toHaveLength(0);
  expect(unattributed.take('key:10000', 0)).toHaveLength(1);
  expect(unattributed.take('key:x', 0)).toHaveLength(1);
});
