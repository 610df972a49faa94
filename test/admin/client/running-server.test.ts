import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { healthOf } from '../../../src/server/health.ts';
import {
  findRunningServer,
  isEverywhere,
  ownUrl,
  removeRunningServer,
  writeRunningServer,
} from '../../../src/admin/client/running-server.ts';
import { EMPTY_SNAPSHOT } from '../../../src/catalog/snapshot.ts';
import { openDataRoot } from '../../../src/files/data-root.ts';
import { makeFolder } from '../../support/folder.ts';

async function listen(handle: RequestListener): Promise<string> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const healthy =
  (instance: string): RequestListener =>
  (req, res) => {
    expect(req.url).toBe('/healthz');
    expect(req.headers.authorization).toBeUndefined();
    res.end(JSON.stringify(healthOf(EMPTY_SNAPSHOT, '1', 1, instance)));
  };

async function folder() {
  const dir = makeFolder();
  return { dir, files: await openDataRoot(dir) };
}

const ME = { pid: 7, startedAt: 1, instance: 'i1' };

describe('the server of a folder', () => {
  test('is found while it answers, and nobody after it took its word away', async () => {
    const { dir, files } = await folder();
    expect(await findRunningServer(files)).toBeUndefined();
    const server = { ...ME, url: await listen(healthy('i1')) };
    await writeRunningServer(files, server);
    expect(await findRunningServer(files)).toEqual(server);
    await removeRunningServer(files, 'another');
    expect(await findRunningServer(files)).toEqual(server);
    await removeRunningServer(files, 'i1');
    expect(existsSync(join(dir, 'state/server.json'))).toBe(false);
    await removeRunningServer(files, 'i1');
  });

  test('keeps its note while it answers: a second one on the same folder would take it along when it ends', async () => {
    const { files } = await folder();
    const server = { ...ME, url: await listen(healthy('i1')) };
    const second = { ...ME, instance: 'i2', url: await listen(healthy('i2')) };
    expect(await writeRunningServer(files, server)).toBeUndefined();
    expect(await writeRunningServer(files, second)).toEqual(server);
    await removeRunningServer(files, 'i2');
    expect(await findRunningServer(files)).toEqual(server);
    await removeRunningServer(files, 'i1');
    expect(await writeRunningServer(files, second)).toBeUndefined();
    expect(await findRunningServer(files)).toEqual(second);
  });

  test.each<[string, RequestListener]>([
    ['another one has its port by now', healthy('i2')],
    ['something else has its port', (_, res) => res.end('<html>')],
    ['something that says nothing of an instance', (_, res) => res.end('{"status": "ok"}')],
    ['something that says null', (_, res) => res.end('null')],
    ['one that sends elsewhere', (_, res) => res.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end()],
  ])('is not found when %s', async (_, handle) => {
    const { files } = await folder();
    await writeRunningServer(files, { ...ME, url: await listen(handle) });
    expect(await findRunningServer(files)).toBeUndefined();
  });

  test('was killed: nobody answers', async () => {
    const { files } = await folder();
    await writeRunningServer(files, { ...ME, url: 'http://127.0.0.1:1' });
    expect(await findRunningServer(files)).toBeUndefined();
  });

  test.each([
    '{',
    '[]',
    'null',
    '{"pid": 1}',
    JSON.stringify({ ...ME, url: 'http://user:pw@127.0.0.1:1' }),
    JSON.stringify({ ...ME, url: 'http://127.0.0.1:1', everywhere: 'yes' }),
    JSON.stringify({ ...ME, url: 'file:///etc/passwd' }),
    JSON.stringify({ ...ME, url: 'http://127.0.0.1:1/path' }),
  ])('a file that says %s counts as none', async (text) => {
    const dir = makeFolder({ 'state/server.json': text });
    expect(await findRunningServer(await openDataRoot(dir))).toBeUndefined();
  });

  test('no secret is in it', async () => {
    const { dir, files } = await folder();
    await writeRunningServer(files, { ...ME, url: 'http://127.0.0.1:1' });
    expect(Object.keys(JSON.parse(readFileSync(join(dir, 'state/server.json'), 'utf8')) as object).sort()).toEqual([
      'instance',
      'pid',
      'startedAt',
      'url',
    ]);
  });
});

test('a server that listens everywhere says so', async () => {
  const { files } = await folder();
  const server = { ...ME, url: await listen(healthy('i1')), everywhere: isEverywhere({ host: '::' }) };
  expect(server.everywhere).toBe(true);
  expect(isEverywhere({ host: '127.0.0.1' })).toBe(false);
  await writeRunningServer(files, server);
  expect(await findRunningServer(files)).toEqual(server);
});

test.each([
  ['0.0.0.0', 'http://127.0.0.1:4777'],
  ['::', 'http://127.0.0.1:4777'],
  ['10.0.0.1', 'http://10.0.0.1:4777'],
  ['fd00::1', 'http://[fd00::1]:4777'],
])('a server that listens on %s is reached at %s', (host, url) => {
  expect(ownUrl({ host, port: 4777 })).toBe(url);
});
