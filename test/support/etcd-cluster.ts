import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { etcdMember, type EtcdMember } from './etcd-member.ts';

/** Real etcd on loopback, a quorum of its own. */
export interface EtcdCluster extends AsyncDisposable {
  /** As PILOTLIGHT_FLEET has them. */
  readonly endpoints: readonly string[];
  readonly members: readonly EtcdMember[];
  /** Which of them leads. */
  leader(): Promise<number>;
}

export async function startEtcdCluster(size = 3): Promise<EtcdCluster> {
  const ports = await freePorts(size * 2);
  const client = (at: number): string => `http://127.0.0.1:${ports[at] ?? 0}`;
  const peer = (at: number): string => `http://127.0.0.1:${ports[size + at] ?? 0}`;
  const all = Array.from({ length: size }, (_, at) => `m${at}=${peer(at)}`).join(',');
  const members = Array.from({ length: size }, (_, at) =>
    etcdMember({
      name: `m${at}`,
      env: {
        ETCD_NAME: `m${at}`,
        ETCD_LISTEN_PEER_URLS: peer(at),
        ETCD_INITIAL_ADVERTISE_PEER_URLS: peer(at),
        ETCD_LISTEN_CLIENT_URLS: client(at),
        ETCD_ADVERTISE_CLIENT_URLS: client(at),
        ETCD_INITIAL_CLUSTER: all,
        ETCD_INITIAL_CLUSTER_STATE: 'new',
        ETCD_LOG_LEVEL: 'warn',
      },
    }),
  );
  const endpoints = members.map((_, at) => client(at));
  for (const member of members) member.start();
  const cluster: EtcdCluster = {
    endpoints,
    members,
    async leader() {
      for (;;) {
        for (const [at, endpoint] of endpoints.entries()) {
          const answer = await fetch(`${endpoint}/v3/maintenance/status`, { method: 'POST', body: '{}' }).catch(
            () => undefined,
          );
          if (answer?.ok !== true) continue;
          const { leader, header } = (await answer.json()) as { leader?: string; header: { member_id: string } };
          if (leader === header.member_id) return at;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async [Symbol.asyncDispose]() {
      for (const member of members) await member[Symbol.asyncDispose]();
    },
  };
  await cluster.leader();
  return cluster;
}

async function freePorts(count: number): Promise<readonly number[]> {
  const sockets = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports: number[] = [];
  for (const socket of sockets) {
    if (!socket.listening) await once(socket, 'listening');
    ports.push((socket.address() as AddressInfo).port);
  }
  for (const socket of sockets) {
    socket.close();
    await once(socket, 'close');
  }
  return ports;
}
