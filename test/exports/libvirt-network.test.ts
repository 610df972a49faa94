import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { bootOptions } from '../../src/exports/dnsmasq.ts';
import { networkOf } from '../../src/exports/export-options.ts';
import { libvirtNetwork, type LibvirtNetworkInput } from '../../src/exports/libvirt.ts';
import { dnsmasqTest } from '../support/dnsmasq-test.ts';
import { expectGolden } from '../support/golden.ts';
import { needs } from '../support/needs.ts';
import { sampleHosts, SERVER } from './sample.ts';

const input = (more: Partial<LibvirtNetworkInput> = {}): LibvirtNetworkInput => ({
  hosts: sampleHosts(),
  server: SERVER,
  domain: undefined,
  network: networkOf('192.168.122.1/24'),
  ...more,
});

describe('the libvirt network', () => {
  it('is as in the golden', () => {
    expectGolden('exports/libvirt-network.xml', libvirtNetwork(input({ domain: 'lab.example' })));
  });

  it('passes dnsmasq the same boot options as the dnsmasq file', () => {
    const passed = [...libvirtNetwork(input()).matchAll(/<dnsmasq:option value='([^']*)'/g)].map((match) => match[1]);
    expect(passed).toEqual(bootOptions(SERVER));
  });

  it('says in a comment why a machine is not in it; two hyphens would end the comment', () => {
    const comments = libvirtNetwork(input()).match(/<!--.*?-->/g) ?? [];
    expect(comments.slice(1)).toEqual([
      '<!-- by- -uuid: no mac in its profile -->',
      '<!-- db_1.lab: its address is not IPv4 -->',
      '<!-- far: 10.1.2.3 is not in this network -->',
      '<!-- no-address: no ip in its profile -->',
    ]);
  });

  it('has the SRV records of an etcd cluster, and no comment among them', () => {
    const text = libvirtNetwork(input({ domain: 'lab.example', etcd: 'elsewhere' }));
    const passed = [...text.matchAll(/<dnsmasq:option value='([^']*)'/g)].map((match) => match[1]);
    expect(passed.slice(bootOptions(SERVER).length)).toEqual([
      'host-record=far.lab.example,10.1.2.3',
      'srv-host=_etcd-server._tcp.lab.example,far.lab.example,2380,0,100',
      'srv-host=_etcd-client._tcp.lab.example,far.lab.example,2379,0,100',
    ]);
  });

  it('leaves out a name that dnsmasq would take for a lease time', () => {
    expect(libvirtNetwork(input())).toContain("<host mac='52:54:00:00:00:0a' ip='192.168.122.210'/>");
  });
});

// Debian: libvirt-clients, with libxml2-utils.
const VALIDATE = 'virt-xml-validate';
const validate = (text: string) => spawnSync(VALIDATE, ['-', 'network'], { input: text, encoding: 'utf8' });

needs({ commands: [VALIDATE, 'xmllint'] }).describe("libvirt's own schema", () => {
  it.each([
    ['with machines', input({ domain: 'lab.example' })],
    ['without any', input({ hosts: [] })],
    ['with records for etcd', input({ domain: 'lab.example', etcd: 'elsewhere' })],
  ])('accepts a network %s', (_what, given) => {
    const { status, stderr } = validate(libvirtNetwork(given));
    expect({ status, stderr }).toMatchObject({ status: 0 });
  });

  it('would say no to a mistake', () => {
    expect(validate(libvirtNetwork(input()).replaceAll('<host ', '<hots ')).status).not.toBe(0);
  });
});

needs({ commands: ['dnsmasq'] }).test('dnsmasq accepts what libvirt would pass to it', () => {
  expect(dnsmasqTest(`${bootOptions(SERVER).join('\n')}\n`)).toContain('OK');
});
