import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchText } from '../../src/releases/fetcher.ts';
import { closeDelimited, cut, endless, gzipped, redirect, silence, status } from '../support/upstream-faults.ts';
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

async function read(path: string, changes: Partial<Parameters<typeof fetchText>[2]> = {}): Promise<string | undefined> {
  const fetched = await fetchText(upstream.url(path), bench.ports.network, {
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
    ['silence', silence, 'sent nothing for 0.4 s, 3 times'],
  ])('refuses %s', async (_, fault, message) => {
    upstream.failAlways('/a', fault);
    await expect(read('/a')).rejects.toThrow(new RegExp(message));
  });
  it('reads up to its limit and not a byte more', async () => {
    expect(await read('/a', { maxBytes: 5 })).toBe('hello');
    await expect(read('/a', { maxBytes: 4 })).rejects.toMatchObject({ code: 'too-large' });
  });
});
