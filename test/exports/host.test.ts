import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ansibleInventory, findNode, hostsFile, hostsOf, isPlainName, LOGIN_USERS } from '../../src/exports/host.ts';
import { expectGolden } from '../support/golden.ts';
import { profileOf, sampleHosts } from './sample.ts';

it('knows the user of images that have one for people', () => {
  expect([LOGIN_USERS.coreos, LOGIN_USERS.flatcar, LOGIN_USERS['fedora-coreos'], LOGIN_USERS.ubuntu]).toEqual([
    'core',
    'core',
    'core',
    undefined,
  ]);
});

describe('lines for /etc/hosts', () => {
  it('have the full name first, and a comment for a machine without an address', () => {
    expectGolden('exports/hosts', hostsFile(sampleHosts(), 'lab.example'));
  });

  it('have the bare name without a domain', () => {
    expect(hostsFile(sampleHosts(), undefined)).toContain('192.168.122.22\tw2\n');
  });

  it('are none without machines', () => {
    expect(hostsFile([], 'lab.example')).toBe('');
  });
});

const profiles = [profileOf('p', [{ name: 'a-coreos' }]), profileOf('q', [{ name: 'b-coreos' }])];

it('finds a node and its profile', () => {
  expect(findNode(profiles, 'b-coreos')).toMatchObject({ profile: { name: 'q' }, node: { name: 'b-coreos' } });
});

it('names the nearest when there is none, or where they are listed', () => {
  expect(() => findNode(profiles, 'b-corose')).toThrow(
    expect.objectContaining({ code: 'not-found', remedy: 'did you mean b-coreos?' }),
  );
  expect(() => findNode([], 'x')).toThrow(expect.objectContaining({ remedy: '`pilotlight export hosts` lists them' }));
});

const read = (text: string): unknown => parse(text);

describe('the Ansible inventory', () => {
  it('is as in the golden', () => {
    expectGolden('exports/ansible-inventory.yml', ansibleInventory(sampleHosts(), 'lab.example'));
  });

  it('is YAML that says who reaches whom, and how', () => {
    expect(read(ansibleInventory(sampleHosts(), 'lab.example'))).toMatchObject({
      all: {
        hosts: {
          w2: { ansible_host: '192.168.122.22', ansible_user: 'core', pilotlight_mac: '52:54:00:00:00:22' },
          'no-address': { ansible_host: 'no-address.lab.example' },
          'db_1.lab': { ansible_host: '2001:db8::5', pilotlight_profile: 'db-1' },
        },
        children: { profile_db_1: { hosts: { 'db_1.lab': {} } }, system_talos: { hosts: { far: {} } } },
      },
    });
  });

  it('names no user where the system has none of its own', () => {
    expect(read(ansibleInventory(sampleHosts(), undefined))).not.toHaveProperty('all.hosts.far.ansible_user');
  });

  it('keeps names that YAML would read as something else', () => {
    const hosts = hostsOf([profileOf('p', [{ name: 'on' }, { name: '1.0' }, { name: 'null' }])]);
    const { all } = read(ansibleInventory(hosts, undefined)) as { all: { hosts: object } };
    expect(Object.keys(all.hosts)).toEqual(['1.0', 'null', 'on']);
  });

  it('puts profiles that differ only in what a group’s name cannot have into one group', () => {
    const hosts = hostsOf([profileOf('a-b', [{ name: 'x' }]), profileOf('a.b', [{ name: 'y' }])]);
    expect(read(ansibleInventory(hosts, undefined))).toHaveProperty('all.children.profile_a_b.hosts', { x: {}, y: {} });
  });

  it('is an empty inventory without machines', () => {
    expect(read(ansibleInventory([], undefined))).toEqual({ all: {} });
  });
});

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

it('knows whose host key is kept', () => {
  const [a, b] = hostsOf([profileOf('p', [{ name: 'a' }], { ssh_host_keys: true }), profileOf('q', [{ name: 'b' }])]);
  expect([a?.keepsKey, b?.keepsKey]).toEqual([true, false]);
});
