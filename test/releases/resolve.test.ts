import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FeedDocument, FeedStep, ReleaseSpec, Trust } from '../../src/model/release.ts';
import { resolveRelease } from '../../src/releases/resolve.ts';
import { makeKey } from '../support/openpgp-keys.ts';
import { clearsigned, makeVendor } from '../support/openpgp-vendor.ts';
import { hex } from '../support/upstream-formats.ts';
import { type Bench, makeBench } from '../support/upstream-ports.ts';
import { Upstream } from '../support/upstream-server.ts';

const vendor = makeVendor();
const trust: Trust = { pinned: [vendor.primary.fingerprint], revoked: [], keyUrls: [], legacySha1: false };
let upstream: Upstream;
let bench: Bench;
beforeEach(async () => {
  upstream = new Upstream();
  await upstream.start();
  bench = await makeBench(upstream);
  await bench.trust('debian', vendor);
});
afterEach(async () => {
  await upstream.stop();
  await bench.remove();
  upstream.check();
});

/** What a feed is given for one document. */
async function ask(
  document: Omit<FeedDocument, 'url' | 'maxBytes'>,
  trusted: Trust | undefined = trust,
): Promise<string | undefined> {
  let given: string | undefined;
  const step: FeedStep = {
    kind: 'fetch',
    documents: [{ url: upstream.url('/list'), maxBytes: 1000, ...document }],
    trust: trusted,
    redirectHosts: [],
    next: ([answer]) => {
      given = answer?.text;
      return { kind: 'release', release: {} as ReleaseSpec };
    },
  };
  await resolveRelease('debian', step, bench.ports);
  return given;
}

describe('resolveRelease', () => {
  it('gives a feed only what was signed', async () => {
    upstream.put('/list', vendor.clearsign('signed\n'));
    expect(await ask({ signed: 'cleartext' })).toBe('signed\n');
    upstream.put('/list', `evil\n${vendor.clearsign('signed\n')}`);
    await expect(ask({ signed: 'cleartext' })).rejects.toThrow('malformed OpenPGP data');
    upstream.put('/list', vendor.clearsign('signed\n').replace('signed', 'forged'));
    await expect(ask({ signed: 'cleartext' })).rejects.toThrow('does not match its signature');
    upstream.put('/list', clearsigned('signed', makeKey()));
    await expect(ask({ signed: 'cleartext' })).rejects.toThrow('not pinned');
    upstream.put('/list', ' <!doctype html>');
    await expect(ask({ signed: 'cleartext' })).rejects.toThrow('/list is a web page where a signed list belongs');
    upstream.put('/list', 'unsigned');
    await expect(ask({ signed: 'cleartext' })).rejects.toThrow('malformed OpenPGP data');
  });

  it('checks a signature beside a list', async () => {
    upstream.put('/list', 'text');
    upstream.put('/sig', vendor.sign(Buffer.from('text')));
    const signed = { detached: upstream.url('/sig') };
    expect(await ask({ signed })).toBe('text');
    upstream.put('/list', 'texts');
    await expect(ask({ signed })).rejects.toThrow('does not match its signature');
    upstream.absent('/sig');
    await expect(ask({ signed })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('believes no signature when it was told whom to believe by nobody', async () => {
    upstream.put('/list', vendor.clearsign('signed\n'));
    await expect(ask({ signed: 'cleartext' }, { ...trust, pinned: [] })).rejects.toThrow(/no key is known/);
  });

  it('checks a digest that a signed list gave', async () => {
    upstream.put('/list', 'text');
    expect(await ask({ digests: { sha256: hex('sha256', 'text') } })).toBe('text');
    await expect(ask({ digests: { sha256: hex('sha256', 'other') } })).rejects.toThrow('the signed list says');
  });

  it('does not go round in circles', async () => {
    upstream.put('/list', 'text');
    const step: FeedStep = {
      kind: 'fetch',
      documents: [{ url: upstream.url('/list'), maxBytes: 10 }],
      trust: undefined,
      redirectHosts: [],
      next: () => step,
    };
    await expect(resolveRelease('debian', step, bench.ports)).rejects.toThrow('does not end');
  });
});
