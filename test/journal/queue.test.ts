import { expect, test } from 'vitest';
import { countOf, type Entry, type EventEntry, isSame, Queue } from '../../src/journal/queue.ts';
import type { JournalEvent, SyncStep } from '../../src/model/journal-event.ts';
import { dhcp, document, image, installed, operator, phoneHome, refused, script, T, tftp } from './setup.ts';

const ALL = [
  dhcp(T, 1),
  tftp(T, 1),
  script(T, 1, 'boot'),
  image(T, 1),
  document(T, 1),
  refused(T, 1),
  phoneHome(T, 1),
  installed(T, 1),
  operator(T, 1, 'adopt'),
];

test('the same again, a moment later', () => {
  const repeatable = ALL.slice(0, 6);
  for (const event of repeatable) expect(isSame(event, { ...event, at: T + 1 })).toBe(true);
});

test('a report and an act of an operator are never the same again', () => {
  for (const event of ALL.slice(6)) expect(isSame(event, { ...event })).toBe(false);
});

test('nothing is the same as another kind', () => {
  for (const a of ALL) for (const b of ALL) if (a !== b) expect(isSame(a, b)).toBe(false);
});

test.each([
  ['dhcp', { file: 'ipxe.efi' }],
  ['dhcp', { client: 'UEFI' }],
  ['dhcp', { silence: 'it boots its disk' }],
  ['tftp', { file: 'ipxe.efi' }],
  ['tftp', { end: 'aborted' }],
  ['script', { body: Buffer.from('#!ipxe\n# boot\n') }],
  ['script', { decision: { outcome: 'boot', because: 'x' } }],
  ['script', { from: '10.0.0.9' }],
  ['file', { file: 'b' }],
  ['file', { status: 206 }],
  ['file', { complete: false }],
  ['document', { source: 'b' }],
  ['document', { body: Buffer.from('#cloud-config\n') }],
  ['document', { from: '10.0.0.9' }],
  ['refused', { what: '/' }],
  ['refused', { status: 404 }],
  ['refused', { message: 'x' }],
] as const)('%s: %o makes another one of it', (kind, change) => {
  const event = ALL.find((one) => one.kind === kind);
  if (event === undefined) expect.fail('no such event');
  expect(isSame(event, { ...event, ...change })).toBe(false);
});

function events(batch: readonly Entry[]): readonly EventEntry[] {
  return batch.flatMap((entry) => ('event' in entry ? [entry] : []));
}

function again(event: JournalEvent, at: number): JournalEvent {
  return { ...event, at };
}

function download(received: number, file = 'a', run = 1): SyncStep {
  return { at: T + received, run, event: { kind: 'download', target: 't', file, received } };
}

test('the same again is counted, with its first beginning and its last end', () => {
  const queue = new Queue();
  const [told, file] = [script(T, 1, 'boot'), image(T + 2000, 1, 'a', 500)];
  for (let n = 0; n < 1000; n += 1) queue.add(again(told, T + n));
  queue.add(file);
  queue.add(again(image(T, 1, 'a', 100), T + 1700));
  queue.add(again(image(T, 1, 'a', 100), T + 3000));
  expect(queue.size).toBe(2);
  const [first, second] = events(queue.take());
  expect(first).toMatchObject({ times: 1000, began: T, at: T + 999 });
  expect(second).toMatchObject({ times: 3, began: T + 1500, at: T + 3000, bytes: 3 * 54_525_952 });
});

test('what a machine asks again by DHCP is kept back for a second after it was taken, and counted', () => {
  const queue = new Queue();
  const asks = dhcp(T, 1);
  queue.add(asks);
  expect(events(queue.take())).toMatchObject([{ times: 1 }]);
  for (const ms of [300, 600, 900]) expect(queue.add(again(asks, T + ms))).toBe(true);
  queue.letGo(T + 1299);
  expect([queue.size, queue.keepsBack]).toEqual([0, true]);
  queue.letGo(T + 1300);
  expect([queue.size, queue.keepsBack, queue.appended]).toEqual([1, false, 2]);
  expect(events(queue.take())).toMatchObject([{ times: 3, began: T + 300, at: T + 900 }]);
  // Long after: it is told at once.
  queue.add(again(asks, T + 1900));
  expect(queue.size).toBe(1);
});

test('what is kept back goes before the next thing of its machine, and before all is taken', () => {
  const queue = new Queue();
  const [asks, other] = [dhcp(T, 1), dhcp(T, 2)];
  queue.add(asks);
  queue.add(other);
  queue.take();
  queue.add(again(asks, T + 100));
  queue.add(again(other, T + 100));
  queue.add(script(T + 200, 1, 'boot'));
  expect(events(queue.take()).map(({ event }) => event.kind)).toEqual(['dhcp', 'script']);
  queue.letGo();
  expect(events(queue.take())).toMatchObject([{ event: { facts: other.facts } }]);
});

test('a clock that is set keeps nothing back for ever, and what is cleared counts with the rest', () => {
  const queue = new Queue();
  const asks = dhcp(T, 1);
  queue.add(asks);
  queue.take();
  queue.add(again(asks, T + 100));
  queue.letGo(T - 3_600_000);
  expect([queue.size, queue.keepsBack]).toEqual([1, false]);
  queue.take();
  queue.add(again(asks, T + 200));
  expect(queue.clear()).toBe(1);
  expect(queue.keepsBack).toBe(false);
});

