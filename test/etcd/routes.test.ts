import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { discoveryPath, discoveryQuery, wholeNumber } from '../../src/etcd/routes.ts';
import { Failure } from '../../src/model/failure.ts';
import { type Recording, replay } from '../support/discovery-replay.ts';
import { type DiscoverySetup, OPERATOR, startDiscovery } from '../support/discovery-setup.ts';
import { words } from '../support/discovery-request.ts';
import { MemoryDiscoveryStore } from '../support/memory-discovery.ts';

it('reads what etcd asks for, and leaves the rest alone', () => {
  expect(discoveryQuery('quorum=false&recursive=true&wait=true&waitIndex=7&k=secret')).toEqual({
    ...{ wait: true, sorted: false, waitIndex: 7, size: 3 },
  });
  expect(discoveryQuery('sorted=true&wait=false&size=5')).toEqual({ wait: false, sorted: true, waitIndex: 0, size: 5 });
  expect(discoveryQuery('waitIndex=x&size=3.5')).toMatchObject({ waitIndex: undefined, size: undefined });
});

it('takes whole numbers only', () => {
  expect(['0', '42'].map(wholeNumber)).toEqual([0, 42]);
  expect(['', '-1', '1e3', '0x10', ' 1', '9'.repeat(16)].map(wholeNumber)).toEqual(Array(6).fill(undefined));
});

const T = '40134540-b53c-46b3-b34f-33b4f0ae3a9c';

it('reads both spellings of a discovery URL', () => {
  expect(discoveryPath(`/discovery/${T}`)).toEqual({ kind: 'token', token: T, form: '/discovery/' });
  const v2 = '/v2/keys/discovery/';
  expect(discoveryPath(v2 + T)).toEqual({ kind: 'token', token: T, form: v2 });
  expect(discoveryPath(`${v2}${T}/`)).toEqual({ kind: 'token', token: T, form: v2 });
  expect(discoveryPath(`${v2}${T}/_config/size`)).toEqual({ kind: 'size', token: T, form: v2 });
  expect(discoveryPath(`/discovery/${T}/8d70`)).toEqual({ kind: 'member', token: T, id: '8d70' });
  expect(discoveryPath('/discovery/')).toEqual({ kind: 'all' });
  expect(discoveryPath('/discovery/new')).toEqual({ kind: 'new' });
});

it('knows nothing else below them', () => {
  for (const rest of [
    't/_config',
    't/_state',
    't/_config/other',
    't/a/b',
    't/a/b/c',
    't//a',
    't/..',
    't/%2e%2e',
    't/%00',
  ])
    expect(discoveryPath(`/discovery/${rest}`), rest).toEqual({ kind: 'unknown' });
});

it('leaves other paths alone', () => {
  for (const path of ['/', '/discovery', '/v2/keys/other/t', '/configs/discovery/t'])
    expect(discoveryPath(path)).toBeUndefined();
});

const RECORDING = join(import.meta.dirname, '../golden/network/discovery/etcd-3.4.json');

async function newToken(setup: DiscoverySetup, size = 3): Promise<string> {
  const answer = await fetch(`${setup.url}/discovery/new?size=${size}`);
  expect(answer.status).toBe(200);
  return await answer.text();
}

async function come(url: string, n: number, more: RequestInit = {}): Promise<Response> {
  const { id, value } = words(url, n);
  return await fetch(`${url}/${id}?prevExist=false`, { method: 'PUT', body: new URLSearchParams({ value }), ...more });
}

const watch = async (url: string, index: number): Promise<Response> =>
  await fetch(`${url}?recursive=true&wait=true&waitIndex=${index}`);

describe('what real etcd 3.4 asked and was answered by itself', () => {
  it('is answered the same', async () => {
    const recording = JSON.parse(readFileSync(RECORDING, 'utf8')) as Recording & { readonly base: string };
    await using setup = await startDiscovery({ base: recording.base });
    const replayed = await replay(setup.url, recording, OPERATOR);
    expect(replayed.length).toBeGreaterThanOrEqual(28);
    expect(replayed.map(({ got }) => got)).toEqual(replayed.map(({ wanted }) => wanted));
  });
});

