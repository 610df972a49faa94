import { openSync, readFileSync } from 'node:fs';
import { createServer as createHttpServer, get, type IncomingMessage, type Server } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { listen } from '../../src/http/listen.ts';
import { createServer } from '../../src/server/server.ts';
import { settingsFor } from '../support/app-context.ts';
import { makeFolder } from '../support/folder.ts';

const MAC = '52:54:00:55:1c:ee';
const FILES = {
  'images/k': 'kernel',
  'configs/a.yml.hbs': '#cloud-config\nhostname: {{node.name}} # {{base_url}}\n',
  'profiles/a.json': {
    ...{ system: 'custom', kernel: 'k', cloud_config: 'a', phone_home: true },
    nodes: [{ name: 'a', mac: MAC, ip: 'fd00:50::42' }],
  },
};

/** A server that listens as it does when nothing is set, but for the port. */
async function everywhere() {
  const dir = makeFolder(FILES);
  const log = join(dir, 'log');
  const settings = settingsFor(dir, { logLevel: 'info', http: { host: '::', port: 0 } });
  const server = createServer(settings, { logFd: openSync(log, 'w') });
  const stop = async (): Promise<void> => {
    await server.stop(AbortSignal.timeout(1000));
  };
  onTestFinished(stop);
  await server.start();
  const port = server.address()?.port ?? 0;
  const ask = async (host: string, path: string, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      get({ host, port, path, headers, agent: false }, resolve).on('error', reject);
    });
    return { status: answer.statusCode, body: await text(answer) };
  };
  return { port, ask, stop, log: () => readFileSync(log, 'utf8') };
}

it('answers both families at one listener; addresses of IPv6 are in brackets in all that a machine gets', async () => {
  const { ask, port, log, stop } = await everywhere();
  for (const [host, base] of [
    ['127.0.0.1', `http://127.0.0.1:${port}`],
    ['::1', `http://[::1]:${port}`],
  ] as const) {
    expect((await ask(host, '/boot.ipxe')).body).toContain(`${base}/ipxe`);
    const script = (await ask(host, `/ipxe?mac=${MAC}`)).body;
    expect(script).toContain(`${base}/images/k`);
    expect(script).toContain(`cloud-config-url=${base}/configs/a.yml?mac=52-54-00-55-1c-ee`);
    const { body } = await ask(host, '/configs/a.yml?mac=52-54-00-55-1c-ee');
    expect(body).toContain(`hostname: a # ${base}`);
    expect((await ask(host, `/grub?mac=${MAC}`)).body).toContain(base);
    expect((await ask(host, '/v1/boot/52-54-00-55-1c-ee')).body).toContain(`${base}/images/k`);
  }
  // One that asks over IPv4 is known by its address as ever, and not as ::ffff:127.0.0.1.
  await stop();
  expect(log()).toContain('127.0.0.1');
  expect(log()).not.toContain('::ffff:');
});

it('a Host line with a zone, or without brackets, is refused with the remedy: it would end up in a script', async () => {
  const { ask } = await everywhere();
  for (const host of ['[fe80::1%eth0]:4777', 'fd00::10', 'fd00::10:4777', '[fd00::10', '[::ffff:10.0.0.1%25eth0]']) {
    const { status, body } = await ask('::1', '/boot.ipxe', { host });
    expect([status, body.includes('is not a host name or address')], host).toEqual([400, true]);
  }
  const link = await ask('::1', '/boot.ipxe', { host: '[fe80::1]:4777' });
  expect([link.status, link.body.includes('http://[fe80::1]:4777/ipxe')]).toEqual([200, true]);
});

it.each(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])('a host without IPv6 (%s) listens at every IPv4 address', async (code) => {
  const server = createHttpServer();
  onTestFinished(() => {
    server.close();
  });
  const real = server.listen.bind(server) as (options: { host: string }, done: () => void) => Server;
  const asked: string[] = [];
  server.listen = ((options: { host: string }, done: () => void) => {
    asked.push(options.host);
    if (options.host !== '::') return real(options, done);
    setImmediate(() => server.emit('error', Object.assign(new Error(code), { code })));
    return server;
  }) as Server['listen'];
  expect(await listen(server, { host: '::', port: 0 })).toMatchObject({ host: '0.0.0.0' });
  expect(asked).toEqual(['::', '0.0.0.0']);
});
