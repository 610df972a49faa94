import { describe, expect, it } from 'vitest';
import { addressPoolDiagnostics } from '../../src/doctor/addresses.ts';
import type { LocalAddress } from '../../src/net/addresses.ts';
import type { DhcpSettings } from '../../src/settings/settings.ts';
import { NO_FACTS, pools } from '../support/dhcp-leases.ts';
import { makeFolder } from '../support/folder.ts';
import { settingsFor } from '../support/app-context.ts';

const LOCAL: readonly LocalAddress[] = [
  { interfaceName: 'eth0', address: '10.0.0.2', family: 4, internal: false, netmask: '255.255.255.0' },
  { interfaceName: 'eth0', address: 'fe80::1', family: 6, internal: false, netmask: undefined },
];
const NOW = 1_000_000;
const node = (name: string, n: number, ip: string) => ({ name, mac: `52:54:00:00:00:0${n}`, ip });

const lease = (address: string, n: number, more: object = {}): string =>
  `${JSON.stringify({ address, mac: `52:54:00:00:01:0${n}`, state: 'bound', at: 1, until: NOW + 1, ...more })}\n`;

async function look(range: string, files: { nodes?: readonly object[]; leases?: string; relays?: string[] } = {}) {
  const { nodes = [], leases, relays = [] } = files;
  const dir = makeFolder({
    'profiles/a.json': { system: 'custom', kernel: 'k', nodes },
    ...(leases === undefined ? {} : { 'state/leases.jsonl': leases }),
  });
  const server = {
    ...NO_FACTS,
    pools: pools(range),
    leaseSeconds: 3600,
    authoritative: true,
    probe: false,
    networks6: [],
  };
  const dhcp: DhcpSettings = {
    ...{ listen: { host: '0.0.0.0', port: 67 }, relays, localBoot: 'silent' },
    server: { ...server, besideOthers: false },
  };
  const found = await addressPoolDiagnostics(settingsFor(dir, { dhcp }), LOCAL, NOW);
  return found.map(({ severity, message }) => `${severity}: ${message}`);
}

describe('the only DHCP server’s addresses', () => {
  it('are counted: those given out, without what has ended, was released or is another’s by its profile', async () => {
    const leases = [
      lease('10.0.0.10', 1),
      lease('10.0.0.11', 2, { until: NOW }),
      lease('10.0.0.12', 3, { state: 'released' }),
      lease('10.0.0.13', 4, { state: 'resting' }),
      lease('10.0.0.14', 5),
      lease('10.9.9.9', 6),
    ].join('');
    const nodes = [node('n', 1, '10.0.0.14')];
    expect(await look('10.0.0.10-10.0.0.19,10.0.0.20-10.0.0.29', { leases, nodes })).toEqual([
      'ok: 10.0.0.0/24: 2 of 19 addresses given out',
    ]);
  });

  it('that are all given out are an error, and nearly all a warning', async () => {
    const leases = [10, 11, 12, 13].map((last) => lease(`10.0.0.${last}`, last - 9)).join('');
    expect(await look('10.0.0.10-10.0.0.13', { leases })).toEqual([
      'error: 10.0.0.0/24: 4 of 4 addresses given out: a new machine gets none',
    ]);
    const nine = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => lease(`10.0.0.${n + 99}`, n)).join('');
    expect(await look('10.0.0.100-10.0.0.109', { leases: nine })).toEqual([
      'warning: 10.0.0.0/24: 9 of 10 addresses given out: nearly all',
    ]);
  });

  it('do not count this host, the network and its broadcast', async () => {
    expect(await look('10.0.0.0-10.0.0.255')).toEqual(['ok: 10.0.0.0/24: 0 of 253 addresses given out']);
    expect(await look('10.0.0.0/24')).toEqual([
      'ok: 10.0.0.0/24: only machines that a profile gives an address get one',
    ]);
  });

  it('outside of every network of this host are an error where they are all there is, else a warning', async () => {
    const outside = 'no interface of this host is in a network that holds all of 10.7.0.10-10.7.0.20';
    expect(await look('10.7.0.10-10.7.0.20')).toEqual([expect.stringContaining(`error: ${outside}`)]);
    expect(await look('10.7.0.10-10.7.0.20,10.0.0.10-10.0.0.12')).toEqual([
      expect.stringContaining(`warning: ${outside}`),
      'ok: 10.0.0.0/24: 0 of 3 addresses given out',
    ]);
    expect((await look('10.9.0.10-10.9.0.20/24'))[0]).toMatch(
      /^warning: .*10\.9\.0\.0\/24, and no relay in it is named$/,
    );
    expect(await look('10.9.0.10-10.9.0.20/24', { relays: ['10.9.0.1'] })).toEqual([
      'ok: 10.9.0.0/24: 0 of 11 addresses given out',
    ]);
  });

  it('of a profile in no network are named with their place', async () => {
    expect((await look('10.0.0.10-10.0.0.12', { nodes: [node('n', 1, '10.7.0.1')] }))[0]).toBe(
      'warning: profiles/a.json nodes[0].ip: 10.7.0.1 is in no network in which DHCP hands out addresses (10.0.0.0/24)',
    );
  });

  it('are no matter where another server gives them', async () => {
    expect(await addressPoolDiagnostics(settingsFor(makeFolder({})), LOCAL, NOW)).toEqual([]);
  });
});

it('DHCPv6 is answered where this host has an address, and said where nothing is', async () => {
  const network = (text: string, prefix: string) => ({ text, prefix: Buffer.from(prefix, 'hex') });
  const networks6 = [
    network('fd00::/64', 'fd00000000000000'),
    network('fd00:9::/64', 'fd00000900000000'),
    network('fd00:7::/64', 'fd00000700000000'),
  ];
  const server = {
    ...NO_FACTS,
    networks6,
    pools: [],
    leaseSeconds: 3600,
    authoritative: true,
    probe: false,
    besideOthers: false,
  };
  const dhcp: DhcpSettings = {
    listen: { host: '0.0.0.0', port: 67 },
    relays: ['fd00:7::1', '10.0.0.1'],
    localBoot: 'silent',
    server,
  };
  const local: readonly LocalAddress[] = [
    ...LOCAL,
    { interfaceName: 'eth0', address: 'fd00::2', family: 6, internal: false, netmask: undefined },
  ];
  const found = await addressPoolDiagnostics(settingsFor(makeFolder({}), { dhcp }), local, NOW);
  expect(found.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
    'ok: fd00::/64: DHCPv6 is answered on eth0, as fd00::2; a router there must send machines to it (the M flag)',
    'error: no interface of this host has an address in fd00:9::/64, and no relay in it is named',
  ]);
});
