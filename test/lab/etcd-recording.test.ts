import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import type { Exchange } from '../support/discovery-replay.ts';
import { replay } from '../support/discovery-replay.ts';
import { OPERATOR, startDiscovery } from '../support/discovery-setup.ts';
import { etcdMember, memberEnv, type EtcdMember } from '../support/etcd-member.ts';
import { healthy } from '../support/etcdctl.ts';
import { needs } from '../support/needs.ts';

const lab = needs({ commands: ['etcd', 'etcdctl'] });
const STORE = '127.0.6.2';
const IPS = ['127.0.6.11', '127.0.6.12', '127.0.6.13'] as const;
const TOKEN = 'c0ffee00-1234-4567-89ab-000000000003';
const GOLDEN = join(import.meta.dirname, '../golden/network/discovery/etcd-3.4.json');

/** Passes everything on to `target`, and keeps it. */
function recorder(target: string, exchanges: Exchange[]) {
  return createServer((req: IncomingMessage, res: ServerResponse) => {
    const n = exchanges.length + 1;
    const url = new URL(req.url ?? '/', target);
    const parts: Buffer[] = [];
    exchanges.push(undefined as unknown as Exchange);
    req.on('data', (part: Buffer) => parts.push(part));
    req.on('end', () => {
      const onward = request(url, { method: req.method ?? 'GET', headers: req.headers, agent: false });
      onward.on('response', (answer) => {
        res.writeHead(answer.statusCode ?? 500, answer.rawHeaders).flushHeaders();
        const said: Buffer[] = [];
        answer.on('data', (part: Buffer) => said.push(part));
        answer.on('end', () => {
          const { 'content-type': type = '', 'x-etcd-index': index = '' } = answer.headers as Record<string, string>;
          const body = Buffer.concat(parts).toString();
          exchanges[n - 1] = {
            n,
            request: {
              method: req.method ?? '',
              path: url.pathname,
              query: Object.fromEntries(url.searchParams),
              ...(body === '' ? {} : { contentType: String(req.headers['content-type']), body }),
            },
            response: {
              status: answer.statusCode ?? 0,
              headers: { 'content-type': type, 'x-etcd-index': index },
              body: JSON.parse(Buffer.concat(said).toString()) as Exchange['response']['body'],
            },
          };
          res.end(Buffer.concat(said));
        });
      });
      onward.on('error', () => res.destroy());
      onward.end(Buffer.concat(parts));
    });
  });
}

lab.describe('a real etcd as the discovery of others', () => {
  lab.test('answers as ours does, each question of its members', async () => {
    await using store = etcdMember({
      name: 'store',
      args: ['--enable-v2'],
      env: memberEnv('store', STORE, { ETCD_INITIAL_CLUSTER: `store=http://${STORE}:2380` }),
    });
    store.start();
    await healthy([STORE]);
    const exchanges: Exchange[] = [];
    const proxy = recorder(`http://${STORE}:2379`, exchanges);
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.6.1', resolve));
    const base = `http://127.0.6.1:${(proxy.address() as AddressInfo).port}`;
    const url = `${base}/v2/keys/discovery/${TOKEN}`;
    const put = async (key: string, value: string): Promise<Response> =>
      await fetch(`${url}/${key}`, { method: 'PUT', body: new URLSearchParams({ value }) });
    try {
      await fetch(`${url}/_config/size`);
      await put('_config/size', '3');
      const member = (name: string, ip: string): EtcdMember =>
        etcdMember({ name, env: memberEnv(name, ip, { ETCD_DISCOVERY: url, ETCD_DISCOVERY_FALLBACK: 'exit' }) });
      await using first = member('infra0', IPS[0]);
      await using second = member('infra1', IPS[1]);
      await using third = member('infra2', IPS[2]);
      first.start();
      await first.said(/waiting for 2 more/);
      second.start();
      await second.said(/waiting for 1 more/);
      third.start();
      await healthy(IPS);
      await using fourth = member('infra3', '127.0.6.14');
      fourth.start();
      expect(await fourth.exited()).toBe(1);
      await fetch(`${url}?recursive=true&sorted=true`);
      await fetch(`${url}?wait=true&recursive=true&waitIndex=1`);
      const known = exchanges.find(({ request: { method, query } }) => method === 'PUT' && 'prevExist' in query);
      await put(`${known?.request.path.split('/').at(-1) ?? ''}?prevExist=false`, 'x=http://127.0.6.19:2380');
      await fetch(url.replace(TOKEN, 'nosuchtoken'));
    } finally {
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    }
    if (process.env['PILOTLIGHT_UPDATE_GOLDEN'] === '1') {
      mkdirSync(dirname(GOLDEN), { recursive: true });
      const about = 'etcd 3.4 members against etcd 3.4 --enable-v2, recorded by test/lab/etcd-recording.test.ts';
      writeFileSync(GOLDEN, `${JSON.stringify({ about, base, exchanges }, undefined, 1)}\n`);
    }
    await using setup = await startDiscovery({ base });
    const replayed = await replay(setup.url, { exchanges }, OPERATOR);
    expect(replayed.length).toBeGreaterThanOrEqual(28);
    expect(replayed.map(({ got }) => got)).toEqual(replayed.map(({ wanted }) => wanted));
  });
});
