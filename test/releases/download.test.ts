import { readFile, stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseName, parseVersion } from '../../src/model/profile.ts';
import type { ArtifactSpec } from '../../src/model/release.ts';
import { download, type Downloaded, missingBytes } from '../../src/releases/download.ts';
import { type Draft, openDraft, partPath } from '../../src/releases/draft.ts';
import { closeDelimited, cut, endless, instead, status } from '../support/upstream-faults.ts';
import { hex } from '../support/upstream-formats.ts';
import { type Bench, makeBench } from '../support/upstream-ports.ts';
import { payload } from '../support/upstream-releases.ts';
import { type Fault, Upstream } from '../support/upstream-server.ts';

const data = payload('data');
let upstream: Upstream;
let bench: Bench;
let draft: Draft;
let spec: ArtifactSpec;
beforeEach(async () => {
  upstream = new Upstream();
  await upstream.start();
  upstream.put('/kernel', data);
  bench = await makeBench(upstream);
  const version = parseVersion('1') ?? expect.fail();
  draft = await openDraft(bench.root, {
    system: 'talos',
    channel: 'stable',
    arch: 'amd64',
    version,
    shelf: 'talos/amd64/1',
  });
  const name = parseName('kernel') ?? expect.fail();
  spec = {
    name,
    url: upstream.url('/kernel'),
    kind: 'kernel',
    digests: {},
    digestLists: [],
    signatureUrls: [],
    unpack: [],
  };
});
afterEach(async () => {
  await upstream.stop();
  await bench.remove();
  upstream.check();
});

const fetch = (changes: Partial<ArtifactSpec> = {}, ceiling = 1e6): Promise<Downloaded> =>
  download({ ...spec, ...changes }, draft, bench.ports, { redirectHosts: [], hashes: new Set(), ceiling });

