import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { SearchTexts, SentTexts } from '../../src/journal/texts.ts';
import { databaseFile, openStand, script, T } from './stand.ts';

const HOUR = 3_600_000;

test('a text by its digest, once however often it was sent, packed', () => {
  const { db } = openStand();
  const texts = new SentTexts(db);
  const body = Buffer.from('#cloud-config\n'.repeat(1000));
  const digest = texts.keep(body, T);
  expect(digest?.toString('hex')).toBe(createHash('sha256').update(body).digest('hex'));
  expect(texts.keep(new Uint8Array(body), T + 1)).toEqual(digest);
  expect(Buffer.from(texts.get(digest?.toString('hex') ?? '') ?? []).equals(body)).toBe(true);
  expect(db.prepare('SELECT count(*) AS n, sum(length(body)) < 200 AS small FROM sent').get()).toEqual({
    n: 1,
    small: 1,
  });
});

test('when it was sent last, to the hour', () => {
  const { db } = openStand();
  const texts = new SentTexts(db);
  const at = (): unknown => db.prepare('SELECT at FROM sent').pluck().get();
  texts.keep(Buffer.from('a'), T);
  texts.keep(Buffer.from('a'), T + HOUR - 1);
  expect(at()).toBe(T);
  texts.keep(Buffer.from('a'), T + HOUR);
  expect(at()).toBe(T + HOUR);
  texts.forget();
  texts.keep(Buffer.from('a'), T);
  expect(at()).toBe(T + HOUR);
});

test('after a rollback a text is written again', () => {
  const { db } = openStand();
  const texts = new SentTexts(db);
  expect(() =>
    db.transaction(() => {
      texts.keep(Buffer.from('a'), T);
      throw new TypeError('rolled back');
    })(),
  ).toThrow('rolled back');
  texts.forget();
  const digest = texts.keep(Buffer.from('a'), T)?.toString('hex') ?? '';
  expect(texts.get(digest)).toEqual(new Uint8Array([97]));
});

test('what is no digest, or unknown, is nothing; what is too large is not kept', () => {
  const { db } = openStand();
  const texts = new SentTexts(db);
  for (const digest of ['', 'x', 'A'.repeat(64), `${'a'.repeat(64)}\n`, 'a'.repeat(64)]) {
    expect(texts.get(digest)).toBeUndefined();
  }
  expect(texts.keep(randomBytes(16 * 2 ** 20 + 1), T)).toBeNull();
  expect(texts.keep(new Uint8Array(0), T)).not.toBeNull();
});

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
