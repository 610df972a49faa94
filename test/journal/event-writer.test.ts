import { expect, test } from 'vitest';
import { HELD_MS, openAddresses } from '../../src/journal/event-writer.ts';
import type { JournalEvent } from '../../src/model/journal-event.ts';
import type { RecordedMachine } from '../../src/model/views.ts';
import { nameOf, originOf } from '../support/app-context.ts';
import * as setup from './setup.ts';
import {
  addressOf,
  dhcp,
  document,
  entryOf,
  factsOf,
  image,
  macOf,
  MINUTE,
  openSetup,
  phoneHome,
  refused,
  script,
  SECOND,
  type Setup,
  T,
  tftp,
} from './setup.ts';

test('an address is the last user\u0027s, for a quarter of an hour', () => {
  const addresses = openAddresses(openSetup().db);
  expect(addresses.holder('a', T)).toBeUndefined();
  addresses.used('a', 1, T);
  addresses.used('b', 2, T);
  expect([addresses.holder('a', T + HELD_MS), addresses.holder('a', T + HELD_MS + 1)]).toEqual([1, undefined]);
  addresses.used('a', 2, T + HELD_MS);
  expect(addresses.holder('a', T + HELD_MS + 1)).toBe(2);
});

test('what is forgotten is read from the machines: whoever used it last', () => {
  const { db, feed } = openSetup();
  feed(script(T, 1, 'boot'), { ...script(T + 5, 2, 'boot'), from: '10.0.0.1' });
  const addresses = openAddresses(db);
  addresses.used('10.0.0.1', 7, T + 9);
  addresses.forget();
  expect(addresses.holder('10.0.0.1', T + 6)).toBe(2);
  expect(addresses.holder('10.0.0.1', T + 5 + HELD_MS + 1)).toBeUndefined();
});

function historyOf({ store }: Setup, n = 1, now = T): RecordedMachine {
  return store.machine(macOf(n), now) ?? expect.fail('nobody knows it');
}

/** Its boots, oldest first, as the kinds of their events. */
function boots(at: Setup, n = 1): readonly string[] {
  return historyOf(at, n)
    .boots.map(({ events }) => events.map(({ kind }) => kind).join(' '))
    .reverse();
}

test('the whole story of a boot is one boot, with what it took', () => {
  const at = openSetup();
  at.feed(
    dhcp(T, 1),
    tftp(T + 2 * SECOND, 1),
    script(T + 10 * SECOND, 1, 'boot', { deadline: T + 9 * MINUTE }),
    image(T + 12 * SECOND, 1),
    image(T + 22 * SECOND, 1, 'flatcar/amd64/1.0/initrd', 9000),
    document(T + 30 * SECOND, 1),
    phoneHome(T + 41 * SECOND, 1, { hostname: 'node-1' }),
  );
  const { row, boots: all } = historyOf(at);
  expect(boots(at)).toEqual(['dhcp tftp script file file document phone-home']);
  expect(all[0]).toMatchObject({ at: T, outcome: 'boot', profile: 'workers', version: '1.0', ms: 41 * SECOND });
  expect(all[0]).toMatchObject({ upAt: T + 41 * SECOND });
  expect(row).toMatchObject({
    ...{ key: macOf(1), mac: macOf(1), name: 'w1', hostname: 'node-1', address: addressOf(1), state: 'up' },
    ...{ since: T + 41 * SECOND, firstSeen: T, lastSeen: T + 41 * SECOND },
    ...{ profile: 'workers', version: '1.0', because: 'it is w1', boots: [41 * SECOND] },
  });
});

test('a machine that starts over begins a new boot', () => {
  const at = openSetup();
  at.feed(dhcp(T, 1), script(T + SECOND, 1, 'boot'), phoneHome(T + 2 * SECOND, 1), dhcp(T + 3 * SECOND, 1));
  at.feed(script(T + 4 * SECOND, 1, 'boot'), document(T + 5 * SECOND, 1), script(T + 6 * SECOND, 1, 'boot'));
  expect(boots(at)).toEqual(['dhcp script phone-home', 'dhcp script document', 'script']);
});

test('the last twenty durations stay, oldest first; a system that reports twice has booted once', () => {
  const at = openSetup();
  for (let boot = 0; boot < 22; boot += 1) {
    const begin = T + boot * MINUTE;
    at.feed(dhcp(begin, 1), script(begin + 1, 1, 'boot'), phoneHome(begin + 100 + boot, 1), phoneHome(begin + 999, 1));
  }
  const { row, boots: all } = historyOf(at);
  expect(row.boots).toEqual(Array.from({ length: 20 }, (_, n) => 102 + n));
  expect(all).toHaveLength(20);
  expect(all[0]?.upAt).toBe(T + 21 * MINUTE + 121);
});

