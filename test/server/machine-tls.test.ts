import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { once } from 'node:events';
import { copyFileSync, openSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer as createSocket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, onTestFinished } from 'vitest';
import { DEFAULT_LIMITS, listen, newServer } from '../../src/http/listen.ts';
import { SILENT } from '../../src/model/service.ts';
import { openTlsFiles } from '../../src/net/tls-files.ts';
import { createServer } from '../../src/server/server.ts';
import type { Settings } from '../../src/settings/settings.ts';
import { makeCertificate } from '../support/certificate.ts';
import { makeFolder } from '../support/folder.ts';
import { settingsFor } from '../support/app-context.ts';
import { needs } from '../support/needs.ts';

const run = promisify(execFile);
const ssl = needs({ commands: ['openssl', 'curl'] });
const MAC = '52:54:00:55:1c:ee';
const FILES = {
  'images/k': 'kernel '.repeat(100_000),
  'images/i': 'initramfs',
  'configs/a.yml': '#cloud-config\n',
  'profiles/a.json': {
    system: 'custom',
    kernel: 'k',
    initrd: ['i'],
    cloud_config: 'a',
    nodes: [{ name: 'w1', mac: MAC }],
  },
};

async function freePort(): Promise<number> {
  const socket = createSocket().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  socket.close();
  await once(socket, 'close');
  return port;
}

async function serve(more: Partial<Settings> = {}) {
  const dir = makeFolder(FILES);
  const files = makeCertificate(dir, 'server');
  const port = await freePort();
  const tls = { ...files, listen: { host: '127.0.0.1', port } };
  const log = join(dir, 'log');
  const server = createServer(settingsFor(dir, { tls, ...more }), { logFd: openSync(log, 'w') });
  const stop = () => server.stop(AbortSignal.timeout(1000));
  onTestFinished(stop);
  await server.start();
  const ca = readFileSync(files.cert);
  const ask = async (path: string): Promise<{ status: number | undefined; text: string }> => {
    const req = request({ host: '127.0.0.1', port, path, ca, headers: { 'user-agent': 'iPXE/2.0.0' } });
    req.end();
    const [answer] = (await once(req, 'response')) as [AsyncIterable<Buffer> & { statusCode?: number }];
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(part);
    return { status: answer.statusCode, text: Buffer.concat(parts).toString() };
  };
  return { dir, port, stop, ask, files, url: `http://127.0.0.1:${String(server.address()?.port)}` };
}

ssl.test('a machine that asks over TLS is led to https everywhere, every other one to http', async () => {
  const { port, url, ask } = await serve();
  const secure = `https://127.0.0.1:${port}`;
  const { text } = await ask(`/ipxe?mac=${MAC}`);
  expect(text).toContain(`${secure}/images/k`);
  expect(text).toContain(`cloud-config-url=${secure}/configs/a.yml`);
  expect(text).not.toContain('http://');
  const plain = await (await fetch(`${url}/ipxe?mac=${MAC}`)).text();
  expect(plain).toContain(`${url}/images/k`);
  expect(plain).not.toContain('https://');
  expect((await ask('/images/k')).text).toBe(FILES['images/k']);
});

ssl.test('the start script tries TLS first, and asks without where that fails', async () => {
  const { port, url, ask } = await serve();
  const lines = (await (await fetch(`${url}/boot.ipxe`)).text()).split('\n');
  const tries = lines.filter((line) => line.startsWith('chain'));
  expect(tries).toEqual([
    expect.stringMatching(
      new RegExp(`^chain --timeout 20000 --replace https://127.0.0.1:${port}/ipxe\\?mac=.* \\|\\|$`),
    ),
    expect.stringMatching(new RegExp(`^chain --timeout 20000 --replace ${url}/ipxe\\?mac=.* \\|\\| goto retry$`)),
  ]);
  // What came by TLS stays there: no second try that others could read.
  expect((await ask('/boot.ipxe')).text).not.toContain('http://');
});

ssl.test('with a base URL, too: a machine is answered to the name that the certificate is for', async () => {
  const { port, ask } = await serve({ baseUrl: 'http://boot.lan:4777' as Settings['baseUrl'] });
  expect((await ask(`/ipxe?mac=${MAC}`)).text).toContain(`https://127.0.0.1:${port}/images/k`);
});

ssl.test('operators are not answered there, and it stops with the server', async () => {
  const { ask, stop } = await serve();
  for (const path of ['/dashboard', '/dashboard/login', '/api/v1/machines', '/metrics', '/discovery/x']) {
    expect([path, (await ask(path)).status]).toEqual([path, 404]);
  }
  expect((await ask('/healthz')).status).toBe(200);
  await stop();
  await expect(ask('/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

ssl.test('curl that trusts the certificate gets the script, curl that does not gets nothing', async () => {
  const { port, files } = await serve();
  const curl = async (...words: readonly string[]) =>
    (await run('curl', ['-sS', ...words, `https://127.0.0.1:${port}/ipxe?mac=${MAC}`])).stdout;
  expect(await curl('--cacert', files.cert)).toMatch(/^#!ipxe\n/);
  await expect(curl()).rejects.toThrow(/certificate/);
});

ssl.test('a server that was asked for TLS and cannot speak it does not start', async () => {
  const dir = makeFolder(FILES);
  const tls = { cert: join(dir, 'none'), key: join(dir, 'none'), listen: { host: '127.0.0.1', port: 0 } };
  const server = createServer(settingsFor(dir, { tls }), { logFd: openSync(join(dir, 'log'), 'w') });
  onTestFinished(() => server.stop(AbortSignal.timeout(1000)));
  await expect(server.start()).rejects.toMatchObject({
    message: expect.stringContaining('PILOTLIGHT_TLS_CERT: the file cannot be read') as string,
  });
});

ssl.test('a certificate that was renewed is what the next connection sees', async () => {
  const dir = makeFolder();
  const files = makeCertificate(dir, 'server');
  const tls = await openTlsFiles({ ...files, names: { cert: 'CERT', key: 'KEY' }, log: SILENT });
  const server = newServer(DEFAULT_LIMITS, tls);
  onTestFinished(() => {
    server.close();
  });
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  const subject = async (): Promise<string | undefined> => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return CN?.toString();
  };
  expect(await subject()).toBe('server');
  const renewed = makeCertificate(dir, 'renewed');
  copyFileSync(renewed.cert, files.cert);
  copyFileSync(renewed.key, files.key);
  await tls.look();
  expect(await subject()).toBe('renewed');
});
