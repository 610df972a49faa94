import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openGateway, type GatewayOptions } from '../../src/fleet/gateway.ts';
import type { Kv } from '../../src/fleet/kv.ts';
import { SILENT } from '../../src/model/service.ts';
import { kvContract } from '../contract/kv.ts';
import { startEtcdCluster, type EtcdCluster } from '../support/etcd-cluster.ts';
import { fakeEtcd as fake } from '../support/fake-etcd.ts';
import { needs } from '../support/needs.ts';

let prefixes = 0;

function openKv(endpoints: readonly string[], more: Partial<GatewayOptions> = {}): Kv {
  const kv = openGateway({ endpoints, prefix: `/pilotlight/test-${prefixes}/`, log: SILENT, ...more });
  onTestFinished(() => {
    kv.close();
  });
  return kv;
}

kvContract('the fake gateway', async () => {
  const { url } = await fake();
  return [openKv([url]), openKv([url])];
});

needs({ commands: ['etcd'] }).describe('three real etcd', () => {
  let cluster: EtcdCluster;
  beforeAll(async () => {
    cluster = await startEtcdCluster();
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  const slow = { deadlineMs: 60_000 };
  kvContract('by their gateway', () => {
    prefixes += 1;
    return Promise.resolve([openKv(cluster.endpoints, slow), openKv(cluster.endpoints.toReversed(), slow)]);
  });

  it('go on while one of them is stopped, and a watch moves to another', async () => {
    prefixes += 1;
    const kv = openKv(cluster.endpoints, { deadlineMs: 6000 });
    const { revision } = await kv.list('');
    const told: string[] = [];
    const watch = kv.watch('mark/', revision, {
      changed: (events) => told.push(...events.map((event) => (event.kind === 'put' ? event.entry.value : 'gone'))),
      connected: () => undefined,
      lost: () => Promise.reject(new Error('nothing was compacted')),
    });
    onTestFinished(() => {
      watch.stop();
    });
    for (const [at, member] of cluster.members.entries()) {
      // A process that is stopped accepts connections and says nothing.
      process.kill(pidOf(member), 'SIGSTOP');
      // The one that led is not heard: the others choose another leader first. What may have been done is looked at.
      await vi.waitFor(async () => {
        if ((await kv.get(`mark/${at}`))?.value !== `v${at}`)
          await kv.commit({
            if: [{ key: `mark/${at}`, is: 'absent' }],
            then: [{ put: `mark/${at}`, value: `v${at}` }],
          });
        expect((await kv.get(`mark/${at}`))?.value).toBe(`v${at}`);
      });
      await vi.waitFor(() => {
        expect(told.at(-1)).toBe(`v${at}`);
      });
      process.kill(pidOf(member), 'SIGCONT');
      await cluster.leader();
    }
    expect(told).toEqual(['v0', 'v1', 'v2']);
  });
});

function pidOf(member: { pid(): number | undefined }): number {
  return member.pid() ?? expect.fail('the member does not run');
}

describe('an engine that is not heard', () => {
  it('a read is asked again of the next endpoint; a commit that was sent is not, and may have been done', async () => {
    const [etcd, other] = [await fake(), await fake()];
    const kv = openKv([etcd.url, other.url]);
    etcd.fault = () => 'cut before';
    expect(await kv.get('k')).toBeUndefined();
    expect([etcd.asked, other.asked]).toEqual([['kv/range'], ['kv/range']]);
    other.fault = () => 'cut after';
    const put = kv.commit({ if: [], then: [{ put: 'k', value: '1' }] });
    await expect(put).rejects.toMatchObject({ name: 'Unanswered', code: 'unavailable', maybe: true });
    other.fault = () => 'pass';
    etcd.fault = () => 'pass';
    expect(other.asked.filter((path) => path === 'kv/txn')).toHaveLength(1);
    expect(etcd.asked).not.toContain('kv/txn');
    expect((await openKv([other.url]).get('k'))?.value).toBe('1');
  });

  it('nothing listens: it says which addresses, and that nothing was done', async () => {
    const kv = openKv(['http://127.0.0.1:9', 'http://127.0.0.1:10']);
    await expect(kv.commit({ if: [], then: [{ put: 'k', value: '1' }] })).rejects.toMatchObject({
      maybe: false,
      message: expect.stringMatching(
        /^the engine of the fleet is not heard \(http:\/\/127.0.0.1:9, .*:10\): /,
      ) as unknown,
    });
  });

  it('one that says nothing costs a share of the deadline; after three misses only one call a second looks', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => {
      silent.close();
    });
    const address = silent.address();
    const dead = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
    const etcd = await fake();
    expect(await openKv([dead, etcd.url], { deadlineMs: 600 }).get('k')).toBeUndefined();
    let clock = 0;
    const kv = openKv([dead], { deadlineMs: 50, now: () => clock });
    const connections: unknown[] = [];
    silent.on('connection', (socket) => {
      connections.push(socket);
      socket.on('error', () => undefined);
    });
    for (let call = 0; call < 3; call += 1) await expect(kv.get('k')).rejects.toThrow('no answer in time');
    for (let call = 0; call < 5; call += 1) await expect(kv.get('k')).rejects.toThrow('not heard for some time');
    clock = 1500;
    await expect(kv.get('k')).rejects.toThrow('no answer in time');
    await expect(kv.get('k')).rejects.toThrow('not heard for some time');
    await vi.waitFor(() => {
      expect(connections).toHaveLength(4);
    });
  });

  it('is heard again with the first call that looks', async () => {
    const etcd = await fake();
    let clock = 0;
    const kv = openKv([etcd.url], { now: () => clock });
    etcd.fault = () => 'cut before';
    for (let call = 0; call < 3; call += 1) await expect(kv.get('k')).rejects.toMatchObject({ name: 'Unanswered' });
    etcd.fault = () => 'pass';
    await expect(kv.get('k')).rejects.toThrow('not heard for some time');
    clock = 1001;
    expect([await kv.get('k'), await kv.get('k')]).toEqual([undefined, undefined]);
  });
});

