import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { JournalEvent } from '../../src/model/journal-event.ts';
import { openSentTexts, rowOf, sameness, transferLine, whole } from '../../src/journal/event-table.ts';
import {
  dhcp,
  document,
  entryOf,
  image,
  installed,
  openSetup,
  operator,
  phoneHome,
  refused,
  script,
  T,
  tftp,
} from './setup.ts';
import { transaction } from '../../src/journal/sqlite.ts';

function lineOf(event: JournalEvent, times = 1): string {
  const row = rowOf(entryOf(event, times));
  return row.line ?? transferLine(row);
}

test.each([
  [dhcp(T, 1), 'DHCP (BIOS): told to load undionly.kpxe'],
  [
    { kind: 'dhcp', at: T, client: 'UEFI', silence: 'its profile boots its disk' },
    'DHCP (UEFI): left alone, its profile boots its disk',
  ],
  [tftp(T, 1, 'a/undionly.kpxe'), 'undionly.kpxe over TFTP, 68.4 KiB in 100 ms (684 KiB/s)'],
  [{ ...tftp(T, 1), end: 'not found' }, 'undionly.kpxe over TFTP: not found'],
  [script(T, 1, 'boot', { because: 'mac X is node w1' }), 'told to boot profile workers 1.0: mac X is node w1'],
  [script(T, 1, 'boot', { version: '' }), 'told to boot profile workers: it is w1'],
  [script(T, 1, 'install'), 'told to install profile workers 1.0: it is w1'],
  [script(T, 1, 'local'), 'told to boot its own disk: it is w1'],
  [script(T, 1, 'menu'), 'shown the menu: it is w1'],
  [script(T, 1, 'unknown'), 'told that it is unknown: it is w1'],
  [script(T, 1, 'waiting'), 'told to wait and ask again: it is w1'],
  [image(T, 1), 'vmlinuz, 52 MiB in 1.2 s (43.3 MiB/s)'],
  [image(T, 1, 'a', 83_400), 'a, 52 MiB in 1 min 23 s (638 KiB/s)'],
  [image(T, 1, 'a', 0), 'a, 52 MiB in 0 ms'],
  [{ ...image(T, 1), complete: false }, 'vmlinuz was cut off after 52 MiB in 1.2 s (43.3 MiB/s)'],
  [{ ...image(T, 1), status: 404 }, 'vmlinuz failed with 404'],
  [document(T, 1), 'sent configs/worker.yml, 14 B'],
  [phoneHome(T, 1), 'phoned home'],
  [phoneHome(T, 1, { hostname: 'w1', pub_key: 'ssh-rsa A' }), 'phoned home: hostname=w1, pub_key=ssh-rsa A'],
  [installed(T, 1), 'the installer reported that it is done'],
  [refused(T, 1), '/ipxe refused with 503: profile is broken'],
  [operator(T, 1, 'adopt'), 'adopt by a person'],
] as readonly [JournalEvent, string][])('%#: one line for people', (event, line) => {
  expect(lineOf(event)).toBe(line);
});

test('parts of a file say how many they were', () => {
  expect(lineOf(image(T, 1), 12)).toBe('vmlinuz, 52 MiB in 1.2 s (43.3 MiB/s) in 12 requests');
});

test('a line stays a line, and short', () => {
  const event = { ...refused(T, 1), message: `a\r\nb\u0000c${'x'.repeat(2000)}` } as JournalEvent;
  const line = rowOf(entryOf(event)).line ?? '';
  expect(line).toMatch(/^\/ipxe refused with 503: a b cx+$/);
  expect(line.length).toBeLessThanOrEqual(500);
});

test('the figures of a row', () => {
  expect(rowOf(entryOf(image(T + 0.6, 1), 3))).toMatchObject({
    ...{ at: T + 1, kind: 'file', what: 'flatcar/amd64/1.0/vmlinuz', ms: 1200, bytes: 54_525_952 },
    ...{ status: 200, ok: 1, times: 3 },
  });
  expect(rowOf(entryOf(dhcp(T, 1)))).toMatchObject({ what: 'undionly.kpxe', ms: null, bytes: null, status: null });
  expect(rowOf(entryOf(refused(T, 1)))).toMatchObject({ what: '/ipxe', status: 503, ok: 0 });
  expect(rowOf(entryOf(document(T, 1)))).toMatchObject({ what: 'configs/worker.yml', bytes: 14 });
  expect(rowOf(entryOf({ ...image(T, 1), complete: false } as JournalEvent)).ok).toBe(0);
});

test('clocks give fractions and nonsense; SQLite gets whole numbers', () => {
  expect([1.5, 0.2, -3, NaN, Infinity].map(whole)).toEqual([2, 0, 0, 0, 0]);
});

test('rows of the same happening are the same whatever their figures', () => {
  const row = rowOf(entryOf(image(T, 1)));
  expect(sameness({ ...row, at: 1, ms: 2, bytes: 3, times: 4 })).toBe(sameness(row));
  for (const change of [{ what: 'b' }, { status: 206 }, { ok: 0 as const }, { line: 'x' }, { kind: 'tftp' as const }]) {
    expect(sameness({ ...row, ...change })).not.toBe(sameness(row));
  }
});

const HOUR = 3_600_000;

test('a text by its digest, once however often it was sent, packed', () => {
  const { db } = openSetup();
  const texts = openSentTexts(db);
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
  const { db } = openSetup();
  const texts = openSentTexts(db);
  const at = (): unknown => db.prepare('SELECT at FROM sent').get();
  texts.keep(Buffer.from('a'), T);
  texts.keep(Buffer.from('a'), T + HOUR - 1);
  expect(at()).toEqual({ at: T });
  texts.keep(Buffer.from('a'), T + HOUR);
  expect(at()).toEqual({ at: T + HOUR });
  texts.forget();
  texts.keep(Buffer.from('a'), T);
  expect(at()).toEqual({ at: T + HOUR });
});

test('after a rollback a text is written again', () => {
  const { db } = openSetup();
  const texts = openSentTexts(db);
  expect(() =>
    transaction(db, () => {
      texts.keep(Buffer.from('a'), T);
      throw new TypeError('rolled back');
    }),
  ).toThrow('rolled back');
  texts.forget();
  const digest = texts.keep(Buffer.from('a'), T)?.toString('hex') ?? '';
  expect(texts.get(digest)).toEqual(new Uint8Array([97]));
});

test('what is no digest, or unknown, is nothing; what is too large is not kept', () => {
  const { db } = openSetup();
  const texts = openSentTexts(db);
  for (const digest of ['', 'x', 'A'.repeat(64), `${'a'.repeat(64)}\n`, 'a'.repeat(64)]) {
    expect(texts.get(digest)).toBeUndefined();
  }
  expect(texts.keep(randomBytes(16 * 2 ** 20 + 1), T)).toBeNull();
  expect(texts.keep(new Uint8Array(0), T)).not.toBeNull();
});
