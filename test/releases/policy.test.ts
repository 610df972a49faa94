import { expect, it } from 'vitest';
import { policyOf } from '../../src/releases/fetcher.ts';
import { makeBench, NOW } from '../support/upstream-ports.ts';

it('believes what is pinned, at the time of the machine', async () => {
  const bench = await makeBench();
  const trust = { pinned: ['P'], revoked: ['R'], keyUrls: [], legacySha1: true };
  expect(policyOf(trust, [], bench.ports)).toEqual({
    certificates: [],
    pinned: ['P'],
    revoked: ['R'],
    allowSha1: true,
    now: NOW / 1000,
  });
  await bench.remove();
});