test('a report out of the blue is no boot that took no time', () => {
  const at = openSetup();
  at.feed(phoneHome(T, 1));
  expect(historyOf(at)).toMatchObject({ row: { state: 'up', boots: [] }, boots: [{ upAt: T }] });
  expect(historyOf(at).boots[0]).not.toHaveProperty('ms');
});

test('the same over and over is one row with how often', () => {
  const at = openSetup();
  for (let n = 0; n < 100; n += 1) at.feed(script(T + n * 5 * SECOND, 1, 'waiting'));
  const [boot] = historyOf(at).boots;
  expect(boot?.events).toMatchObject([{ kind: 'script', times: 100, at: T + 495 * SECOND }]);
  expect(at.db.prepare('SELECT count(*) AS n FROM event').get()).toEqual({ n: 1 });
});

test('again after a minute, or in other words, is a row of its own; so is what goes on for an hour', () => {
  const at = openSetup();
  at.feed(refused(T, 1), refused(T + MINUTE, 1), refused(T + 2 * MINUTE + 1, 1));
  expect(historyOf(at).boots[0]?.events.map(({ times }) => times)).toEqual([2, 1]);
  at.feed(script(T + 3 * MINUTE, 1, 'waiting'), script(T + 3 * MINUTE, 1, 'waiting', { body: 'x' }));
  at.feed(script(T + 3 * MINUTE, 1, 'waiting'));
  expect(historyOf(at).boots[0]?.events).toHaveLength(5);
  for (let n = 0; n <= 122; n += 1) at.feed(script(T + n * 30 * SECOND, 2, 'waiting'));
  expect(historyOf(at, 2).boots[0]?.events.map(({ times }) => times)).toEqual([121, 2]);
});

test('parts of a file are one row: all bytes, from the first to the last', () => {
  const at = openSetup();
  at.feed(script(T, 1, 'boot'), image(T + 2000, 1), image(T + 2500, 1), image(T + 5000, 1));
  const event = historyOf(at).boots[0]?.events[1];
  expect(event).toMatchObject({ times: 3, bytes: 3 * 54_525_952, ms: 5000 - 800, at: T + 5000 });
  expect(event?.text).toBe('vmlinuz, 156 MiB in 4.2 s (37.1 MiB/s) in 3 requests');
});

test('what comes from an address belongs to the machine that used it last, for a quarter of an hour', () => {
  const at = openSetup();
  at.feed(script(T, 1, 'boot'), image(T + 15 * MINUTE + 1000, 1));
  at.feed(image(T + 30 * MINUTE + 1001 + 1200, 1, 'late', 0));
  expect(boots(at)).toEqual(['script file']);
  // Another machine got the address.
  at.feed({ ...script(T + 40 * MINUTE, 2, 'boot'), from: addressOf(1) }, image(T + 41 * MINUTE, 1));
  expect(boots(at)).toEqual(['script file']);
  expect(boots(at, 2)).toEqual(['script file']);
});

test('who used an address is known after a restart', () => {
  const file = setup.databaseFile();
  openSetup({}, file).feed(script(T, 1, 'boot'));
  const at = openSetup({}, file);
  at.feed(image(T + MINUTE, 1));
  expect(boots(at)).toEqual(['script file']);
});

test.each([
  ['script', script(T + 5 * MINUTE, 1, 'boot')],
  ['document', document(T + 5 * MINUTE, 1)],
  ['dhcp', { ...dhcp(T + 5 * MINUTE, 1), from: addressOf(1) }],
] as const)('TFTP before the %s that names the machine is its own, for five minutes', (kind, naming) => {
  const at = openSetup();
  at.feed(tftp(T - 1, 1, 'too-old.efi', 0), tftp(T, 1, 'undionly.kpxe', 0), tftp(T + 1, 1, 'autoexec.ipxe', 0));
  at.feed(tftp(T + 1, 2));
  at.feed(naming);
  expect(boots(at)).toEqual([`tftp tftp ${kind}`]);
  expect(historyOf(at)).toMatchObject({ row: { firstSeen: T }, boots: [{ at: T }] });
  expect(at.db.prepare('SELECT whose FROM stray').all()).toEqual([{ whose: addressOf(2) }]);
});

