import { describe, expect, it } from 'vitest';
import { programFor, targetOf } from '../../src/boot/boot-programs.ts';
import { bootOptions, dnsmasqConfig, type DnsmasqInput, etcdRecords, FIRMWARE } from '../../src/exports/dnsmasq.ts';
import { networkOf } from '../../src/exports/export-options.ts';
import { hostsOf } from '../../src/exports/host.ts';
import { parseOrigin } from '../../src/model/plan.ts';
import { dnsmasqTest } from '../support/dnsmasq-test.ts';
import { expectGolden } from '../support/golden.ts';
import { needs } from '../support/needs.ts';
import { missing, profileOf, sampleHosts, SERVER } from './sample.ts';

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
  [
    'ipv6',
    input({ server6: { address: 'fd00:122::10', origin: parseOrigin('http://[fd00:122::10]:4777') ?? SERVER.origin } }),
  ],
  ['network', input({ network: networkOf('192.168.122.1/24'), domain: 'lab.example' })],
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

describe('boot options', () => {
  it.each(FIRMWARE)('name for $tag what our own DHCP proxy would', (kind) => {
    for (const arch of kind.arches) {
      const target = targetOf(arch) ?? missing();
      expect(target.http).toBe(kind.http);
      expect(programFor(target)?.name).toBe(kind.program);
    }
  });

  it('know iPXE by its user class and by option 175, and send it to the script alone', () => {
    const options = bootOptions(SERVER);
    expect(options.slice(0, 2)).toEqual(['dhcp-userclass=set:ipxe,iPXE', 'dhcp-match=set:ipxe,175']);
    const boots = options.filter((option) => option.startsWith('dhcp-boot='));
    expect(boots.filter((option) => !option.includes('tag:!ipxe'))).toEqual([
      'dhcp-boot=tag:ipxe,http://192.168.122.10:4777/boot.ipxe',
    ]);
  });

  it('repeat the vendor class to every HTTP Boot client, asked or not', () => {
    const options = bootOptions(SERVER);
    for (const { tag } of FIRMWARE.filter(({ http }) => http)) {
      expect(options).toContain(`dhcp-option-force=tag:!ipxe,tag:${tag},60,HTTPClient`);
    }
  });

  it('refuse a URL that the boot file field would cut', () => {
    const origin = (length: number) => parseOrigin(`http://h/${'a'.repeat(length - 9)}`) ?? missing();
    const longest = '/firmware/snponly-arm64.efi'.length;
    expect(() => bootOptions({ ...SERVER, origin: origin(127 - longest) })).not.toThrow();
    expect(() => bootOptions({ ...SERVER, origin: origin(128 - longest) })).toThrow(/does not fit/);
  });
});
