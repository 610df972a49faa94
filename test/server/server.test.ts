import { linksElsewhere } from '../../src/admin/client/remote.ts';
import { openSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createServer } from '../../src/server/server.ts';
import { makeFolder, type FolderFiles } from '../support/folder.ts';
import { settingsFor } from '../support/app-context.ts';

const MISTAKE = { severity: 'warning', message: 'X is no setting', place: { file: 'environment' } } as const;

async function serve(files: FolderFiles, more: Parameters<typeof settingsFor>[1] = {}) {
  const dir = makeFolder(files);
  const log = join(dir, 'log');
  const fd = openSync(log, 'w');
  const server = createServer(settingsFor(dir, { logLevel: 'info', mistakes: [MISTAKE], ...more }), { logFd: fd });
  const stop = () => server.stop(AbortSignal.timeout(1000));
  // The descriptor stays open: a buffered line that comes late must not meet somebody else's file under its number.
  onTestFinished(stop);
  await server.start();
  const url = `http://127.0.0.1:${String(server.address()?.port)}`;
  return { dir, url, server, stop, log: () => readFileSync(log, 'utf8') };
}

const UNKNOWN = '/ipxe?mac=52:54:00:55:1c:ee';

describe('createServer', () => {
  it('serves a folder of coreos-ipxe-server and says where it is', async () => {
    const { url, stop, log } = await serve({ 'profiles/a.json': { version: '310.1.0' } });
    const answer = await fetch(`${url}/?profile=a`);
    expect(await answer.text()).toContain('set coreos-version 310.1.0\n');
    expect(await (await fetch(`${url}/healthz`)).json()).toMatchObject({
      status: 'ok',
      profiles: 1,
      problems: ['coreos_production_pxe.vmlinuz', 'coreos_production_pxe_image.cpio.gz'].map((file) => ({
        severity: 'warning',
        place: 'profiles/a.json:2:14 version',
        message: `images/amd64-usr/310.1.0/${file} is not there`,
        remedy: 'put it there, or change the version; machines wait until it is there',
      })),
    });
    await stop();
    expect(log()).toContain('"msg":"pilotlight serves"');
    expect(log()).toContain('X is no setting');
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  it('an edit is in force within a second, and a waiting machine boots', async () => {
    const { url, dir } = await serve({ 'images/k': 'kernel' });
    expect(await (await fetch(url + UNKNOWN)).text()).toContain('No profile claims this machine.');
    writeFileSync(
      join(dir, 'profiles/.new'),
      JSON.stringify({ system: 'custom', kernel: 'k', nodes: [{ name: 'a', mac: '525400551cee' }] }),
    );
    renameSync(join(dir, 'profiles/.new'), join(dir, 'profiles/a.json'));
    await vi.waitFor(
      async () => {
        expect(await (await fetch(url + UNKNOWN)).text()).toContain('/images/k');
      },
      { timeout: 1000, interval: 20 },
    );
  });

  it('a broken edit leaves the last good version in force and shows in /healthz', async () => {
    const { url, dir } = await serve({ 'profiles/a.json': { version: '310.1.0' } });
    writeFileSync(join(dir, 'profiles/a.json'), '{ "versoin": "1" }');
    await vi.waitFor(
      async () => {
        expect(await (await fetch(`${url}/healthz`)).json()).toMatchObject({ status: 'degraded' });
      },
      { timeout: 1000, interval: 20 },
    );
    const health = JSON.stringify(await (await fetch(`${url}/healthz`)).json());
    expect(health).toContain('profiles/a.json:1:3 versoin');
    expect(health).toContain('did you mean');
    expect(await (await fetch(`${url}/?profile=a`)).text()).toContain('310.1.0');
  });

  it('people get to the login, and from there to what is wrong', async () => {
    const adminToken = 'a-token-of-this-test';
    const { url } = await serve({ 'profiles/a.json': '{' }, { adminToken });
    const page = await fetch(`${url}/`, { headers: { 'user-agent': 'Mozilla/5.0' } });
    expect(new URL(page.url).pathname).toBe('/dashboard/login');
    const bearer = { headers: { authorization: `Bearer ${adminToken}` } };
    const health = await fetch(`${url}/api/v1/health`, bearer);
    expect(await health.json()).toMatchObject({ problems: [{ place: { file: 'profiles/a.json' } }] });
  });

  it('the first start shows a link that logs in once, and keeps its token for itself', async () => {
    const { url, dir, server, log } = await serve({});
    const [link = ''] = server.firstLinks();
    expect(link.startsWith(`${url}/dashboard/login?code=`)).toBe(true);
    const code = new URL(link).searchParams.get('code') ?? '';
    expect(log()).not.toContain(code);
    const first = await fetch(link);
    expect(first.headers.getSetCookie().join()).toMatch(/HttpOnly.*SameSite=Strict|SameSite=Strict.*HttpOnly/);
    expect((await fetch(link)).headers.getSetCookie()).toEqual([]);
    expect(statSync(join(dir, 'state/admin-token')).mode & 0o777).toBe(0o600);
  });

  it('listening on all addresses, it shows the same link for browsers on other hosts', async () => {
    const { server } = await serve({}, { http: { host: '0.0.0.0', port: 0 } });
    const [link = '', ...elsewhere] = server.firstLinks();
    expect(elsewhere).toEqual(linksElsewhere(link));
    for (const other of elsewhere) {
      const { hostname, search } = new URL(other);
      expect([hostname.startsWith('127.'), search]).toEqual([false, new URL(link).search]);
    }
  });

  it('a second start has no link: the token is there', async () => {
    const { server } = await serve({ 'state/admin-token': 'a-token-that-was-there' });
    expect(server.firstLinks()).toEqual([]);
  });

  it('machines that report are marked, and a restart remembers', async () => {
    const disk = {
      system: 'custom',
      kernel: 'k',
      install: { disk: '/dev/vda' },
      nodes: [{ name: 'd1', mac: '525400551cee' }],
    };
    const { url, dir, stop } = await serve({ 'images/k': 'kernel', 'profiles/a.json': disk });
    expect(await (await fetch(url + UNKNOWN)).text()).toContain('/images/k');
    expect((await fetch(`${url}/installed/52-54-00-55-1c-ee`, { method: 'POST' })).status).toBe(200);
    expect(await (await fetch(url + UNKNOWN)).text()).toContain('echo Booting from the local disk');
    await stop();
    const again = createServer(settingsFor(dir), { logFd: 2 });
    onTestFinished(() => again.stop(AbortSignal.abort()));
    await again.start();
    const answer = await fetch(`http://127.0.0.1:${String(again.address()?.port)}${UNKNOWN}`);
    expect(await answer.text()).toContain('echo Booting from the local disk');
  });

  it('a port that is taken stops the start, and what was started is stopped again', async () => {
    const first = await serve({});
    const port = first.server.address()?.port ?? 0;
    await expect(serve({}, { http: { host: '127.0.0.1', port } })).rejects.toThrow(String(port));
  });

  it('a data directory that is not there stops the start without a host path in a stack', async () => {
    const server = createServer(settingsFor('/nonexistent/pilotlight'), { logFd: 2 });
    await expect(server.start()).rejects.toMatchObject({ name: 'Failure' });
    await server.stop(AbortSignal.abort());
  });
});