test('TFTP of a machine that starts over begins its new boot', () => {
  const at = openSetup();
  at.feed(dhcp(T, 1), script(T + 1, 1, 'boot'), phoneHome(T + 2, 1));
  // An hour later none holds the address any more.
  at.feed(tftp(T + 60 * MINUTE, 1), script(T + 60 * MINUTE + 1, 1, 'boot'));
  expect(boots(at)).toEqual(['dhcp script phone-home', 'tftp script']);
});

test('a report names no one else: the TFTP of somebody before stays alone', () => {
  const at = openSetup();
  at.feed(tftp(T, 1), phoneHome(T + 1, 1));
  expect(boots(at)).toEqual(['phone-home']);
});

test('a script for a profile alone keeps its text until its machine is known', () => {
  const at = openSetup();
  const nameless = { ...script(T, 1, 'boot', { body: '#!ipxe\n# old way\n' }), facts: {} };
  at.feed(nameless, document(T + 1, 1));
  const digest = historyOf(at).boots[0]?.events[0]?.digest ?? '';
  expect(Buffer.from(at.store.sent(digest) ?? []).toString()).toBe('#!ipxe\n# old way\n');
});

test('an event without an address and without a machine is not kept, and not a loss', () => {
  const at = openSetup();
  const { store } = at;
  const nobody: JournalEvent = { kind: 'refused', at: T, what: '/x', status: 404, message: 'no' };
  expect(store.write([entryOf(nobody, 7)])).toEqual({
    machines: [],
    byProfile: false,
    lost: 0,
    newcomers: 0,
    removed: 0,
  });
  expect(at.db.prepare('SELECT count(*) AS n FROM stray').get()).toEqual({ n: 0 });
});

test('a boot of very many events keeps its end out of the database, and goes on', () => {
  const at = openSetup();
  at.store.write(Array.from({ length: 2100 }, (_, n) => entryOf(refused(T + n, 1, `/${n}`))));
  expect(at.db.prepare('SELECT count(*) AS n FROM event').get()).toEqual({ n: 2000 });
  at.feed(phoneHome(T + 5000, 1));
  expect(historyOf(at).row.state).toBe('up');
});

test('what an operator did to a machine that was never seen is told with its first boot', () => {
  const at = openSetup();
  at.store.know(
    { nodes: [{ key: macOf(1), name: 'w1', profile: 'workers', version: '1.0' }], round: 1, last: true },
    T,
  );
  at.feed(setup.operator(T, 1, 'reinstall'));
  expect(historyOf(at)).toMatchObject({ row: { state: 'assigned' }, boots: [] });
  expect(historyOf(at).row).not.toHaveProperty('lastSeen');
  at.feed(script(T + 60 * MINUTE, 1, 'install'));
  expect(boots(at)).toEqual(['operator script']);
});

test('why nobody knew a machine is not said any more after it was adopted', () => {
  const at = openSetup();
  at.feed(script(T, 1, 'unknown', { because: 'no profile names it' }), setup.operator(T + 1, 1, 'adopt'));
  const { row } = historyOf(at);
  expect(row.state).toBe('assigned');
  expect(row).not.toHaveProperty('because');
  expect(row.lastSeen).toBe(T);
});

test('facts are kept, and completed by what comes later', () => {
  const at = openSetup();
  at.feed({ ...dhcp(T, 1), facts: factsOf(1, { product: 'KVM' }) });
  at.feed(script(T + 1, 1, 'boot', { facts: factsOf(1, { serial: 'S1' }) }));
  expect(historyOf(at).row).toMatchObject({ product: 'KVM', serial: 'S1' });
});

test('events that come late do not turn back the clock', () => {
  const at = openSetup();
  at.feed(script(T, 1, 'boot'), image(T - MINUTE, 1));
  expect(historyOf(at).row).toMatchObject({ lastSeen: T, firstSeen: T - MINUTE - 1200 });
});

test('what a machine asked last is kept as data; rows of older versions have none', () => {
  const at = openSetup();
  const question = {
    origin: originOf('boot.lan:80'),
    choice: nameOf('rescue'),
    facts: { ...factsOf(1), platform: 'efi' },
  } as const;
  at.feed(script(T, 1, 'boot', { question, facts: question.facts }));
  expect(at.store.machine(macOf(1), T)?.asked).toEqual(question);
  // What it says of itself elsewhere is no part of what it asked.
  at.feed({ ...dhcp(T + SECOND, 1), facts: factsOf(1, { product: 'KVM' }) });
  expect(at.store.machine(macOf(1), T)).toMatchObject({ asked: question, row: { product: 'KVM' } });
  at.feed(script(T + SECOND, 2, 'boot'));
  expect(at.store.machine(macOf(2), T)?.asked).toBeUndefined();
});
