import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fetchText } from '../../src/releases/fetcher.ts';
import { closeDelimited, cut, endless, gzipped, redirect, silence, status } from '../support/upstream-faults.ts';
import { makeFolder } from '../support/folder.ts';
import { needs } from '../support/needs.ts';
import { type Bench, makeBench } from '../support/upstream-ports.ts';
import { Upstream } from '../support/upstream-server.ts';

let upstream: Upstream;
let bench: Bench;
beforeEach(async () => {
  upstream = new Upstream();
  await upstream.start();
  bench = await makeBench(upstream);
  upstream.put('/a', 'hello');
});
afterEach(async () => {
  await upstream.stop();
  await bench.remove();
  upstream.check();
});

async function read(
  path: string,
  changes: Partial<Parameters<typeof fetchText>[2]> = {},
  limits: { readonly idle?: number } = {},
): Promise<string | undefined> {
  const fetched = await fetchText(upstream.url(path), bench.with({ limits }).network, {
    maxBytes: 1000,
    redirectHosts: [],
    ...changes,
  });
  return fetched === undefined ? undefined : (fetched.location ?? fetched.bytes.toString());
}

describe('fetchText', () => {
  it('reads a text, and after a hiccup too', async () => {
    expect(await read('/a')).toBe('hello');
    upstream.fail('/a', cut(2), status(502));
    expect(await read('/a')).toBe('hello');
  });
  it('takes a 404 for an answer only if it may', async () => {
    upstream.absent('/b');
    expect(await read('/b', { optional: true })).toBeUndefined();
    await expect(read('/b')).rejects.toMatchObject({ code: 'not-found' });
  });
  it('reports a redirect when asked to, and follows it otherwise', async () => {
    upstream.fail('/r', redirect('/a'), redirect('/a', 308));
    expect(await read('/r', { redirect: 'report' })).toBe('/a');
    expect(await read('/r')).toBe('hello');
  });
  it.each([
    ['more than it may be', endless, 'does not say how long|over 1000 bytes'],
    ['a packed body', gzipped, 'sent encoded'],
    ['a body without a length', closeDelimited(), 'does not say how long it is'],
    ['silence', silence, 'sent nothing for 0.4 s, 3 times', { idle: 400 }],
  ])('refuses %s', async (_, fault, message, limits?: { readonly idle: number }) => {
    upstream.failAlways('/a', fault);
    await expect(read('/a', {}, limits)).rejects.toThrow(new RegExp(message));
  });
  it('reads up to its limit and not a byte more', async () => {
    expect(await read('/a', { maxBytes: 5 })).toBe('hello');
    await expect(read('/a', { maxBytes: 4 })).rejects.toMatchObject({ code: 'too-large' });
  });
});

describe('a server with a certificate', () => {
  needs({ commands: ['openssl'] }).test(
    'may redirect to https, and never to http, where anybody could answer',
    async () => {
      const folder = makeFolder();
      const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
      const options = [
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-subj',
        '/CN=127.0.0.1',
      ];
      execFileSync('openssl', ['req', ...options, '-keyout', key, '-out', cert], { stdio: 'ignore' });
      // Its certificate is none's: this test is about where it sends us.
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
      const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
        const location = { '/down': upstream.url('/a'), '/on': '/end' }[request.url ?? ''];
        if (location === undefined) response.writeHead(200, { 'content-length': 3 }).end('end');
        else response.writeHead(302, { location }).end();
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      try {
        const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
        // Both hosts were configured: nothing but the way there is wrong.
        const { network } = bench.with({ configured: [host, upstream.host] });
        const get = (path: string): ReturnType<typeof fetchText> =>
          fetchText(`https://${host}${path}`, network, { maxBytes: 1000, redirectHosts: [] });
        expect((await get('/on'))?.bytes.toString()).toBe('end');
        await expect(get('/down')).rejects.toThrow('redirects from https to http');
        expect(upstream.requests).toEqual([]);
      } finally {
        vi.unstubAllEnvs();
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  );
});
