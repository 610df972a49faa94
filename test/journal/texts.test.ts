import { expect, test } from 'vitest';
import { SearchTexts } from '../../src/journal/texts.ts';
import { databaseFile, openStand, script, T } from './stand.ts';

test('finds what is there, up to a number', () => {
  const { db, feed } = openStand();
  feed(script(T, 1, 'boot'), script(T, 2, 'boot'), script(T, 3, 'unknown'));
  const texts = new SearchTexts(db);
  expect(texts.find('52:54', 3)).toEqual([1, 2, 3]);
  expect(texts.find('52:54', 2)).toBeUndefined();
  expect(texts.find('w2', 1)).toEqual([2]);
  expect(texts.find('w9', 1)).toEqual([]);
  expect([texts.has(2, 'w2'), texts.has(1, 'w2'), texts.has(9, 'w2')]).toEqual([true, false, false]);
});

test('keeps up with what is written here, and reads anew what another process wrote or a rollback undid', () => {
  const file = databaseFile();
  const [here, there] = [openStand({}, file), openStand({}, file)];
  const texts = new SearchTexts(here.db);
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