test('what is kept back takes a place among those that may wait', () => {
  const queue = new Queue({ entries: 1, bytes: 1000 });
  queue.add(dhcp(T, 1));
  queue.take();
  expect([queue.add(dhcp(T + 1, 1)), queue.add(dhcp(T + 1, 2)), queue.add(dhcp(T + 2, 1))]).toEqual([
    true,
    false,
    true,
  ]);
});

test('other machines, and reports, stand for themselves', () => {
  const queue = new Queue();
  const told = script(T, 1, 'boot');
  for (const event of [told, { ...told, facts: script(T, 2, 'boot').facts } as JournalEvent]) queue.add(event);
  for (const event of [phoneHome(T, 1), phoneHome(T, 1)]) queue.add(event);
  expect(queue.size).toBe(4);
});

test('what is on its way is not changed any more', () => {
  const queue = new Queue();
  const told = script(T, 1, 'boot');
  queue.add(told);
  const [taken] = events(queue.take());
  queue.add(again(told, T + 1));
  expect(taken).toMatchObject({ times: 1, at: T });
  expect(events(queue.take())).toMatchObject([{ times: 1, at: T + 1 }]);
  // Also while others still wait.
  queue.add(told);
  for (let n = 0; n < 400; n += 1) queue.add(refused(T, 2, `/${n}`));
  const [first] = events(queue.take());
  queue.add(again(told, T + 2));
  expect(first).toMatchObject({ times: 1, at: T });
  expect(events(queue.take()).map(({ at }) => at)).toEqual([T, T + 2]);
  queue.addStep(download(1));
  const steps = queue.take();
  queue.addStep(download(2));
  expect(steps).toEqual([{ step: download(1) }]);
  expect(queue.take()).toEqual([{ step: download(2) }]);
});

test('batches are small, in order, and all there is', () => {
  const queue = new Queue();
  for (let n = 0; n < 1000; n += 1) queue.add(refused(T, 1, `/${n}`));
  const sizes: number[] = [];
  const whats: string[] = [];
  while (queue.size > 0) {
    const batch = events(queue.take());
    sizes.push(batch.length);
    whats.push(...batch.map(({ event }) => ('what' in event ? event.what : '')));
  }
  expect(sizes).toEqual([400, 400, 200]);
  expect(whats).toEqual(Array.from({ length: 1000 }, (_, n) => `/${n}`));
});

test('a batch of long texts ends early', () => {
  const queue = new Queue();
  for (let n = 0; n < 10; n += 1) queue.add(script(T, n, 'boot', { body: String(n).repeat(200_000) }));
  expect(events(queue.take())).toHaveLength(3);
});

test('a full queue takes only what it has already', () => {
  const queue = new Queue({ entries: 2, bytes: 1e6 });
  const told = script(T, 1, 'boot');
  expect([told, refused(T, 1), refused(T, 2), told].map((event) => queue.add(event))).toEqual([
    true,
    true,
    false,
    true,
  ]);
  expect([queue.addStep(download(1)), queue.clear(), queue.addStep(download(1))]).toEqual([false, 3, true]);
});

test('texts are bounded, too, and make room when they go', () => {
  const queue = new Queue({ entries: 100, bytes: 10 });
  expect(queue.add(script(T, 1, 'boot', { body: '123456' }))).toBe(true);
  expect(queue.add(script(T, 2, 'boot', { body: '123456' }))).toBe(false);
  queue.take();
  expect(queue.add(script(T, 2, 'boot', { body: '123456' }))).toBe(true);
});

test('a text crosses without what lies beside it in memory', () => {
  const queue = new Queue();
  const pool = new Uint8Array(1000).fill(7);
  const body = pool.subarray(10, 20);
  for (const n of [1, 2]) queue.add({ ...script(T, n, 'boot'), body } as JournalEvent);
  const bodies = events(queue.take()).map(({ event }) => ('body' in event ? event.body : undefined));
  expect(bodies[0]).toEqual(body);
  expect(bodies[0]?.buffer.byteLength).toBe(10);
  expect(bodies[1]).toBe(bodies[0]);
});

test('of a download only the last word waits', () => {
  const queue = new Queue();
  for (const step of [download(1), download(2), download(3, 'b'), download(4, 'a', 2), download(5)])
    queue.addStep(step);
  expect(queue.take()).toEqual([{ step: download(5) }, { step: download(3, 'b') }, { step: download(4, 'a', 2) }]);
});

test('how many there ever were, and how many are lost with them', () => {
  const queue = new Queue();
  const told = script(T, 1, 'boot');
  for (const event of [told, told, told, refused(T, 1)]) queue.add(event);
  queue.addStep(download(1));
  expect(queue.appended).toBe(3);
  expect(countOf(queue.take())).toBe(5);
  expect(queue.clear()).toBe(0);
});

test('a machine that always says something new costs no more each time', () => {
  const queue = new Queue({ entries: 1e6, bytes: 1e9 });
  const begin = performance.now();
  for (let n = 0; n < 100_000; n += 1) queue.add(refused(T, 1, `/${n}`));
  // Looking through all of them each time would be five thousand million looks.
  expect(performance.now() - begin).toBeLessThan(5000);
  expect(queue.size).toBe(100_000);
});
