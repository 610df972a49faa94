import { describe, expect, it } from 'vitest';
import { etcdRecords } from '../../src/exports/etcd-records.ts';
import { hostsOf } from '../../src/exports/host.ts';
import { profileOf } from './sample.ts';

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
