import { Failure } from '../model/failure.ts';
import type { Host } from './host.ts';

/**
 * SRV records by which etcd 3.5 and newer find each other over plain http. `_etcd-server-ssl` is left out on purpose:
 * one such record beside these makes etcd mix the schemes and fail. Clients' port is 2379, peers' is 2380.
 */
export function etcdRecords(hosts: readonly Host[], profile: string, domain: string): readonly string[] {
  const members = hosts.filter((host) => host.profile === profile);
  if (members.length === 0) {
    throw new Failure('not-found', `the profile ${profile} has no nodes`, {
      remedy: 'name the profile of the members',
    });
  }
  const target = ({ name }: Host): string => `${name}.${domain}`;
  return [
    `# etcd: --discovery-srv ${domain}. Each member advertises its name below, as http://NAME:2380.`,
    ...members.map((host) => {
      if (host.ip !== undefined) return `host-record=${target(host)},${host.ip}`;
      throw new Failure('broken', `the etcd member ${host.name} has no ip`, {
        place: { file: host.file },
        remedy: 'give the node an "ip"',
      });
    }),
    ...members.map((host) => `srv-host=_etcd-server._tcp.${domain},${target(host)},2380,0,100`),
    ...members.map((host) => `srv-host=_etcd-client._tcp.${domain},${target(host)},2379,0,100`),
  ];
}
