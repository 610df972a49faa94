import { readFile, stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseName, parseVersion } from '../../src/model/profile.ts';
import type { ArtifactSpec } from '../../src/model/release.ts';
import { download, type Downloaded, missingBytes } from '../../src/releases/download.ts';
import { type Draft, openDraft, partPath } from '../../src/releases/draft.ts';
import { closeDelimited, cut, endless } from '../support/upstream-faults.ts';
import { hex } from '../support/upstream-formats.ts';
import { type Bench, makeBench } from '../support/upstream-ports.ts';
import { payload } from '../support/upstream-releases.ts';
import { Upstream } from '../support/upstream-server.ts';

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
  });
});

it('counts what still has to come', async () => {
  expect(await missingBytes(spec, draft, 100)).toBe(100);
  await fetch();
  expect([await missingBytes(spec, draft, data.length + 5), await missingBytes(spec, draft, undefined)]).toEqual([
    5, 0,
  ]);
});