describe('/discovery/new', () => {
  it('gives a URL on the base URL, whatever the Host line says', async () => {
    await using setup = await startDiscovery({ base: 'https://pxe.lan/boot' });
    const url = await newToken(setup);
    expect(url).toBe('https://pxe.lan/boot/discovery/00000000000000000000000000000001');
    const posted = await fetch(`${setup.url}/discovery/new`, { method: 'POST' });
    expect([posted.status, posted.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    const size = await fetch(`${setup.url}/discovery/00000000000000000000000000000002/_config/size`);
    expect(await size.json()).toMatchObject({ node: { value: '3' } });
  });

  it.each(['0', '10', '-1', 'three', '3.5', ''])('refuses the size "%s" with a line of text', async (size) => {
    await using setup = await startDiscovery();
    const answer = await fetch(`${setup.url}/discovery/new?size=${size}`);
    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringMatching(/^size is not a number from 1 to 9/),
    ]);
  });

  it('says 503 while the tokens are read', async () => {
    await using setup = await startDiscovery({ load: false });
    expect((await fetch(`${setup.url}/discovery/new`)).status).toBe(503);
    const size = await fetch(`${setup.url}/discovery/a/_config/size`);
    expect([size.status, await size.json()]).toEqual([503, expect.objectContaining({ errorCode: 300 })]);
  });
});

describe('operators', () => {
  it('alone set a size by hand, once', async () => {
    await using setup = await startDiscovery();
    const url = `${setup.url}/v2/keys/discovery/40134540-b53c-46b3-b34f-33b4f0ae3a9c`;
    const put = async (value: string, headers = {}): Promise<readonly [number, unknown]> => {
      const body = new URLSearchParams({ value });
      const answer = await fetch(`${url}/_config/size`, { method: 'PUT', body, headers });
      return [answer.status, answer.status === 401 ? undefined : await answer.json()];
    };
    expect(await put('3')).toEqual([401, undefined]);
    expect(await put('0', OPERATOR)).toMatchObject([403, { errorCode: 209 }]);
    expect(await put('3', OPERATOR)).toMatchObject([201, { action: 'set', node: { value: '3' } }]);
    expect(await put('3', OPERATOR)).toMatchObject([412, { errorCode: 105 }]);
    // The members' IDs are made of the URL in the spelling that the operator chose.
    expect(setup.discovery.all()[0]?.url).toBe(url);
    expect((await come(url, 1)).status).toBe(201);
    expect((await come(url.replace('/v2/keys', ''), 2)).status).toBe(403);
  });

  it('who wait after wrong tokens are told how long, and not that the right one is wrong', async () => {
    await using setup = await startDiscovery({ isOperator: () => ({ wait: 7 }) });
    for (const [path, method] of [
      ['/discovery/', 'GET'],
      ['/discovery/a', 'DELETE'],
      ['/v2/keys/discovery/a/b', 'DELETE'],
    ] as const) {
      const answer = await fetch(setup.url + path, { method, headers: OPERATOR });
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '7']);
    }
  });

  it('alone see every token', async () => {
    await using setup = await startDiscovery();
    await newToken(setup);
    expect((await fetch(`${setup.url}/discovery/`)).status).toBe(401);
    expect((await fetch(`${setup.url}/discovery/`, { method: 'PUT', headers: OPERATOR })).status).toBe(405);
    const all = await fetch(`${setup.url}/discovery/`, { headers: OPERATOR });
    expect(await all.json()).toEqual({ tokens: setup.discovery.all() });
    expect((await fetch(`${setup.url}/v2/keys/discovery/`, { headers: OPERATOR })).status).toBe(404);
  });

  it('alone remove a member, and end a token; whoever waits is cut', async () => {
    await using setup = await startDiscovery();
    const url = await newToken(setup);
    await come(url, 1);
    const { id } = words(url, 1);
    const waiting = await watch(url, 3);
    expect((await fetch(`${url}/${id}`, { method: 'DELETE' })).status).toBe(401);
    expect((await fetch(`${url}/${id}`, { method: 'DELETE', headers: OPERATOR })).status).toBe(200);
    await expect(waiting.text()).rejects.toThrow();
    expect((await watch(url, 3)).status).toBe(503);
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(401);
    expect((await fetch(url, { method: 'DELETE', headers: OPERATOR })).status).toBe(200);
    expect((await fetch(url)).status).toBe(404);
  });
});

