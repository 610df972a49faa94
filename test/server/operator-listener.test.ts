import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { createServer as createSocket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { parseOrigin } from '../../src/model/plan.ts';
import { createServer } from '../../src/server/server.ts';
import type { Settings } from '../../src/settings/settings.ts';
import { makeCertificate } from '../support/certificate.ts';
import { makeFolder } from '../support/folder.ts';
import { settingsFor } from '../support/app-context.ts';
import { needs } from '../support/needs.ts';

const TOKEN = 'a-token-of-this-test';
const LISTEN = { host: '127.0.0.1', port: 0 };
const MACHINE = '/ipxe?mac=52:54:00:55:1c:ee';

async function serve(more: Partial<Settings>) {
  const dir = makeFolder();
  const log = join(dir, 'log');
  const server = createServer(settingsFor(dir, { adminToken: TOKEN, logLevel: 'debug', ...more }), {
    logFd: openSync(log, 'w'),
  });
  onTestFinished(() => server.stop(AbortSignal.timeout(1000)));
  await server.start();
  const machines = `http://127.0.0.1:${server.address()?.port ?? 0}`;
  return {
    dir,
    server,
    machines,
    operators: server.operatorAddress()?.port ?? 0,
    log: () => readFileSync(log, 'utf8'),
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

function ask(url: string, headers: Readonly<Record<string, string>> = {}, form?: string): Promise<Answer> {
  const send = url.startsWith('https:') ? secureRequest : request;
  return new Promise((resolve, reject) => {
    const type = form === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' };
    const options = {
      method: form === undefined ? 'GET' : 'POST',
      headers: { ...headers, ...type },
      rejectUnauthorized: false,
    };
    const req = send(url, options, (res) => {
      let body = '';
      res.setEncoding('utf8');
      res.on('data', (chunk: string) => (body += chunk));
      res.on('end', () => {
        resolve({ status: res.statusCode ?? 0, headers: res.headers, body });
      });
    });
    req.on('error', reject);
    req.end(form);
  });
}

const bearer = { Authorization: `Bearer ${TOKEN}` };

describe('a listener for operators', () => {
  test('has the dashboard and the API; machines are answered at their own port only', async () => {
    const { machines, operators } = await serve({ operator: { listen: LISTEN } });
    const there = `http://127.0.0.1:${operators}`;
    expect((await ask(`${there}/dashboard/login`)).status).toBe(200);
    expect((await ask(`${there}/api/v1/machines`, bearer)).status).toBe(200);
    for (const path of [MACHINE, '/boot.ipxe', '/healthz', '/discovery/new'])
      expect((await ask(there + path)).status, path).toBe(404);
    expect((await ask(machines + MACHINE)).body).toMatch(/^#!ipxe/);
    for (const path of ['/dashboard', '/dashboard/login']) expect((await ask(machines + path)).status, path).toBe(404);
  });

  test('commands on this host reach the API at the machines port, what comes through a proxy does not', async () => {
    const { machines } = await serve({ operator: { listen: LISTEN } });
    expect((await ask(`${machines}/api/v1/machines`, bearer)).status).toBe(200);
    expect((await ask(`${machines}/api/v1/machines`)).status).toBe(401);
    for (const name of ['X-Forwarded-For', 'Forwarded', 'Via']) {
      expect((await ask(`${machines}/api/v1/machines`, { ...bearer, [name]: '10.0.0.7' })).status, name).toBe(404);
    }
  });

  needs({ commands: ['openssl'] }).test(
    'speaks TLS with a certificate that is taken anew, and browsers are told to stay with it',
    async () => {
      const dir = makeFolder();
      const { cert, key } = makeCertificate(dir, 'operators');
      const { machines, operators } = await serve({
        operator: { listen: LISTEN, tls: { cert, key } },
        operatorUrl: parseOrigin('https://ops.example.org'),
      });
      const there = `https://127.0.0.1:${operators}`;
      const page = await ask(`${there}/dashboard/login`);
      expect(page.headers['strict-transport-security']).toBe('max-age=31536000');
      expect(page.body).not.toContain('plain HTTP');
      const login = await ask(`${there}/dashboard/login`, { Origin: 'https://ops.example.org' }, `token=${TOKEN}`);
      expect(login.status).toBe(303);
      expect(String(login.headers['set-cookie'])).toMatch(/; Secure$/);
      // The operators' URL is for people: nothing of it is in what machines get.
      const script = await ask(machines + MACHINE);
      expect(script.body).not.toContain('ops.example.org');
      expect(script.headers['strict-transport-security']).toBeUndefined();
      // Commands ask at the machines' port.
      const made = await fetch(`${machines}/api/v1/login-links`, { method: 'POST', headers: bearer });
      expect(await made.text()).toContain('"https://ops.example.org/dashboard/login?code=');
      await expect(ask(`http://127.0.0.1:${operators}/dashboard/login`)).rejects.toThrow();
    },
  );

  test('a certificate that cannot be used stops the start', async () => {
    const dir = makeFolder({ 'a.crt': 'rubbish', 'a.key': 'rubbish' });
    const tls = { cert: join(dir, 'a.crt'), key: join(dir, 'a.key') };
    await expect(serve({ operator: { listen: LISTEN, tls } })).rejects.toThrow('PILOTLIGHT_OPERATOR_TLS_CERT');
  });
});

const LOOPBACK = [{ address: '127.0.0.1', bits: 32 }];

describe('behind proxies', () => {
  test('a trusted one says who asks, machines and operators alike; any other says nothing', async () => {
    const from = { 'X-Forwarded-For': '192.0.2.7' };
    const wrong = { ...from, Authorization: 'Bearer wrong-token' };
    const trusting = await serve({ trustedProxies: LOOPBACK });
    await ask(trusting.machines + MACHINE, from);
    await ask(`${trusting.machines}/api/v1/machines`, wrong);
    // Who failed waits; the proxy itself and the others do not.
    expect((await ask(`${trusting.machines}/api/v1/machines`, { ...bearer, ...from })).status).toBe(429);
    expect(
      (await ask(`${trusting.machines}/api/v1/machines`, { ...bearer, 'X-Forwarded-For': '192.0.2.8' })).status,
    ).toBe(200);
    const plain = await ask(`${trusting.machines}/dashboard/login`, from);
    expect(plain.body).toContain('plain HTTP');
    const secure = { 'X-Forwarded-For': '192.0.2.9', 'X-Forwarded-Proto': 'https' };
    expect((await ask(`${trusting.machines}/dashboard/login`, secure)).body).not.toContain('plain HTTP');
    const login = await ask(`${trusting.machines}/dashboard/login`, secure, `token=${TOKEN}`);
    expect(String(login.headers['set-cookie'])).toMatch(/; Secure$/);
    await vi.waitFor(() => {
      expect(trusting.log()).toContain('"from":"192.0.2.7"');
    }, 30_000);
    const other = await serve({ trustedProxies: [{ address: '192.0.2.1', bits: 32 }] });
    await ask(other.machines + MACHINE, from);
    await ask(`${other.machines}/api/v1/machines`, wrong);
    expect((await ask(`${other.machines}/api/v1/machines`, bearer)).status).toBe(429);
    expect(other.log()).not.toContain('192.0.2.7');
  });
});

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const socket = createSocket();
  await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', resolve));
  const { port } = socket.address() as AddressInfo;
  await new Promise((resolve) => socket.close(resolve));
  return port;
}

/** A proxy in the foreground, ended with the test. */
async function running(command: string, args: readonly string[], url: string): Promise<void> {
  const child: ChildProcess = spawn(command, args, { stdio: 'ignore' });
  onTestFinished(() => {
    child.kill('SIGTERM');
  });
  await vi.waitFor(async () => ask(url), { timeout: 60_000, interval: 100 });
}

/** What docs/operators.md shows for a proxy, with the addresses of this test. */
function snippet(name: string, changes: Readonly<Record<string, string>>): string {
  const page = readFileSync(new URL('../../docs/operators.md', import.meta.url), 'utf8');
  let text = new RegExp(`\`\`\`${name}\\n([^]*?)\`\`\``).exec(page)?.[1] ?? '';
  expect(text).not.toBe('');
  for (const [from, to] of Object.entries(changes)) {
    expect(text).toContain(from);
    text = text.replaceAll(from, to);
  }
  return text;
}

async function behind(proxy: string): Promise<void> {
  const at = `${proxy}/pilot`;
  expect((await ask(`${at}/dashboard`)).headers['location']).toMatch(/(?:^|:\/\/[^/]+)\/pilot\/dashboard\/login$/);
  const page = await ask(`${at}/dashboard/login`);
  expect(page.body).toContain('action="/pilot/dashboard/login"');
  const login = await ask(`${at}/dashboard/login`, { Origin: proxy }, `token=${TOKEN}`);
  expect(login.status, login.body).toBe(303);
  const cookie = String(login.headers['set-cookie']);
  expect(cookie).toContain('Path=/pilot;');
  const machines = await ask(`${at}/dashboard/machines`, { Cookie: cookie.split(';', 1).join('') });
  expect(machines.body).toContain('href="/pilot/dashboard/');
  expect((await ask(at + MACHINE)).body).toMatch(/^#!ipxe[^]*\/pilot\//);
}

needs({ commands: ['nginx'] }).test('behind nginx, as docs/operators.md has it', async () => {
  const port = await freePort();
  const { dir, machines } = await serve({
    trustedProxies: LOOPBACK,
    baseUrl: parseOrigin(`http://127.0.0.1:${port}/pilot`),
  });
  const site = snippet('nginx', { '443 ssl': `127.0.0.1:${port}`, '127.0.0.1:4777': machines.slice('http://'.length) })
    .split('\n')
    .filter((line) => !line.includes('ssl_'))
    .join('\n');
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((one) => `${one}_temp_path ${dir}/${one};`)
    .join(' ');
  const config = `daemon off; pid ${dir}/nginx.pid; error_log ${dir}/error.log; events {} http { access_log off; ${temp} ${site} }`;
  writeFileSync(join(dir, 'nginx.conf'), config);
  await running('nginx', ['-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')], `http://127.0.0.1:${port}/`);
  await behind(`http://127.0.0.1:${port}`);
});

needs({ commands: ['caddy'] }).test('behind Caddy, as docs/operators.md has it', async () => {
  const port = await freePort();
  const { dir, machines } = await serve({
    trustedProxies: LOOPBACK,
    baseUrl: parseOrigin(`http://127.0.0.1:${port}/pilot`),
  });
  const site = snippet('caddy', {
    'boot.example.org': `http://127.0.0.1:${port}`,
    '127.0.0.1:4777': machines.slice('http://'.length),
  });
  writeFileSync(
    join(dir, 'Caddyfile'),
    `{\n\tadmin off\n\tauto_https off\n\tstorage file_system ${dir}/caddy\n}\n${site}`,
  );
  await running(
    'caddy',
    ['run', '--config', join(dir, 'Caddyfile'), '--adapter', 'caddyfile'],
    `http://127.0.0.1:${port}/`,
  );
  await behind(`http://127.0.0.1:${port}`);
});
