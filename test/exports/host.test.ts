import { describe, expect, it } from 'vitest';
import { compare, hostsOf, isPlainName } from '../../src/exports/host.ts';
import { profileOf } from './sample.ts';

describe('the nodes of all profiles', () => {
  it('come by name, whatever the order of files', () => {
    const a = profileOf('a', [
      { name: 'z', mac: '525400000001' },
      { name: 'B', mac: '525400000002' },
    ]);
    const b = profileOf('b', [{ name: 'm', mac: '525400000003', ip: '10.0.0.1' }]);
    expect(hostsOf([a, b]).map(({ name }) => name)).toEqual(['B', 'm', 'z']);
    expect(hostsOf([b, a])).toEqual(hostsOf([a, b]));
  });

  it('know whether their address is IPv4 or IPv6', () => {
    const hosts = hostsOf([
      profileOf('a', [{ name: 'x', ip: '10.0.0.1' }, { name: 'y', ip: '2001:db8::1' }, { name: 'z' }]),
    ]);
    expect(hosts.map(({ family }) => family)).toEqual([4, 6, undefined]);
  });

  it.each([
    ['a name with a line break', { name: 'a\ndhcp-script=/bin/sh' }, /is no host name/],
    ['a name with a comma', { name: 'a,b' }, /is no host name/],
    ['a name with a blank', { name: 'a b' }, /is no host name/],
    ['a name that begins with a hyphen', { name: '-a' }, /is no host name/],
    ['a label that ends with a hyphen', { name: 'a-.b' }, /is no host name/],
    ['an empty label', { name: 'a..b' }, /is no host name/],
    ['a label of 64 letters', { name: 'a'.repeat(64) }, /is no host name/],
    ['a name of 254 letters', { name: `${'a.'.repeat(126)}ab` }, /is no host name/],
    ['an address out of range', { name: 'a', ip: '10.0.0.256' }, /is no address/],
    ['a line break in an address', { name: 'a', ip: '::1\n' }, /is no address/],
  ])('refuses %s, naming the place', (_what, node, message) => {
    const run = (): unknown => hostsOf([profileOf('p', [{ name: 'good' }, node])]);
    expect(run).toThrow(message);
    expect(run).toThrow(
      expect.objectContaining({ code: 'broken', place: { file: 'profiles/p.json', key: 'nodes[1]' } }),
    );
  });

  it.each([
    ['name', { name: 'TWIN' }, { name: 'twin' }, 'name twin belongs'],
    ['address', { name: 'a', ip: '10.0.0.1' }, { name: 'b', ip: '10.0.0.1' }, 'ip 10.0.0.1 belongs'],
  ])('refuses a %s that two machines have', (_what, one, other, message) => {
    expect(() => hostsOf([profileOf('p', [one]), profileOf('q', [other])])).toThrow(message);
  });
});

it.each(['10', '10m', '3W', 'infinite', 'ignore', 'IGNORE', '10.0.0.1'])(
  'dnsmasq does not take %s for a name',
  (name) => {
    expect(isPlainName(name)).toBe(false);
  },
);

it.each(['a-coreos', '10x', 'm10', 'a.10', 'ignored', 'db_1.lab'])('dnsmasq takes %s for a name', (name) => {
  expect(isPlainName(name)).toBe(true);
});

it('compares by code points', () => {
  expect(['b', 'B', 'a', 'ä'].toSorted(compare)).toEqual(['B', 'a', 'b', 'ä']);
  expect(compare('a', 'a')).toBe(0);
});

it('knows whose host key is kept', () => {
  const [a, b] = hostsOf([profileOf('p', [{ name: 'a' }], { ssh_host_keys: true }), profileOf('q', [{ name: 'b' }])]);
  expect([a?.keepsKey, b?.keepsKey]).toEqual([true, undefined]);
});
