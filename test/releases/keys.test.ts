import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Trust } from '../../src/model/release.ts';
import { loadKeys } from '../../src/releases/keys.ts';
import { armor, makeKey } from '../support/openpgp-keys.ts';
import { certificate, makeVendor } from '../support/openpgp-vendor.ts';
import { status, webPage } from '../support/upstream-faults.ts';
import { type Bench, makeBench, NOW } from '../support/upstream-ports.ts';
import { Upstream } from '../support/upstream-server.ts';

const vendor = makeVendor();
let upstream: Upstream;
let bench: Bench;
let trust: Trust;
beforeEach(async () => {
  upstream = new Upstream();
  await upstream.start();
  bench = await makeBench(upstream);
  upstream.put('/key.asc', vendor.publicKey);
  trust = { pinned: [vendor.primary.fingerprint], revoked: [], keyUrls: [upstream.url('/key.asc')], legacySha1: false };
});
afterEach(async () => {
  await upstream.stop();
  await bench.remove();
  upstream.check();
});

const load = async (): Promise<readonly string[]> =>
  (await loadKeys('flatcar', trust, bench.ports)).policy.certificates.map(({ fingerprint }) => fingerprint);
const stored = (): Promise<readonly string[]> => readdir(join(bench.dir, 'state/keys')).catch(() => []);
async function age(hours: number): Promise<void> {
  for (const name of await stored()) {
    const time = new Date(NOW - hours * 3_600_000);
    await utimes(join(bench.dir, 'state/keys', name), time, time);
  }
}

