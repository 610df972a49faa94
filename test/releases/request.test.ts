import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { networkFailure, parseRetryAfter, retry, send, stopped, TransientFailure } from '../../src/releases/request.ts';
import { makeBench } from '../support/upstream-ports.ts';
import { Upstream } from '../support/upstream-server.ts';

function run(failures: readonly Error[], retries = 5, random = 0): { result: Promise<string>; waits: number[] } {
  const waits: number[] = [];
  const queue = [...failures];
  const clock = {
    now: () => 0,
    random: () => random,
    sleep: (ms: number) => {
      waits.push(ms);
      return Promise.resolve();
    },
  };
  const signal = new AbortController().signal;
  const result = retry({ retries, clock, signal, onRetry: () => undefined }, () => {
    const next = queue.shift();
    return next === undefined ? Promise.resolve('done') : Promise.reject(next);
  });
  return { result, waits };
}
const flaky = (retryAfter?: number): TransientFailure => new TransientFailure('x broke off', { retryAfter });

describe('retry', () => {
  it('doubles from one second, less up to half by chance', async () => {
    const calm = run(Array.from({ length: 5 }, () => flaky()));
    expect(await calm.result).toBe('done');
    expect(calm.waits).toEqual([1000, 2000, 4000, 8000, 16_000]);
    const lucky = run([flaky()], 5, 0.999);
    await lucky.result;
    expect(lucky.waits[0]).toBeCloseTo(500, -1);
  });
  it('never waits longer than a minute by itself', async () => {
    const { result, waits } = run(
      Array.from({ length: 9 }, () => flaky()),
      9,
    );
    await result;
    expect(Math.max(...waits)).toBe(60_000);
  });
  it('waits as long as the server asks for, within reason', async () => {
    const { result, waits } = run([flaky(90_000)]);
    await result;
    expect(waits).toEqual([90_000]);
    const longest = run([flaky(300_000)]);
    await longest.result;
    expect(longest.waits).toEqual([300_000]);
    await expect(run([flaky(300_001)]).result).rejects.toMatchObject({
      code: 'unavailable',
      message: 'x broke off, and asks to come back in 301 s',
    });
    await expect(run([flaky(3_600_000)]).result).rejects.toThrow('come back in 3600 s');
  });
  it('gives up, and says how often it tried', async () => {
    await expect(run([flaky(), flaky(), flaky()], 2).result).rejects.toThrow('x broke off, 3 times');
  });
  it('does not try again what will not get better', async () => {
    const { result, waits } = run([new Failure('refused', 'no')]);
    await expect(result).rejects.toThrow('no');
    expect(waits).toEqual([]);
  });
  it('tells a stop from a time that is over', () => {
    expect(stopped(AbortSignal.abort()).message).toBe('stopped');
    expect(stopped(AbortSignal.abort(new DOMException('x', 'TimeoutError'))).message).toBe(
      'the download took too long',
    );
  });
});

it.each([
  ['120', 120_000],
  ['0', 0],
  ['Thu, 01 Jan 1970 00:01:00 GMT', 30_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['soon', undefined],
  ['-5', undefined],
  ['120 s', undefined],
  ['in 120', undefined],
  ['999999999', 999_999_999_000],
  ['1000000000', undefined],
  ['Thu, 01 Jan 1970 00:01:00 GMT+1', undefined],
  ['on Thu, 01 Jan 1970 00:01:00 GMT', undefined],
  ['Thursday, 01-Jan-70 00:01:00 GMT', undefined],
  ['Xyz, 99 Xyz 9999 99:99:99 GMT', undefined],
  [undefined, undefined],
])('Retry-After %j', (value, expected) => {
  expect(parseRetryAfter(value, 30_000)).toBe(expected);
});

it('is a failure that may pass', () => {
  expect(new TransientFailure('x', { retryAfter: 5 })).toMatchObject({ code: 'unavailable', retryAfter: 5 });
});

const url = new URL('http://example.org/x');

describe('networkFailure', () => {
  it('tells what may pass from what will not', () => {
    expect(networkFailure(Object.assign(new Error(), { code: 'ECONNRESET' }), url)).toBeInstanceOf(TransientFailure);
    expect(networkFailure(new Error('unknown'), url)).toBeInstanceOf(TransientFailure);
    for (const code of [
      'CERT_HAS_EXPIRED',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ])
      expect(networkFailure(Object.assign(new Error(), { code }), url)).toMatchObject({ code: 'refused' });
    expect(networkFailure(Object.assign(new Error(), { code: 'ERR_HTTP_UNABLE_TO_' }), url)).toMatchObject({
      message: 'http://example.org/x broke off (ERR_HTTP_UNABLE_TO_)',
    });
    expect(networkFailure(Object.assign(new Error(), { code: 7 }), url).message).toContain('broke off (error)');
    expect(networkFailure('text', url).message).toContain('broke off (error)');
    // It was never reached: nothing broke off.
    for (const [code, said] of [
      ['ENOTFOUND', 'has a host name that no name server knows (ENOTFOUND)'],
      ['ECONNREFUSED', 'accepts no connection (ECONNREFUSED)'],
      ['ENETUNREACH', 'cannot be reached from here (ENETUNREACH)'],
    ])
      expect(networkFailure(Object.assign(new Error(), { code }), url).message).toBe(
        `http://example.org/x ${said ?? ''}`,
      );
    expect(networkFailure(Object.assign(new Error(), { code: 'SELF_SIGNED_CERT_IN_CHAIN' }), url)).toMatchObject({
      message: 'http://example.org/x has no certificate that this machine trusts (SELF_SIGNED_CERT_IN_CHAIN)',
      remedy: 'check the clock of this machine and its CA certificates',
    });
    const abort = new DOMException('x', 'AbortError');
    expect(networkFailure(abort, url)).toBe(abort);
    const own = new Failure('refused', 'no');
    expect(networkFailure(own, url)).toBe(own);
  });
});

describe('send', () => {
  it('asks plainly, for bytes as they are', async () => {
    const upstream = new Upstream();
    await upstream.start();
    upstream.put('/x', 'y');
    let headers = {};
    upstream.fail('/x', (response, _, request) => {
      headers = request.headers;
      response.end('y');
    });
    const bench = await makeBench(upstream);
    const signal = new AbortController().signal;
    (
      await send(new URL(upstream.url('/x')), bench.ports.network, {
        method: 'GET',
        headers: { range: 'bytes=1-' },
        signal,
      })
    ).destroy();
    expect(headers).toMatchObject({ 'accept-encoding': 'identity', range: 'bytes=1-', 'user-agent': 'pilotlight' });
    await upstream.stop();
    await bench.remove();
  });

  it('takes no answer that is not HTTP', async () => {
    const server = createServer((socket) => socket.end('SSH-2.0-x\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const bench = await makeBench();
    const { network } = bench.with({ configured: [host] });
    const options = { method: 'GET', headers: {}, signal: new AbortController().signal } as const;
    await expect(send(new URL(`http://${host}/`), network, options)).rejects.toBeInstanceOf(TransientFailure);
    server.close();
    await bench.remove();
  });
});
