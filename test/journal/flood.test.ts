import { expect, onTestFinished, test } from 'vitest';
import { openJournalDirectly } from '../../src/journal/create-journal.ts';
import { Flood, floodWords } from '../../src/model/flood.ts';
import { parseMac } from '../../src/model/machine.ts';
import { databaseFile, listeningLog, MINUTE, script, T } from './setup.ts';

test('a thousand new machines in ten minutes are a flood, until ten minutes later', () => {
  const flood = new Flood();
  for (let n = 0; n < 9; n += 1) flood.add(111, 0, `10.0.0.${n}`, T + n * MINUTE);
  expect(flood.at(T + 9 * MINUTE)).toBeUndefined();
  flood.add(1, 0, '10.0.0.1', T + 9 * MINUTE);
  expect(flood.at(T + 9 * MINUTE)).toEqual({ newcomers: 1000, removed: 0 });
  expect(flood.at(T + 10 * MINUTE)).toBeUndefined();
});

test('says the address that most of them used', () => {
  const flood = new Flood();
  for (let n = 0; n < 200; n += 1) flood.add(4, 0, `10.0.${n}.1`, T + n);
  flood.add(3000, 0, '10.0.0.9', T);
  expect(flood.at(T)).toEqual({ newcomers: 3800, removed: 0 });
  const other = new Flood();
  for (const from of ['10.0.0.9', '10.0.0.8', '10.0.0.9', undefined]) other.add(1000, 0, from, T);
  expect(other.at(T)).toEqual({ newcomers: 4000, removed: 0 });
  other.add(1000, 0, '10.0.0.9', T + MINUTE);
  expect(other.at(T + MINUTE)).toEqual({ newcomers: 5000, removed: 0, from: '10.0.0.9' });
});

test('machines that were forgotten are a flood for an hour', () => {
  const flood = new Flood();
  // A full table makes room for a few new machines every day.
  flood.add(10, 99, undefined, T);
  expect(flood.at(T)).toBeUndefined();
  flood.add(10, 401, undefined, T);
  expect(flood.at(T + 59 * MINUTE)).toEqual({ newcomers: 0, removed: 500 });
  expect(flood.at(T + 60 * MINUTE)).toBeUndefined();
});

test('words say what to do, with the address where it is known', () => {
  expect(floodWords({ newcomers: 1200, removed: 0 })).toEqual({
    what: '1200 machines that were never seen before asked in the last ten minutes',
    remedy:
      'if they are not yours, look for who asks; machines that profiles name are not affected, and the newest unknown ones stay',
  });
  expect(floodWords({ newcomers: 1200, removed: 7, from: '10.0.0.9' }).remedy).toContain('look at 10.0.0.9');
});

test('a flood of invented machines is said once, with its address, and is on every page of machines', async () => {
  const { log, said } = listeningLog();
  const options = { file: databaseFile(), days: 30, log, now: () => T, flushMs: 1e6 };
  const journal = await openJournalDirectly(options);
  onTestFinished(async () => journal.stop(new AbortController().signal));
  for (let n = 0; n < 1100; n += 1) {
    const mac = parseMac(`0200${n.toString(16).padStart(8, '0')}`.replaceAll(/..(?=.)/g, '$&:'));
    if (mac !== undefined) journal.record({ ...script(T, 1, 'unknown', { facts: { mac } }), from: '10.0.0.9' });
  }
  expect((await journal.machines({ limit: 1 })).flood).toBeUndefined();
  await journal.flushed();
  const flood = { newcomers: 1100, removed: 0, from: '10.0.0.9' };
  expect(journal.status()).toEqual({ on: true, lost: 0, flood });
  expect(await journal.machines({ limit: 1 })).toMatchObject({ flood });
  expect(said).toMatchObject([{ level: 'warn', fields: { from: '10.0.0.9' } }]);
});