describe('download', () => {
  it('hashes what it writes', async () => {
    const { hashes, resumed } = await fetch();
    expect([hashes.hex('sha256'), hashes.size, resumed]).toEqual([hex('sha256', data), data.length, false]);
    expect(await readFile(partPath(draft, spec.name))).toEqual(data);
  });

  it('asks for nothing when the part is whole', async () => {
    await fetch();
    const { hashes } = await fetch();
    expect(hashes.hex('sha512')).toBe(hex('sha512', data));
    expect(upstream.requests).toEqual(['GET /kernel']);
  });

  it('puts the pieces of a cut together', async () => {
    upstream.fail(
      '/kernel',
      cut(100_000, () => bench.received('kernel', 60_000)),
    );
    const { hashes, resumed } = await fetch();
    expect([hashes.hex('sha256'), resumed]).toEqual([hex('sha256', data), true]);
    expect(await readFile(partPath(draft, spec.name))).toEqual(data);
  });

  it('takes a body that ends with its connection when the right size is known', async () => {
    upstream.fail('/kernel', closeDelimited());
    expect((await fetch({ size: data.length })).hashes.size).toBe(data.length);
  });

  it('sees that such a body was cut', async () => {
    upstream.fail('/kernel', closeDelimited(1000), closeDelimited(1000), closeDelimited(1000));
    await expect(fetch({ size: data.length })).rejects.toThrow('broke off at 1000 of 200000 bytes, 3 times');
  });

  it.each([1, -1])('refuses a file that is %i byte off what was announced, and keeps nothing of it', async (off) => {
    await expect(fetch({ size: data.length + off })).rejects.toThrow(`has ${data.length} bytes`);
    await expect(stat(partPath(draft, spec.name))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('writes no more than the ceiling', async () => {
    upstream.fail('/kernel', endless);
    await expect(fetch({}, 300_000)).rejects.toMatchObject({ code: 'too-large' });
    expect(await missingBytes(spec, draft, 5)).toBe(5);
    await expect(fetch({}, data.length - 1)).rejects.toMatchObject({ code: 'too-large' });
    expect((await fetch({}, data.length)).hashes.size).toBe(data.length);
  });

  it('tells what came, and why it asks again', async () => {
    upstream.fail('/kernel', status(503, { 'retry-after': '7' }));
    await fetch();
    const retries = bench.events.filter(({ kind }) => kind === 'retry');
    expect(retries).toEqual([
      { kind: 'retry', file: 'kernel', attempt: 1, waitMs: 7000, why: expect.stringContaining('503') as string },
    ]);
    expect(bench.events.at(-1)).toEqual({
      ...{ kind: 'download', file: 'kernel', received: data.length, size: data.length },
    });
  });

  it('refuses a page in the place of a file, whatever its letters, and keeps nothing of it', async () => {
    upstream.fail('/kernel', instead('<html>', { 'content-type': 'Text/HTML' }));
    await expect(fetch()).rejects.toMatchObject({ code: 'refused' });
    await expect(stat(partPath(draft, spec.name))).rejects.toMatchObject({ code: 'ENOENT' });
    upstream.fail('/kernel', instead(data, { 'content-type': 'application/x-text/html' }));
    expect((await fetch()).hashes.hex('sha256')).toBe(hex('sha256', data));
  });
});

describe('after a cut', () => {
  const rangeOf = (request: { headers: { range?: string } }): number =>
    Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? expect.fail('no range was asked for'));
  /** A part of the file, with these headers, and then the end of the connection. */
  const cutWith =
    (headers: Record<string, string>): Fault =>
    (response) => {
      response.writeHead(200, { 'content-length': data.length, ...headers }).write(data.subarray(0, 100_000), () => {
        bench.received('kernel', 60_000).then(
          () => response.socket?.end(),
          () => response.destroy(),
        );
      });
    };

  it.each<[string, (from: number, response: { length: number }) => { range?: string; length: number; code?: number }]>([
    [
      'that begins elsewhere',
      (from, { length }) => ({ range: `bytes ${from + 1}-${length - 1}/${length}`, length: length - from - 1 }),
    ],
    [
      'that ends too early',
      (from, { length }) => ({ range: `bytes ${from}-${length - 2}/${length}`, length: length - from }),
    ],
    [
      'of another length',
      (from, { length }) => ({ range: `bytes ${from}-${length - 1}/${length}`, length: length - from - 1 }),
    ],
    ['without a range', (from, { length }) => ({ length: length - from })],
    ['that is none any more', () => ({ code: 416, length: 0 })],
  ])('an answer %s is not put behind the part: all of it is asked for anew', async (_, answer) => {
    upstream.fail('/kernel', cutWith({ etag: '"1"' }), (response, { body }, request) => {
      const { range, length, code = 206 } = answer(rangeOf(request), body);
      response.writeHead(code, {
        etag: '"1"',
        'content-length': length,
        ...(range === undefined ? {} : { 'content-range': range }),
      });
      response.end(Buffer.alloc(length, 'x'));
    });
    const { hashes, resumed } = await fetch();
    expect([hashes.hex('sha256'), resumed]).toEqual([hex('sha256', data), false]);
    expect(await readFile(partPath(draft, spec.name))).toEqual(data);
    expect(upstream.requests).toEqual(['GET /kernel', expect.stringContaining('bytes='), 'GET /kernel']);
  });

  it.each<[string, Record<string, string>, string | undefined]>([
    ['a strong ETag', { etag: '"1"', 'last-modified': 'Thu, 20 Aug 2026 00:00:00 GMT' }, '"1"'],
    [
      'a weak ETag and a date',
      { etag: 'W/"1"', 'last-modified': 'Thu, 20 Aug 2026 00:00:00 GMT' },
      'Thu, 20 Aug 2026 00:00:00 GMT',
    ],
    ['a weak ETag alone', { etag: 'W/"1"' }, undefined],
    ['nothing', {}, undefined],
  ])('%s says whether the file is still the same', async (_, headers, validator) => {
    const asked: unknown[] = [];
    upstream.fail('/kernel', cutWith(headers), (response, { body }, request) => {
      asked.push([request.headers.range !== undefined, request.headers['if-range']]);
      response.writeHead(200, { 'content-length': body.length }).end(body);
    });
    const { hashes, resumed } = await fetch();
    expect(asked).toEqual([[validator !== undefined, validator]]);
    expect([hashes.hex('sha256'), resumed]).toEqual([hex('sha256', data), false]);
    expect(await readFile(partPath(draft, spec.name))).toEqual(data);
  });
});

it('counts what still has to come', async () => {
  expect(await missingBytes(spec, draft, 100)).toBe(100);
  await fetch();
  expect([await missingBytes(spec, draft, data.length + 5), await missingBytes(spec, draft, undefined)]).toEqual([
    5, 0,
  ]);
});
