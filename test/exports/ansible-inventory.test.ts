import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ansibleInventory } from '../../src/exports/ansible-inventory.ts';
import { hostsOf } from '../../src/exports/host.ts';
import { expectGolden } from '../support/golden.ts';
import { profileOf, sampleHosts } from './sample.ts';

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

  it('names nobody’s user where the system has none of its own', () => {
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