describe('loadKeys', () => {
  it('fetches the key once a day and keeps it', async () => {
    expect(await load()).toEqual([vendor.primary.fingerprint]);
    expect(await stored()).toHaveLength(1);
    await age(1);
    await load();
    expect(upstream.requests).toHaveLength(1);
    await age(30);
    await load();
    expect(upstream.requests).toHaveLength(2);
  });

  it('asks again after twenty hours, and where the copy is from the future', async () => {
    await load();
    for (const [hours, requests] of [
      [19.9, 1],
      [20, 2],
      [0, 2],
      [-1, 3],
    ] as const) {
      await age(hours);
      await load();
      expect(upstream.requests, `${hours} hours`).toHaveLength(requests);
    }
  });

  it('a copy that the operator put there is never too old', async () => {
    await bench.trust('flatcar', vendor);
    await age(1000);
    expect(await load()).toEqual([vendor.primary.fingerprint]);
    expect(upstream.requests).toEqual([]);
    expect(await stored()).toEqual(['flatcar.asc']);
  });

  it('one address that fails does not matter where another gives the key; where none does, the failure is told', async () => {
    upstream.put('/none.asc', 'x');
    upstream.failAlways('/none.asc', status(404));
    const [key, none] = [upstream.url('/key.asc'), upstream.url('/none.asc')];
    for (const keyUrls of [
      [none, key],
      [key, none],
    ]) {
      await rm(join(bench.dir, 'state/keys'), { recursive: true, force: true });
      trust = { ...trust, keyUrls };
      expect(await load()).toEqual([vendor.primary.fingerprint]);
      expect(await stored()).toHaveLength(1);
    }
    await rm(join(bench.dir, 'state/keys'), { recursive: true });
    trust = { ...trust, keyUrls: [none] };
    await expect(load()).rejects.toThrow('404');
  });

  it('uses the stored copy when the publisher is away', async () => {
    await load();
    await age(30);
    upstream.failAlways('/key.asc', status(404));
    expect(await load()).toEqual([vendor.primary.fingerprint]);
  });

  it('accepts no other key, page or network than the pinned one', async () => {
    upstream.put('/key.asc', makeVendor().publicKey);
    await expect(load()).rejects.toThrow('is not the one that is pinned');
    upstream.failAlways('/key.asc', webPage);
    await expect(load()).rejects.toThrow(`${upstream.url('/key.asc')} is a web page where the key of flatcar belongs`);
    expect(await stored()).toEqual([]);
  });

  it('does not take a key over plain http, unless that host was configured', async () => {
    const ports = bench.with({ configured: [] });
    const elsewhere = { ...trust, keyUrls: ['http://keys.example.org/key.asc'] };
    await expect(loadKeys('flatcar', elsewhere, ports)).rejects.toThrow('not offered over https');
  });

  it('keeps a revocation that it once saw, although the publisher’s file lost it', async () => {
    const revoked = certificate({ primary: vendor.primary, subkeys: [{ key: vendor.signing, revoked: true }] });
    upstream.put('/key.asc', armor('PUBLIC KEY BLOCK', revoked));
    await load();
    await age(30);
    upstream.put('/key.asc', vendor.publicKey);
    const { certificates } = (await loadKeys('flatcar', trust, bench.ports)).policy;
    expect(certificates.some(({ keys }) => keys.some((key) => key.revoked))).toBe(true);
    const [name = ''] = await stored();
    expect(await readFile(join(bench.dir, 'state/keys', name), 'utf8')).toBe(armor('PUBLIC KEY BLOCK', revoked));
  });

  it('takes what the operator put into state/keys, and a file that he names', async () => {
    await bench.trust('flatcar', vendor);
    expect(await load()).toEqual([vendor.primary.fingerprint]);
    const file = join(bench.dir, 'own.asc');
    await writeFile(file, vendor.publicKey);
    const ports = { ...bench.ports, keyFile: () => file };
    expect((await loadKeys('flatcar', trust, ports)).policy).toMatchObject({
      certificates: [{ fingerprint: vendor.primary.fingerprint }],
      pinned: trust.pinned,
      revoked: trust.revoked,
      allowSha1: trust.legacySha1,
      now: NOW / 1000,
    });
    expect(upstream.requests).toEqual([]);
    await expect(loadKeys('flatcar', trust, { ...ports, keyFile: () => '/nowhere' })).rejects.toThrow('cannot be read');
    await writeFile(file, makeVendor().publicKey);
    await expect(loadKeys('flatcar', trust, ports)).rejects.toThrow('is not the one that is pinned');
  });

  it('passes over damaged files and other systems’ keys', async () => {
    await mkdir(join(bench.dir, 'state/keys'), { recursive: true });
    await writeFile(join(bench.dir, 'state/keys/flatcar-x.asc'), 'damaged');
    await writeFile(join(bench.dir, 'state/keys/debian.asc'), vendor.publicKey);
    expect(await load()).toEqual([vendor.primary.fingerprint]);
    expect(upstream.requests).toHaveLength(1);
  });

  it('asks again for a key that is newer than the stored copy', async () => {
    const key = makeKey();
    upstream.put('/key.asc', armor('PUBLIC KEY BLOCK', certificate({ primary: vendor.primary, subkeys: [{ key }] })));
    await bench.trust('flatcar', vendor);
    const keys = await loadKeys('flatcar', trust, bench.ports);
    const known = ({ certificates }: typeof keys.policy): boolean =>
      certificates.some((one) => one.keys.some((sub) => sub.key.fingerprint === key.fingerprint));
    expect([known(keys.policy), known(await keys.renew())]).toEqual([false, true]);
  });

  it('names a page in the place of a key: where it was put, and where it was named', async () => {
    const file = join(bench.dir, 'state/keys/flatcar.asc');
    await mkdir(join(bench.dir, 'state/keys'), { recursive: true });
    await writeFile(file, '\n<!DOCTYPE html><html>');
    await expect(load()).rejects.toThrow('state/keys/flatcar.asc is a web page where a key belongs');
    const ports = { ...bench.ports, keyFile: () => file };
    await expect(loadKeys('flatcar', trust, ports)).rejects.toThrow('the key file of flatcar is a web page');
    expect(upstream.requests).toEqual([]);
  });

  it('says where a key belongs when nobody offers one', async () => {
    await expect(loadKeys('flatcar', { ...trust, keyUrls: [] }, bench.ports)).rejects.toMatchObject({
      remedy: expect.stringContaining('state/keys/flatcar.asc') as string,
    });
  });
});
