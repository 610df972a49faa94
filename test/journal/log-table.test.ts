import type { LogLine } from '../../src/model/machine-views.ts';
import { expect, test } from 'vitest';
import { HELD_MS, openAddresses } from '../../src/journal/event-writer.ts';
import { openLogTable } from '../../src/journal/log-table.ts';
import { Queue } from '../../src/journal/queue.ts';
import { addressOf, databaseWithout, DAY, entryOf, openSetup, phoneHome, script, SECOND, T } from './setup.ts';

const line = (at: number, from: string, text: string, more: Partial<LogLine> = {}): LogLine => ({
  at,
  from,
  text,
  ...more,
});
const KEY = (n: number) => `52:54:00:00:00:0${n}`;

/** Machines 1 and 2 have booted at T. */
function setup(...args: Parameters<typeof openSetup>) {
  const open = openSetup(...args);
  open.feed(script(T, 1, 'boot'), script(T, 2, 'boot'));
  const texts = (n: number) => open.store.logLines(KEY(n), { limit: 5000 })?.lines.map(({ text }) => text);
  const log = (...lines: readonly LogLine[]) => open.store.write(lines.map((one) => ({ log: one })));
  return { ...open, texts, log };
}

test('a line comes back as it was, in the order of arrival, a page at a time', () => {
  const { store, log } = setup();
  const more = { severity: 3, program: 'anna' };
  const { machines } = log(line(T + 1, addressOf(1), 'a', more), line(T + 2, addressOf(1), 'b'));
  log(line(T + 3, addressOf(1), 'c'));
  expect(machines).toEqual([KEY(1)]);
  const last = store.logLines(KEY(1), { limit: 2 });
  expect(last?.lines.map(({ text }) => text)).toEqual(['b', 'c']);
  const all = store.logLines(KEY(1), { after: 0, limit: 2 });
  expect(all?.lines[0]).toEqual({ id: 1, at: T + 1, from: addressOf(1), text: 'a', ...more });
  expect(store.logLines(KEY(1), { after: all?.last ?? 0, limit: 2 })).toMatchObject({
    lines: [{ text: 'c' }],
    last: last?.last,
  });
  expect(store.logLines(KEY(1), { after: last?.last ?? 0, limit: 2 })).toEqual({ lines: [], last: last?.last });
  expect(store.logLines(KEY(2), { limit: 2 })).toEqual({ lines: [], last: 0 });
  expect(store.logLines(KEY(9), { limit: 2 })).toBeUndefined();
});

test('whose it is: the card that has the address now, who used it last, a node', () => {
  const { store, texts, log } = setup();
  store.know(
    {
      nodes: [{ key: 'uuid:11111111-1111-1111-1111-111111111111', name: 'n', profile: 'p', version: '' }],
      round: 1,
      last: true,
    },
    T,
  );
  const node = 'uuid:11111111-1111-1111-1111-111111111111';
  log(
    line(T + 1, addressOf(1), 'by address'),
    line(T + 2, addressOf(1), 'by card', { card: KEY(2), nodes: [node] }),
    line(T + 3, addressOf(1), 'a card that nobody knows', { card: KEY(7) }),
    line(T + 4, addressOf(1), 'the address goes before a name', { nodes: [node] }),
    line(T + 5, '10.9.9.9', 'by node', { nodes: [KEY(8), node] }),
  );
  expect(texts(1)).toEqual(['by address', 'a card that nobody knows', 'the address goes before a name']);
  expect(texts(2)).toEqual(['by card']);
  expect(store.logLines(node, { limit: 9 })?.lines.map(({ text }) => text)).toEqual(['by node']);
});

test('what no known machine says is counted, and makes no machine', () => {
  const { store, log } = setup();
  expect(log(line(T, '10.9.9.8', 'a'), line(T, '10.9.9.9', 'b', { card: KEY(7), nodes: [KEY(8)] }))).toMatchObject({
    strange: { lines: 2, from: '10.9.9.9' },
    machines: [],
  });
  expect(store.machines({ limit: 9 }, T).machines).toHaveLength(2);
});

