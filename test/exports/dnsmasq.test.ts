import { describe, expect, it } from 'vitest';
import { dnsmasqConfig, type DnsmasqInput, etcdRecords } from '../../src/exports/dnsmasq.ts';
import { hostsOf, parseNetwork } from '../../src/exports/host.ts';
import { dnsmasqTest } from '../support/dnsmasq-test.ts';
import { expectGolden } from '../support/golden.ts';
import { needs } from '../support/needs.ts';
import { profileOf, sampleHosts, SERVER } from './sample.ts';

const hosts = hostsOf([
  profileOf('infra', [
    { name: 'b', ip: '10.0.0.2' },
    { name: 'a', ip: '10.0.0.1' },
  ]),
  profileOf('bare', [{ name: 'c' }]),
]);

describe('SRV records for etcd', () => {
  it('name peers at 2380, clients at 2379, and where each name is', () => {
    expect(etcdRecords(hosts, 'infra', 'lab.example').slice(1)).toEqual([
      'host-record=a.lab.example,10.0.0.1',
      'host-record=b.lab.example,10.0.0.2',
      'srv-host=_etcd-server._tcp.lab.example,a.lab.example,2380,0,100',
      'srv-host=_etcd-server._tcp.lab.example,b.lab.example,2380,0,100',
      'srv-host=_etcd-client._tcp.lab.example,a.lab.example,2379,0,100',
      'srv-host=_etcd-client._tcp.lab.example,b.lab.example,2379,0,100',
    ]);
  });

  it('have no -ssl beside them, which etcd would mix up', () => {
    expect(etcdRecords(hosts, 'infra', 'lab.example').join('\n')).not.toContain('-ssl');
  });

  it('refuse a profile without nodes, and a member without an address, by name', () => {
    expect(() => etcdRecords(hosts, 'infar', 'lab.example')).toThrow('the profile infar has no nodes');
    expect(() => etcdRecords(hosts, 'bare', 'lab.example')).toThrow('the etcd member c has no ip');
  });
});

const input = (more: Partial<DnsmasqInput> = {}): DnsmasqInput => ({
  hosts: sampleHosts(),
  server: SERVER,
  domain: undefined,
  network: undefined,
  etcd: undefined,
  ...more,
});

const CASES: readonly (readonly [string, DnsmasqInput])[] = [
  ['plain', input()],
  ['network', input({ network: parseNetwork('192.168.122.1/24'), domain: 'lab.example' })],
  [
    'etcd',
    input({
      hosts: hostsOf([
        profileOf('infra', [
          { name: 'infra0', mac: '525400000010', ip: '10.0.1.10' },
          { name: 'infra1', mac: '525400000011', ip: '10.0.1.11' },
        ]),
        profileOf('other', [{ name: 'w', mac: '525400000012' }]),
      ]),
      domain: 'lab.example',
      etcd: 'infra',
    }),
  ],
  ['empty', input({ hosts: [] })],
];

describe('the dnsmasq file', () => {
  it.each(CASES)('%s: as in the golden', (name, given) => {
    expectGolden(`exports/dnsmasq-${name}.conf`, dnsmasqConfig(given));
  });

  it('gives a machine whose name dnsmasq would misread its address all the same', () => {
    const text = dnsmasqConfig(input({ hosts: hostsOf([profileOf('p', [{ name: '10m', mac: '525400000001' }])]) }));
    expect(text).not.toMatch(/^dhcp-host=/m);
    expect(dnsmasqConfig(input())).toContain('\ndhcp-host=52:54:00:00:00:0a,192.168.122.210\n');
  });
});

const dnsmasq = needs({ commands: ['dnsmasq'] });

dnsmasq.describe('dnsmasq --test', () => {
  it.each(CASES)('accepts %s', (_name, given) => {
    expect(dnsmasqTest(dnsmasqConfig(given))).toContain('syntax check OK');
  });

  it('reads names at the edges of what we pass on', () => {
    const names = ['a_b', 'A', 'x'.repeat(63), '10x', 'a.10', `${'a.'.repeat(126)}b`, '10', 'infinite'];
    const nodes = names.map((name, i) => ({ name, mac: `5254000000${(16 + i).toString(16)}` }));
    expect(dnsmasqTest(dnsmasqConfig(input({ hosts: hostsOf([profileOf('p', nodes)]) })))).toContain('OK');
  });

  it('would say no to a mistake', () => {
    expect(() => dnsmasqTest('dhcp-host=52:54:00:55:1c:ee,192.168.122.2,a b c,,,\n')).toThrow();
  });
});
