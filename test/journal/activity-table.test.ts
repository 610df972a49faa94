import { expect, test } from 'vitest';
import type { Activity } from '../../src/model/operator.ts';
import { databaseWithout, DAY, openSetup, T } from './setup.ts';

const one = (n: number, more: Partial<Activity> = {}): Activity => ({
  ...{
    at: T + n,
    who: 'anna',
    from: '10.0.0.7',
    action: 'adopt',
    target: `m${n}`,
    text: `into profiles/w.json as w${n}`,
  },
  ...more,
});

function written(...all: readonly Activity[]) {
  const { store } = openSetup();
  expect(store.write(all.map((activity) => ({ activity }))).lost).toBe(0);
  return store;
}

test('is read newest first, a page at a time, as it was written', () => {
  const diff = [{ file: 'profiles/w.json', lines: [{ sign: '+', text: '  "default": true' }] }] as const;
  const all = [one(1), one(2, { diff }), one(3, { from: undefined, target: undefined })];
  const store = written(...all);
  const page = store.activities({ limit: 2 });
  expect(page.map((found) => ({ ...found, id: undefined }))).toEqual([
    { at: T + 3, who: 'anna', action: 'adopt', text: 'into profiles/w.json as w3', id: undefined },
    { ...all[1], id: undefined },
  ]);
  expect(store.activities({ limit: 2, after: page[1]?.id ?? 0 })).toMatchObject([{ target: 'm1' }]);
});

test('is narrowed down: a user with its tokens, an action, a text in any case, a time', () => {
  const store = written(
    one(1),
    one(2, { who: 'anna (token ci)' }),
    one(3, { who: 'annabel', action: 'sync' }),
    one(4, { who: 'a%na (token x)', text: 'W_1 is "Different"' }),
  );
  const found = (query: object) => store.activities({ limit: 9, ...query }).map(({ at }) => at - T);
  expect(found({ who: 'anna' })).toEqual([2, 1]);
  expect(found({ who: 'a%na' })).toEqual([4]);
  expect(found({ action: 'sync' })).toEqual([3]);
  expect(found({ text: 'w_1' })).toEqual([4]);
  expect(found({ text: '10.0.0.7', since: T + 3 })).toEqual([4, 3]);
  expect(found({ text: "' OR 1=1 --" })).toEqual([]);
});

test('ages with the journal', () => {
  const store = written(one(1), one(2, { at: T + 80 * DAY }));
  while (store.age(T + 95 * DAY));
  expect(store.activities({ limit: 9 })).toMatchObject([{ at: T + 80 * DAY }]);
});

test('a database of before gets the table, and keeps what it has', () => {
  const { store } = openSetup({}, databaseWithout('activity'));
  store.write([{ activity: one(1) }]);
  expect([store.activities({ limit: 9 }).length, store.syncRuns(9).length]).toEqual([1, 1]);
});
