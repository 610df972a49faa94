import { afterEach, beforeEach, expect, it } from 'vitest';
import { OPERATOR, startDiscovery, type DiscoverySetup } from '../support/discovery-setup.ts';
import { etcdMember, memberEnv, type EtcdMember } from '../support/etcd-member.ts';
import { healthy, members } from '../support/etcdctl.ts';
import { needs } from '../support/needs.ts';

const lab = needs({ commands: ['etcd', 'etcdctl'] });
const IPS = ['127.0.6.11', '127.0.6.12', '127.0.6.13'] as const;

lab.describe('etcd 3.4 meets at our discovery', () => {
  let setup: DiscoverySetup;
  let started: EtcdMember[];

  beforeEach(async () => {
    setup = await startDiscovery({ host: '127.0.6.1', port: 0 });
    started = [];
  });
  afterEach(async () => {
    for (const member of started) await member[Symbol.asyncDispose]();
    await setup[Symbol.asyncDispose]();
  });

  function member(
    name: string,
    ip: string,
    url: string,
    more: Record<string, string> = {},
    dataDir?: string,
  ): EtcdMember {
    const env = memberEnv(name, ip, { ETCD_DISCOVERY: url, ETCD_DISCOVERY_FALLBACK: 'exit', ...more });
    const made = etcdMember({ name, env, dataDir });
    started.push(made);
    made.start();
    return made;
  }

  async function newUrl(size = 3): Promise<string> {
    return await (await fetch(`${setup.url}/discovery/new?size=${size}`)).text();
  }

  async function three(url: string): Promise<readonly EtcdMember[]> {
    const all = IPS.map((ip, i) => member(`infra${i}`, ip, url));
    await healthy(IPS);
    return all;
  }

  it('three members form a healthy cluster', async () => {
    await three(await newUrl());
    expect(await members(IPS[0])).toEqual(IPS.map((ip, i) => `infra${i}=http://${ip}:2380`));
  });

  it('by the v2 path and the token of an operator', async () => {
    const url = `${setup.url}/v2/keys/discovery/40134540-b53c-46b3-b34f-33b4f0ae3a9c`;
    const body = new URLSearchParams({ value: '3' });
    expect((await fetch(`${url}/_config/size`, { method: 'PUT', body, headers: OPERATOR })).status).toBe(201);
    await three(url);
  });

  it('a fourth member is told that the cluster is full, and exits', async () => {
    const url = await newUrl();
    await three(url);
    const fourth = member('infra3', '127.0.6.14', url);
    expect(await fourth.exited()).toBe(1);
    expect(fourth.log()).toContain('cluster is full');
  });

  it('of two members with one name only the second exits, and says why', async () => {
    const url = await newUrl();
    member('infra0', IPS[0], url);
    await started[0]?.said(/waiting for . more/);
    const duplicate = member('infra0', '127.0.6.14', url);
    expect(await duplicate.exited()).toBe(1);
    expect(duplicate.log()).toMatch(/209: Invalid field \(name infra0 is already registered by [0-9a-f]+\)/);
    member('infra1', IPS[1], url);
    member('infra2', IPS[2], url);
    await healthy(IPS);
  });

  it('a member whose URL has one slash more is told the right one, and the corrected one joins', async () => {
    const url = await newUrl();
    member('infra0', IPS[0], url);
    member('infra1', IPS[1], url);
    const other = member('infra2', IPS[2], `${url}/`);
    expect(await other.exited()).toBe(1);
    expect(other.log()).toContain(`use the discovery URL exactly as given: ${url}`);
    member('infra2', IPS[2], url);
    await healthy(IPS);
  });

  it('a wiped member is refused: it would panic or forget votes', async () => {
    const url = await newUrl();
    const [first] = await three(url);
    await first?.kill();
    const wiped = member('infra0', IPS[0], url);
    expect(await wiped.exited()).toBe(1);
    expect(wiped.log()).toContain('has previously registered');
    await healthy(IPS.slice(1));
  });

  it('a member that is restarted while it waits is let in again', async () => {
    const url = await newUrl();
    const first = member('infra0', IPS[0], url);
    await first.said(/waiting for . more/);
    await first.kill();
    // Back before the others are there: once all have registered, it would be one of a cluster that may have begun.
    const again = member('infra0', IPS[0], url);
    await again.said(/waiting for . more/);
    member('infra1', IPS[1], url);
    member('infra2', IPS[2], url);
    await healthy(IPS);
  });

  it('whoever waits when an operator removes a member lists again, and the cluster forms', async () => {
    const url = await newUrl();
    const first = member('infra0', IPS[0], url);
    await first.said(/waiting for 2 more/);
    const second = member('infra1', IPS[1], url);
    await second.said(/waiting for 1 more/);
    await first.kill();
    const [token] = setup.discovery.all();
    const gone = token?.members.find(({ value }) => value.startsWith('infra0='));
    const removed = await fetch(`${url}/${String(gone?.id)}`, { method: 'DELETE', headers: OPERATOR });
    expect(removed.status).toBe(200);
    member('infra0', IPS[0], url);
    member('infra2', IPS[2], url);
    await healthy(IPS);
  });
});
