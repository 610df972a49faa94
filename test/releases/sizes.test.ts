import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseName } from '../../src/model/profile.ts';
import type { ArtifactSpec } from '../../src/model/release.ts';
import { announce } from '../../src/releases/obtain.ts';
import { status } from '../support/upstream-faults.ts';
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
});

async function sizes(changes: Partial<ArtifactSpec> = {}): Promise<readonly (number | undefined)[]> {
  const name = parseName('a') ?? expect.fail();
  const spec = {
    name,
    url: upstream.url('/a'),
    kind: 'kernel',
    digests: {},
    digestLists: [],
    signatureUrls: [],
    unpack: [],
    ...changes,
  } as const;
  return (await announce([spec], [], bench.ports)).map(({ size }) => size);
}

describe('announce', () => {
  it('asks with HEAD, and believes the feed more', async () => {
    expect(await sizes()).toEqual([5]);
    expect(await sizes({ size: 7 })).toEqual([7]);
    expect(upstream.requests).toEqual(['HEAD /a', 'HEAD /a']);
  });
  it('goes on with a server that does not like HEAD', async () => {
    upstream.failAlways('/a', status(405));
    expect(await sizes()).toEqual([undefined]);
    upstream.failAlways('/a', status(500));
    expect(await sizes()).toEqual([undefined]);
  });
  it('finds out about a file that is not there, unless it may be missing', async () => {
    upstream.absent('/a');
    await expect(sizes()).rejects.toThrow('only half, published');
    expect(await sizes({ optional: true })).toEqual([]);
  });
});
