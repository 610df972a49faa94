import { expect, test, vi } from 'vitest';
import { arpTable, createNeighbours, ipTable } from '../../src/net/neighbours.ts';
import { recordLog } from '../support/http-server.ts';

const ARP = `IP address       HW type     Flags       HW address            Mask     Device
10.0.0.7         0x1         0x2         52:54:00:55:1c:ee     *        eth0
10.0.0.8         0x1         0x0         00:00:00:00:00:00     *        eth0
10.0.0.9         0x1         0x0         52:54:00:55:1c:01     *        eth0
10.0.0.10        0x1         0x6         52:54:00:55:1C:0A     *        eth0
10.0.0.11        0x1         0x2         00:00:00:00:00:00     *        eth0
10.0.0.12        0x1         0x2         52:54:00:55:1c:0c     *        eth0
10.0.0.12        0x1         0x2         52:54:00:55:1c:0d     *        eth1
10.0.0.13        0x1         0x2         52:54:00:55:1c:0f     *        eth0
10.0.0.13        0x1         0x2         52:54:00:55:1c:0f     *        eth1
10.0.0.14        0x20        0x2         80:00:02:08:fe:80:00:00:00:00:00:00:e4:1d:2d:03:00:50:00:01 *  ib0
`;

const NEIGH = JSON.stringify([
  { dst: 'fe80::1', dev: 'eth0', lladdr: '52:54:00:55:1c:ee', state: ['REACHABLE'] },
  { dst: 'fe80::1', dev: 'eth1', lladdr: '52:54:00:55:1c:ef', state: ['STALE'] },
  { dst: '2001:DB8::7', dev: 'eth0', lladdr: '52:54:00:55:1c:ee', state: ['DELAY'] },
  { dst: '2001:db8::8', dev: 'eth0', state: ['FAILED'] },
  { dst: '2001:db8::9', dev: 'eth0', lladdr: '52:54:00:55:1c:ee', state: ['FAILED'] },
  { dst: '2001:db8::a', dev: 'eth0', state: ['INCOMPLETE'] },
  { dst: '2001:db8::b', dev: 'eth0', lladdr: '52:54:00:55:1c:0b', state: ['PERMANENT'] },
  { dst: '2001:db8::c', dev: 'eth0', lladdr: 'x', state: ['REACHABLE'] },
  { dst: 7, dev: 'eth0', lladdr: '52:54:00:55:1c:0b', state: ['REACHABLE'] },
  null,
  'text',
]);

const neighbours = createNeighbours(recordLog(), { arp: async () => ARP, ipv6: async () => NEIGH });

test.each([
  ['10.0.0.7', '52:54:00:55:1c:ee'],
  ['10.0.0.10', '52:54:00:55:1c:0a'],
  ['10.0.0.13', '52:54:00:55:1c:0f'],
  ['2001:db8::7', '52:54:00:55:1c:ee'],
  ['2001:db8::b', '52:54:00:55:1c:0b'],
  ['fe80::1%eth0', '52:54:00:55:1c:ee'],
  // The packets of a connection that stands go to a stale entry, too.
  ['fe80::1%eth1', '52:54:00:55:1c:ef'],
])('%s is at %s', async (address, mac) => {
  expect(await neighbours.macOf(address)).toBe(mac);
});

test.each([
  ['incomplete', '10.0.0.8'],
  ['failed, with the card that it had', '10.0.0.9'],
  ['no card', '10.0.0.11'],
  ['another card at another interface', '10.0.0.12'],
  ['no Ethernet', '10.0.0.14'],
  ['behind a router', '10.9.9.9'],
  ['failed', '2001:db8::8'],
  ['failed, with the card that it had', '2001:db8::9'],
  ['incomplete', '2001:db8::a'],
  ['a card that is none', '2001:db8::c'],
  ['link-local, of no interface', 'fe80::1'],
  ['no address', ''],
])('%s: nothing is known of %s', async (_, address) => {
  expect(await neighbours.macOf(address)).toBeUndefined();
});

test('an entry that changes counts from the next question on', async () => {
  let text = ARP;
  const changing = createNeighbours(recordLog(), { arp: async () => text, ipv6: async () => '[]' });
  expect(await changing.macOf('10.0.0.7')).toBe('52:54:00:55:1c:ee');
  text = ARP.replace('52:54:00:55:1c:ee', '52:54:00:66:66:66');
  expect(await changing.macOf('10.0.0.7')).toBe('52:54:00:66:66:66');
});

test('a table that cannot be read knows nothing, and says so once', async () => {
  const log = recordLog();
  const broken = createNeighbours(log, {
    arp: async () => Promise.reject(new Error('EACCES')),
    ipv6: async () => 'no json',
  });
  expect(await broken.macOf('10.0.0.7')).toBeUndefined();
  expect(await broken.macOf('fe80::1%eth0')).toBeUndefined();
  expect(await broken.macOf('10.0.0.7')).toBeUndefined();
  expect(log.of('warn')).toHaveLength(1);
});

test('tables without entries are empty', () => {
  expect([arpTable('').size, ipTable('').size, ipTable('{}').size]).toEqual([0, 0, 0]);
});

test('the table of this host can be read', async () => {
  const log = recordLog();
  const real = createNeighbours(log);
  expect(await real.macOf('203.0.113.9')).toBeUndefined();
  expect(log.lines).toEqual([]);
});

test('a crowd that asks at once costs two looks, and each is told what was read after it asked', async () => {
  const reads: (() => void)[] = [];
  let mac = '52:54:00:55:1c:01';
  const crowded = createNeighbours(recordLog(), {
    arp: async () => Promise.resolve(ARP),
    ipv6: () =>
      new Promise((resolve) => {
        const text = JSON.stringify([{ dst: '2001:db8::7', dev: 'eth0', lladdr: mac, state: ['REACHABLE'] }]);
        reads.push(() => {
          resolve(text);
        });
      }),
  });
  const first = crowded.macOf('2001:db8::7');
  mac = '52:54:00:55:1c:02';
  const crowd = Array.from({ length: 100 }, async () => await crowded.macOf('2001:db8::7'));
  expect(reads).toHaveLength(1);
  reads[0]?.();
  expect(await first).toBe('52:54:00:55:1c:01');
  await vi.waitUntil(() => reads.length > 1);
  reads[1]?.();
  expect(new Set(await Promise.all(crowd))).toEqual(new Set(['52:54:00:55:1c:02']));
  expect(reads).toHaveLength(2);
});

test('a look that failed keeps nobody from the next one', async () => {
  let looks = 0;
  const flaky = createNeighbours(recordLog(), {
    arp: async () => {
      looks += 1;
      return looks === 1 ? Promise.reject(new Error('gone')) : Promise.resolve(ARP);
    },
    ipv6: async () => Promise.resolve(NEIGH),
  });
  const [one, two] = await Promise.all([flaky.macOf('10.0.0.7'), flaky.macOf('10.0.0.7')]);
  expect([one, two, looks]).toEqual([undefined, '52:54:00:55:1c:ee', 2]);
});
