import { describe, expect, it } from 'vitest';
import { OPERATOR, startDiscovery } from '../support/discovery-setup.ts';
import { replay, type Recording } from '../support/discovery-replay.ts';
import { hasReference, reference } from './reference-dir.ts';

const FILE = 'discovery/v2-discovery-golden.json';

describe.skipIf(!hasReference(FILE))('etcd discovery', () => {
  it('answers what real etcd 3.4 members asked as real etcd 3.4 did', async () => {
    const recording = JSON.parse(reference(FILE).toString()) as Recording;
    // The members were given this URL: their IDs are made of it.
    await using setup = await startDiscovery({ base: 'http://127.0.6.1:4777' });
    const replayed = await replay(setup.url, recording, OPERATOR);
    expect(replayed).toHaveLength(30);
    expect(replayed.map(({ got }) => got)).toEqual(replayed.map(({ wanted }) => wanted));
  });
});
