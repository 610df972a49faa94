import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { networkFailure, send } from '../../src/releases/request.ts';
import { TransientFailure } from '../../src/releases/transient.ts';
import { makeBench } from '../support/upstream-ports.ts';
import { Upstream } from '../support/upstream-server.ts';

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
    const host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const bench = await makeBench();
    const { network } = bench.with({ configured: [host] });
    const options = { method: 'GET', headers: {}, signal: new AbortController().signal } as const;
    await expect(send(new URL(`http://${host}/`), network, options)).rejects.toBeInstanceOf(TransientFailure);
    server.close();
    await bench.remove();
  });
});
