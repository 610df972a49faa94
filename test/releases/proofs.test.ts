import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseName } from '../../src/model/profile.ts';
import type { ArtifactSpec, Trust } from '../../src/model/release.ts';
import { readCertificates } from '../../src/releases/openpgp/keyring.ts';
import { fetchProofs, type Proofs } from '../../src/releases/verify.ts';
import { makeKey } from '../support/openpgp-keys.ts';
import { detached, makeVendor } from '../support/openpgp-vendor.ts';
import { digestsText, hex } from '../support/upstream-formats.ts';
import { type Bench, makeBench, NOW } from '../support/upstream-ports.ts';
import { Upstream } from '../support/upstream-server.ts';

const vendor = makeVendor();
const data = Buffer.from('data');
const trust: Trust = { pinned: [vendor.primary.fingerprint], revoked: [], keyUrls: [], legacySha1: false };
let upstream: Upstream;
let bench: Bench;
beforeEach(async () => {
  upstream = new Upstream();
  await upstream.start();
  bench = await makeBench(upstream);
  upstream.put('/a.sig', vendor.sign(data));
  upstream.put('/a.DIGESTS', digestsText({ a: data }));
  upstream.absent('/none.sig', '/none.DIGESTS');
});
afterEach(async () => {
  await upstream.stop();
  await bench.remove();
  upstream.check();
});

async function proofs(signatures: readonly string[], lists: readonly string[] = [], renewed = vendor): Promise<Proofs> {
  const spec: ArtifactSpec = {
    name: parseName('a') ?? expect.fail(),
    url: upstream.url('/a'),
    kind: 'kernel',
    digests: {},
    digestLists: lists.map((path) => ({ url: upstream.url(path), algorithm: 'sha512', format: 'digests', entry: 'a' })),
    signatureUrls: signatures.map((path) => upstream.url(path)),
    unpack: [],
  };
  const policy = { certificates: [], pinned: trust.pinned, revoked: [], allowSha1: false, now: NOW / 1000 };
  const certificates = readCertificates(Buffer.from(renewed.publicKey));
  const keys = { policy, renew: () => Promise.resolve({ ...policy, certificates }) };
  return fetchProofs(spec, [], keys, bench.ports);
}

describe('fetchProofs', () => {
  it('takes the first signature and the first list that exist', async () => {
    const found = await proofs(['/none.sig', '/a.sig'], ['/none.DIGESTS', '/a.DIGESTS']);
    expect(found.listed).toEqual({ sha512: hex('sha512', data) });
    expect(found.companion).toMatchObject({ name: 'a.sig', file: { sha256: hex('sha256', upstream.get('/a.sig')) } });
    expect(found.signatures).toHaveLength(1);
  });
  it('asks for the publisher’s keys again before it calls anybody a stranger', async () => {
    expect((await proofs(['/a.sig'])).policy?.certificates).toHaveLength(1);
    await expect(proofs(['/a.sig'], [], makeVendor())).rejects.toThrow('not pinned');
    upstream.put('/a.sig', detached(data, makeKey()));
    await expect(proofs(['/a.sig'])).rejects.toThrow('not pinned');
  });
  it('wants a signature where the publisher signs, and none where not', async () => {
    await expect(proofs(['/none.sig'])).rejects.toThrow('has no signature');
    expect(await proofs([], ['/none.DIGESTS'])).toEqual({
      signatures: undefined,
      policy: undefined,
      listed: {},
      companion: undefined,
    });
  });
  it('does not take a list of another file', async () => {
    upstream.put('/a.DIGESTS', digestsText({ b: data }));
    await expect(proofs(['/a.sig'], ['/a.DIGESTS'])).rejects.toThrow('does not name a');
  });
});