describe('a watch', () => {
  it('that is dropped goes on behind what it told; one whose past is gone lists anew', async () => {
    const etcd = await fake();
    const kv = openKv([etcd.url]);
    const told: string[] = [];
    const turns: boolean[] = [];
    let lost = 0;
    const watch = kv.watch('mark/', 1, {
      changed: (events) => told.push(...events.map((event) => (event.kind === 'put' ? event.entry.value : 'gone'))),
      connected: (is) => turns.push(is),
      async lost() {
        lost += 1;
        const { entries, revision } = await kv.list('mark/');
        told.push(`listed ${entries.map(({ value }) => value).join(',')}`);
        return revision;
      },
    });
    onTestFinished(() => {
      watch.stop();
    });
    const put = async (value: string): Promise<void> => {
      await kv.commit({ if: [], then: [{ put: 'mark/a', value }] });
    };
    const heard = async (value: string): Promise<void> => {
      await vi.waitFor(() => {
        expect(told.at(-1)).toBe(value);
      });
    };
    await put('1');
    await heard('1');
    etcd.fault = (path) => (path === 'watch' ? 'cut before' : 'pass');
    etcd.dropWatches();
    await put('2');
    etcd.fault = () => 'pass';
    await heard('2');
    expect([told, lost]).toEqual([['1', '2'], 0]);
    etcd.fault = (path) => (path === 'watch' ? 'cut before' : 'pass');
    etcd.dropWatches();
    await put('3');
    etcd.compact();
    etcd.fault = () => 'pass';
    await heard('listed 3');
    await put('4');
    await heard('4');
    expect([told, lost, turns.at(-1)]).toEqual([['1', '2', 'listed 3', '4'], 1, true]);
  });

  it('a listener that throws loses nothing else', async () => {
    const etcd = await fake();
    const kv = openKv([etcd.url]);
    const told: number[] = [];
    const watch = kv.watch('k', 0, {
      changed(_, revision) {
        told.push(revision);
        throw new Error('a bug');
      },
      connected() {
        throw new Error('another');
      },
      lost: () => Promise.reject(new Error('no')),
    });
    onTestFinished(() => {
      watch.stop();
    });
    for (let i = 0; i < 3; i += 1) await kv.commit({ if: [], then: [{ put: 'k', value: '' }] });
    await vi.waitFor(() => {
      expect(told).toEqual([2, 3, 4]);
    });
  });
});

describe('a user of the engine', () => {
  it('logs in once, and again when the token is no longer good', async () => {
    const etcd = await fake();
    etcd.user = { name: 'pilot', password: 'secret' };
    const kv = openKv([etcd.url], { user: etcd.user });
    await kv.commit({ if: [], then: [{ put: 'k', value: '1' }] });
    expect((await kv.get('k'))?.value).toBe('1');
    expect(etcd.asked.filter((path) => path === 'auth/authenticate')).toHaveLength(1);
  });

  it.each([
    ['a wrong password', { name: 'pilot', password: 'wrong' }, 'authentication failed'],
    ['none', undefined, 'user name is empty'],
  ])('%s: it says what to set', async (_, user, message) => {
    const etcd = await fake();
    etcd.user = { name: 'pilot', password: 'secret' };
    const kv = openKv([etcd.url], { ...(user && { user }) });
    await expect(kv.get('k')).rejects.toMatchObject({
      message: expect.stringContaining(message) as unknown,
      remedy: expect.stringContaining('PILOTLIGHT_FLEET_USER') as unknown,
    });
  });
});
