import { expect, test } from 'vitest';
import { findConflicts } from '../../src/catalog/claims.ts';
import type { Slot } from '../../src/catalog/slot.ts';

type Thing = readonly string[];

function slot(file: string, changed: number, latest: Thing, inForce?: Thing): Slot<Thing> {
  return { file, changed, latest: { thing: latest, problems: [] }, inForce };
}

function losers(...slots: readonly Slot<Thing>[]): readonly string[] {
  return findConflicts(
    slots,
    ({ latest }) => latest.thing,
    (thing) => thing.map((id, at) => ({ id, at })),
  ).map(({ loser, winner }) => `${loser.claim.id}: ${name(loser)} to ${name(winner)}`);

  function name({ slot, claim }: { slot: Slot<Thing>; claim: { at: number } }): string {
    return `${slot.file}[${claim.at}]`;
  }
}

test('who claims nothing of others has no conflict', () => {
  expect(losers(slot('a', 1, ['x', 'x']), slot('b', 1, ['y']))).toEqual([]);
});

test('at the start the later name loses, whatever the order of reading', () => {
  expect(losers(slot('b', 1, ['y', 'x']), slot('a', 1, ['x']))).toEqual(['x: b[1] to a[0]']);
});

test('later the file that changed last loses', () => {
  expect(losers(slot('a', 5, ['x']), slot('b', 3, ['x']))).toEqual(['x: a[0] to b[0]']);
});

test('what is in force stands before what changed', () => {
  const inForce = ['x'];
  expect(losers(slot('z', 9, inForce, inForce), slot('a', 2, ['x']))).toEqual(['x: a[0] to z[0]']);
});

test('a file that held the claim keeps it through its own edits, although it changed last', () => {
  expect(losers(slot('a', 2, ['x'], []), slot('b', 3, ['x', 'new'], ['x']))).toEqual(['x: a[0] to b[0]']);
});

test('machines may change places between two files in one save', () => {
  expect(losers(slot('a', 2, ['y'], ['x']), slot('b', 2, ['x'], ['y']))).toEqual([]);
});