test('a system that logs keeps its address; one that is silent loses it', () => {
  const { texts, log } = setup();
  for (let at = T; at < T + 2 * HELD_MS; at += HELD_MS / 2) log(line(at, addressOf(1), 'up'));
  expect(texts(1)).toHaveLength(4);
  expect(log(line(T + 3 * HELD_MS, addressOf(1), 'who is that')).strange?.lines).toBe(1);
});

test('a machine that says very much displaces its own lines, and no event', () => {
  const { db, texts, log, store, feed } = setup();
  log(line(T, addressOf(2), 'of another'));
  for (let i = 0; i < 60; i += 1)
    log(...Array.from({ length: 100 }, (_, n) => line(T + i, addressOf(1), `line ${100 * i + n}`)));
  const own = texts(1) ?? [];
  expect([own.length <= 5000, own.length > 4400, own.at(-1)]).toEqual([true, true, 'line 5999']);
  expect(texts(2)).toEqual(['of another']);
  feed(phoneHome(T + SECOND, 1));
  const kinds = store.machine(KEY(1), T)?.boots[0]?.events.map(({ kind }) => kind);
  expect(kinds).toEqual(['script', 'log', 'phone-home']);
  expect(db.prepare('SELECT count(*) AS n FROM event').get()).toEqual({ n: 3 });
});

test('all together displace the oldest', () => {
  const { db } = setup();
  const table = openLogTable(db, openAddresses(db), { perMachine: 100, total: 20 });
  for (let n = 0; n < 30; n += 1) table.write(line(T + n, addressOf(1 + (n % 2)), `line ${n}`));
  const all = [1, 2].flatMap((n) => table.page(KEY(n), { limit: 99 })?.lines ?? []).map(({ at }) => at - T);
  expect(all.length).toBeLessThanOrEqual(20);
  expect(Math.min(...all)).toBe(30 - all.length);
});

test('the timeline of a boot says how much was logged in it, and what last', () => {
  const { store, log } = setup();
  log(line(T - 1, addressOf(1), 'of the boot before'), line(T + 1, addressOf(1), 'one', { program: 'anna' }));
  const said = () => store.machine(KEY(1), T)?.boots[0]?.events.find(({ kind }) => kind === 'log');
  expect(said()).toMatchObject({ at: T + 1, text: 'it logs: anna: one', ok: true, times: 1 });
  log(line(T + 2, addressOf(1), 'two'));
  expect(said()).toMatchObject({ at: T + 2, text: 'it logs, 2 lines; the last: two' });
});

test('ages after 30 days, and goes with its machine', () => {
  const { store, texts, log, db } = setup({ days: 90 });
  log(line(T, addressOf(1), 'old'), line(T + 2, addressOf(2), 'of two'));
  log(line(T + 20 * DAY, '10.9.9.9', 'new', { card: KEY(1) }));
  while (store.age(T + 31 * DAY));
  expect(texts(1)).toEqual(['new']);
  db.exec(`DELETE FROM machine WHERE key = '${KEY(1)}'`);
  expect(db.prepare('SELECT count(*) AS n FROM log_line').get()).toEqual({ n: 0 });
});

test('a database of before gets the table, and keeps what it has', () => {
  const { store, log, texts } = setup({}, databaseWithout('log_line'));
  log(line(T, addressOf(1), 'a'));
  expect([texts(1), store.syncRuns(9).length]).toEqual([['a'], 1]);
});

test('in the queue lines leave room for events', () => {
  const queue = new Queue({ entries: 100, bytes: 1e6 });
  const taken = Array.from({ length: 50 }, (_, n) => queue.addLog(line(T, addressOf(1), `line ${n}`)));
  expect(taken.filter(Boolean)).toHaveLength(20);
  expect(queue.add(phoneHome(T, 1))).toBe(true);
  const batch = queue.take();
  expect(batch).toHaveLength(21);
  expect(batch.at(-1)).toMatchObject(entryOf(phoneHome(T, 1)));
  expect(queue.addLog(line(T, addressOf(1), 'again'))).toBe(true);
});