describe('members', () => {
  it('are told what is wrong in etcd words', async () => {
    await using setup = await startDiscovery();
    const url = await newToken(setup);
    await come(url, 1);
    const duplicate = await come(url, 2, { body: new URLSearchParams({ value: 'infra1=http://10.0.1.2:2380' }) });
    expect([duplicate.status, await duplicate.json()]).toMatchObject([
      403,
      { errorCode: 209, message: 'Invalid field', cause: expect.stringContaining('name infra1') as string, index: 2 },
    ]);
    for (const body of ['', 'other=1', 'x'.repeat(5000)]) expect((await come(url, 3, { body })).status).toBe(403);
    const long = new URLSearchParams({ value: `${'n'.repeat(1020)}=http://10.0.1.3:2380` });
    expect((await come(url, 3, { body: long })).status).toBe(403);
    expect((await fetch(`${url}?wait=true&waitIndex=soon`)).status).toBe(400);
    expect((await fetch(`${url}/beef?wait=true&waitIndex=soon`)).status).toBe(400);
  });

  it('meet 503 and no 4xx when the disk fails, and no answer too late', async () => {
    const store = new MemoryDiscoveryStore();
    await using setup = await startDiscovery({ store });
    const url = await newToken(setup);
    store.gate = async () => Promise.reject(new Failure('unavailable', 'the disk is full'));
    expect((await come(url, 1)).status).toBe(503);
    store.gate = async () => Promise.reject(new RangeError('a bug'));
    expect((await come(url, 1)).status).toBe(503);
    store.gate = async () => undefined;
    expect((await come(url, 1)).status).toBe(201);
  });

  it('wait with the head of the answer in hand, and end with an empty 200', async () => {
    await using setup = await startDiscovery({ pollTime: 10 });
    const url = await newToken(setup);
    const empty = await watch(url, 2);
    expect([empty.status, empty.headers.get('x-etcd-index'), await empty.text()]).toEqual([200, '1', '']);
    const own = await come(url, 1);
    const self = `${url}/${words(url, 1).id}?wait=true&waitIndex=`;
    expect(await (await fetch(`${self}2`)).json()).toMatchObject({ action: 'create', node: { createdIndex: 2 } });
    expect(await (await fetch(`${self}3`)).text()).toBe('');
    expect(own.status).toBe(201);
    expect(setup.discovery.watchers.size).toBe(0);
  });

  it('that hang up wait no longer, and too many are told to come again', async () => {
    await using setup = await startDiscovery({ limits: { watchersOfOne: 1 } });
    const url = await newToken(setup);
    const leave = new AbortController();
    await fetch(`${url}?wait=true&waitIndex=2`, { signal: leave.signal });
    expect((await watch(url, 2)).status).toBe(503);
    leave.abort();
    await expect.poll(() => setup.discovery.watchers.size).toBe(0);
    const kept = await watch(url, 2);
    setup.end();
    expect(await kept.text()).toBe('');
  });
});

describe('everything else', () => {
  it('is 405 with what is allowed, or code 100', async () => {
    await using setup = await startDiscovery();
    const url = await newToken(setup);
    const allowed = async (path: string, method: string): Promise<readonly [number, string | null]> => {
      const answer = await fetch(url.replace(/[^/]+$/, path), { method });
      return [answer.status, answer.headers.get('allow')];
    };
    const token = url.split('/').at(-1) ?? '';
    expect(await allowed('new', 'DELETE')).toEqual([405, 'GET, POST']);
    expect(await allowed(token, 'PUT')).toEqual([405, 'GET, DELETE']);
    expect(await allowed(`${token}/_config/size`, 'POST')).toEqual([405, 'GET, PUT']);
    expect(await allowed(`${token}/beef`, 'PATCH')).toEqual([405, 'GET, PUT, DELETE']);
    expect(await allowed(`${token}/_state`, 'GET')).toEqual([404, null]);
    expect(await allowed(token, 'HEAD')).toEqual([200, null]);
    expect((await fetch(`${setup.url}/elsewhere`)).status).toBe(404);
  });
});
