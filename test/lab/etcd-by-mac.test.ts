import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { makeDataFolder } from '../support/lab-data.ts';
import { startServer } from '../support/lab-server.ts';
import { etcdMember, type EtcdMember } from '../support/etcd-member.ts';
import { fetchInside, setUpNetwork, type EtcdNetwork } from '../support/etcd-network.ts';
import { changeMembers, etcdctl, healthy, members as membersOf } from '../support/etcdctl.ts';
import { needs } from '../support/needs.ts';

const lab = needs({ commands: ['etcd', 'etcdctl', 'ip'], root: true });
const CONFIG = join(import.meta.dirname, '..', '..', 'configs', 'etcd.ign.hbs');

interface Ignition {
  readonly storage: {
    readonly files: readonly { readonly path: string; readonly contents: { readonly source: string } }[];
  };
}

/** What the machine would have in /etc/etcd.env. */
function environment(ignition: string): Record<string, string> {
  const { storage } = JSON.parse(ignition) as Ignition;
  const source = storage.files.find(({ path }) => path === '/etc/etcd.env')?.contents.source ?? '';
  const text = Buffer.from(source.replace('data:;base64,', ''), 'base64').toString();
  return Object.fromEntries(text.split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]));
}

async function folder(room: EtcdNetwork, cluster: object) {
  const data = await makeDataFolder({
    'profiles/etcd.json': {
      ...{ system: 'flatcar', version: '4593.2.5', ignition: 'etcd.ign', cluster, vars: { etcd_disk: '/dev/sdb' } },
      nodes: room.members.map(({ mac, address }, i) => ({ name: `infra${i}`, mac, ip: address })),
    },
  });
  cpSync(CONFIG, join(data.path, 'configs', 'etcd.ign.hbs'));
  return data;
}

/** Boots etcd on each machine with what the server gives it for its MAC. */
function boot(room: EtcdNetwork, mac: string, i: number, dataDir?: string): EtcdMember {
  const netns = room.members[i]?.netns ?? '';
  const ignition = fetchInside(netns, `http://${room.server.address}:4777/ignition?mac=${mac}`);
  const member = etcdMember({
    name: `infra${i}`,
    env: environment(ignition),
    netns,
    dataDir,
  });
  member.start();
  return member;
}

lab.describe('three machines that get their configuration by MAC', () => {
  lab.test(
    'are a healthy cluster, statically; a member that lost its disk is replaced as `clusters replace` says',
    async () => {
      using room = setUpNetwork('etcds', 3);
      await using data = await folder(room, { name: 'lab' });
      const { netns, address } = room.server;
      await using server = await startServer({
        dataDir: data.path,
        netns: { name: netns, address, port: 4777 },
        env: { PILOTLIGHT_TFTP_LISTEN: 'off' },
      });
      expect(server.url).toBe('http://10.66.0.1:4777');
      const started = room.members.map(({ mac }, i) => boot(room, mac, i));
      try {
        const ips = room.members.map((member) => member.address);
        await healthy(ips, 120_000, netns);
        expect(await membersOf(ips[0] ?? '', netns)).toEqual(ips.map((ip, i) => `infra${i}=http://${ip}:2380`));
        await etcdctl(`http://${ips[0] ?? ''}:2379`, ['put', 'a', '1'], netns);

        // A wiped disk: etcd itself refuses it while the configuration says "new".
        await started[2]?.kill();
        const wiped = boot(room, room.members[2]?.mac ?? '', 2);
        expect(await wiped.exited()).toBe(1);
        expect(wiped.log()).toContain('has already been bootstrapped');
        await wiped[Symbol.asyncDispose]();

        const [first = '', , third = ''] = ips;
        await healthy(ips.slice(0, 2), 120_000, netns);
        const lost = (await etcdctl(`http://${first}:2379`, ['member', 'list'], netns))
          .split('\n')
          .find((line) => line.includes('infra2'));
        const id = lost?.split(',')[0] ?? '';
        await changeMembers(first, ['remove', id], (list) => list !== '' && !list.includes(id), netns);
        const peer = `http://${third}:2380`;
        await changeMembers(first, ['add', 'infra2', `--peer-urls=${peer}`], (list) => list.includes(peer), netns);
        await using again = await folder(room, { name: 'lab', state: 'existing' });
        cpSync(join(again.path, 'profiles', 'etcd.json'), join(data.path, 'profiles', 'etcd.json'));
        await expect
          .poll(
            () =>
              environment(
                fetchInside(
                  room.members[2]?.netns ?? '',
                  `http://10.66.0.1:4777/ignition?mac=${room.members[2]?.mac ?? ''}`,
                ),
              )['ETCD_INITIAL_CLUSTER_STATE'],
            { timeout: 60_000 },
          )
          .toBe('existing');
        started[2] = boot(room, room.members[2]?.mac ?? '', 2);
        await healthy(ips, 120_000, netns);
        expect(await etcdctl(`http://${ips[2] ?? ''}:2379`, ['get', 'a', '--print-value-only'], netns)).toBe('1\n');
      } finally {
        for (const member of started) await member[Symbol.asyncDispose]();
      }
    },
  );

  lab.test('are a healthy cluster by discovery; the URL is the same after a restart of the server', async () => {
    using room = setUpNetwork('etcdd', 3);
    await using data = await folder(room, { name: 'lab', mode: 'discovery' });
    const { netns, address } = room.server;
    const options = {
      dataDir: data.path,
      netns: { name: netns, address, port: 4777 },
      env: { PILOTLIGHT_TFTP_LISTEN: 'off' },
    };
    const started: EtcdMember[] = [];
    try {
      let url: string | undefined;
      {
        await using server = await startServer(options);
        expect(server.url).toBe('http://10.66.0.1:4777');
        for (const [i, { mac }] of room.members.slice(0, 2).entries()) started.push(boot(room, mac, i));
        await started[1]?.said(/waiting for 1 more/);
        const ignition = fetchInside(
          room.members[2]?.netns ?? '',
          `http://${address}:4777/ignition?mac=${room.members[2]?.mac ?? ''}`,
        );
        url = environment(ignition)['ETCD_DISCOVERY'];
        expect(url).toMatch(/^http:\/\/10\.66\.0\.1:4777\/discovery\/[0-9a-f]{32}$/);
      }
      await using server = await startServer(options);
      expect(server.url).toBe('http://10.66.0.1:4777');
      const third = boot(room, room.members[2]?.mac ?? '', 2);
      started.push(third);
      await healthy(
        room.members.map((member) => member.address),
        60_000,
        netns,
      );
      expect(third.log()).toContain(url);
    } finally {
      for (const member of started) await member[Symbol.asyncDispose]();
    }
  });
});
