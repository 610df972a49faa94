import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../src/domain/failure.ts';
import { obtainRelease, type Published } from '../../src/releases/obtain.ts';
import type { ReleasePorts } from '../../src/releases/ports.ts';
import { resolveRelease } from '../../src/releases/resolve.ts';
import { FEEDS } from '../../src/systems/feeds/feeds.ts';
import { armor, at, makeKey } from '../support/openpgp-keys.ts';
import { certificate, clearsigned, detached, makeVendor } from '../support/openpgp-vendor.ts';
import * as fault from '../support/upstream-faults.ts';
import { digestsText } from '../support/upstream-formats.ts';
import { type Bench, makeBench } from '../support/upstream-ports.ts';
import { FLATCAR, flatcarFolder, payload, serveFlatcar } from '../support/upstream-releases.ts';
import { Upstream } from '../support/upstream-server.ts';

// Every way in which a publisher, a network or somebody on it can fail us. After each of them nothing of the release is
// visible; and when the day is over, the next run publishes it (unless the bytes themselves are bad).

const vendor = makeVendor();
const VERSION = '4593.2.5';
const folder = flatcarFolder(VERSION);
const KERNEL = `${folder}/${FLATCAR.kernel}`;
const INITRD = `${folder}/${FLATCAR.initrd}`;
const POINTER = '/flatcar/stable/amd64-usr/current/version.txt';
let upstream: Upstream;
let canary: Upstream;
let bench: Bench;

beforeEach(async () => {
  [upstream, canary] = [new Upstream(), new Upstream()];
  await upstream.start();
  await canary.start('127.0.0.2');
  bench = await makeBench(upstream);
  await bench.trust('flatcar', vendor);
  serveFlatcar({ upstream, vendor }, VERSION);
});
afterEach(async () => {
  expect(canary.requests).toEqual([]);
  await Promise.all([upstream.stop(), canary.stop(), bench.remove()]);
  upstream.check();
});

async function sync(ports: ReleasePorts = bench.ports): Promise<Published> {
  const mirror = upstream.url('/flatcar');
  const pinned = [vendor.primary.fingerprint];
  const step = FEEDS.flatcar.start({ channel: 'stable', arch: 'amd64', install: false, mirror, pinned });
  return obtainRelease(await resolveRelease('flatcar', step, ports), ports);
}

/** What the operator reads. */
async function report(ports?: ReleasePorts): Promise<string> {
  const failure: unknown = await sync(ports).then(
    () => expect.fail('was published'),
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(Failure);
  expect(await bench.visible()).toEqual([]);
  const text = (failure as Failure).message;
  expect(text).not.toContain(bench.dir);
  return text;
}

async function heals(): Promise<void> {
  upstream.heal();
  expect((await sync()).outcome).toBe('published');
  expect(await bench.visible()).toHaveLength(4);
}

describe('a bad day of the server', () => {
  it.each<[string, () => void, RegExp]>([
    [
      '404 for `current`',
      () => upstream.failAlways(POINTER, fault.status(404)),
      /version\.txt does not exist \(HTTP 404\)/,
    ],
    ['403', () => upstream.failAlways(KERNEL, fault.status(403)), /answered HTTP 403/],
    ['500 for ever', () => upstream.failAlways(INITRD, fault.status(500)), /answered HTTP 500, 3 times/],
    [
      '503 for an hour',
      () => upstream.failAlways(INITRD, fault.status(503, { 'retry-after': '3600' })),
      /come back in 3600 s/,
    ],
    [
      'a release that is half there',
      () => upstream.failAlways(INITRD, fault.status(404)),
      /is not, or only half, published/,
    ],
    ['silence', () => upstream.failAlways(POINTER, fault.silence), /sent nothing for 0\.4 s, 3 times/],
    ['a stalled body', () => upstream.failAlways(INITRD, fault.stall(1000)), /sent nothing for 0\.4 s, 3 times/],
    ['a page for a file', () => upstream.failAlways(INITRD, fault.webPage), /answered with a web page/],
    ['a page for `current`', () => upstream.failAlways(POINTER, fault.webPage), /does not name a version/],
    ['a packed body', () => upstream.failAlways(INITRD, fault.gzipped), /is sent encoded/],
    ['no end', () => upstream.failAlways(INITRD, fault.endless), /longer than it may be/],
    ['a length over every limit', () => upstream.failAlways(INITRD, fault.wrongLength(2e6)), /has 2000000 bytes/],
    ['fewer bytes than said', () => upstream.failAlways(INITRD, fault.wrongLength(300_000)), /broke off .*3 times/],
    [
      'a body that ends with its connection',
      () => upstream.failAlways(INITRD, fault.closeDelimited(1000)),
      /does not say how long it is/,
    ],
    [
      'a feed of 200 MB',
      () => upstream.failAlways(POINTER, fault.endless),
      /is over 65536 bytes|does not say how long/,
    ],
    ['a feed that says 200 MB', () => upstream.failAlways(POINTER, fault.wrongLength(200e6)), /is over 65536 bytes/],
    ['other bytes', () => upstream.failAlways(INITRD, fault.instead(payload('other'))), /its publisher says/],
    [
      'more bytes',
      () =>
        upstream.failAlways(
          INITRD,
          fault.instead(Buffer.concat([payload(`${VERSION} ${FLATCAR.initrd}`), Buffer.from('x')])),
        ),
      /its publisher says/,
    ],
    [
      'fewer bytes, well said',
      () => upstream.failAlways(INITRD, fault.instead(payload(`${VERSION} ${FLATCAR.initrd}`).subarray(1))),
      /its publisher says/,
    ],
    [
      'two lengths',
      () => upstream.failAlways(INITRD, fault.instead('x', { 'transfer-encoding': 'gzip, chunked' })),
      /unknown transfer encoding|broke off/,
    ],
  ])('%s', async (_, arrange, expected) => {
    arrange();
    expect(await report()).toMatch(expected);
    await heals();
  });

  it('503 twice, with Retry-After, and then good: waits as long as it is asked to', async () => {
    upstream.fail(INITRD, fault.status(503, { 'retry-after': '7' }), fault.status(503));
    expect((await sync()).outcome).toBe('published');
    expect(bench.waits).toEqual([7000, 2000]);
  });

  it.each([408, 429, 500, 502, 503, 504])('%i is tried again', async (code) => {
    upstream.fail(INITRD, fault.status(code));
    expect((await sync()).outcome).toBe('published');
  });

  it.each([400, 401, 403, 410, 451])('%i is not tried again', async (code) => {
    upstream.fail(KERNEL, fault.status(code));
    await report();
    expect(upstream.count(`GET ${KERNEL}`)).toBe(1);
  });

  it('one byte at a time for ever: stops when the time for a file is over', async () => {
    upstream.failAlways(INITRD, fault.drip(20));
    expect(await report(bench.with({ limits: { total: 1200 } }))).toMatch(/took too long/);
    await heals();
  });

  it('is told to stop', async () => {
    const stop = new AbortController();
    upstream.fail(INITRD, fault.stall(1000));
    const running = report(bench.with({ signal: stop.signal, limits: { idle: 60_000 } }));
    await upstream.asked(`GET ${INITRD}`, 3);
    stop.abort();
    expect(await running).toBe('stopped');
    await heals();
  });

  it('nobody there', async () => {
    const address = upstream.url('/flatcar');
    await upstream.stop();
    const step = FEEDS.flatcar.start({ channel: 'stable', arch: 'amd64', install: false, mirror: address });
    await expect(resolveRelease('flatcar', step, bench.ports)).rejects.toThrow(/ECONNREFUSED\), 3 times/);
  });
});

describe('a cut', () => {
  it('is taken up where it was, in the same run', async () => {
    upstream.fail(INITRD, fault.cut(70_000));
    expect((await sync()).outcome).toBe('published');
    expect(upstream.requests.filter((line) => line === `GET ${INITRD}` || line.startsWith(`GET ${INITRD} `))).toEqual([
      `GET ${INITRD}`,
      expect.stringMatching(/ bytes=[1-9]\d*-$/) as string,
    ]);
  });

  it('is taken up by the next run, which hashes what it has', async () => {
    upstream.fail(INITRD, fault.cut(70_000), fault.cut(90_000), fault.cut(0));
    await report(bench.with({ limits: { retries: 0 } }));
    upstream.heal();
    expect((await sync()).outcome).toBe('published');
    expect(upstream.requests.filter((line) => /bytes=[1-9]/.test(line))).toHaveLength(1);
  });

  it('starts over when the file changed meanwhile', async () => {
    upstream.fail(INITRD, fault.cut(70_000));
    await report(bench.with({ limits: { retries: 0 } }));
    const other = payload('rebuilt');
    upstream.put(INITRD, other);
    upstream.put(`${INITRD}.sig`, vendor.sign(other));
    upstream.put(`${INITRD}.DIGESTS`, digestsText({ [FLATCAR.initrd]: other }));
    expect((await sync()).outcome).toBe('published');
    expect(await readFile(join(bench.dir, 'images/flatcar/amd64', VERSION, FLATCAR.initrd))).toEqual(other);
  });

  it('starts over with a server that knows no ranges', async () => {
    upstream.fail(INITRD, fault.cut(70_000), fault.noRanges);
    expect((await sync()).outcome).toBe('published');
  });

  it('starts over when the server answers with another range, or none of it is left', async () => {
    const wrong =
      (range: string): Parameters<Upstream['fail']>[1] =>
      (response, { body }) => {
        response.writeHead(206, { 'content-range': range, 'content-length': body.length }).end(body);
      };
    upstream.fail(INITRD, fault.cut(70_000), wrong('bytes 0-199999/200000'));
    expect((await sync()).outcome).toBe('published');
    expect(upstream.count(`GET ${INITRD}`)).toBe(2);
  });

  it('does not believe what lies on the disk', async () => {
    upstream.fail(INITRD, fault.cut(70_000));
    await report(bench.with({ limits: { retries: 0 } }));
    const part = join(bench.dir, 'images/.drafts', `flatcar-amd64-${VERSION}`, 'parts', `${FLATCAR.initrd}.part`);
    await writeFile(part, Buffer.alloc(50_000, 'x'));
    expect((await sync()).outcome).toBe('published');
    expect(upstream.count(`GET ${INITRD}`)).toBe(2);
  });

  it('put together with wrong bytes under the same name starts over once, not for ever', async () => {
    upstream.fail(INITRD, fault.cut(70_000));
    await report(bench.with({ limits: { retries: 0 } }));
    upstream.failAlways(INITRD, (response, { etag }) => {
      response.writeHead(200, { etag, 'content-length': 5 }).end('wrong');
    });
    expect(await report()).toMatch(/its publisher says/);
    await heals();
  });
});

describe('a redirect', () => {
  it('within the host is followed', async () => {
    upstream.put('/elsewhere', upstream.get(INITRD));
    upstream.fail(INITRD, fault.redirect('/elsewhere', 301));
    expect((await sync()).outcome).toBe('published');
  });

  it('to another host is followed when that was configured', async () => {
    const other = new Upstream();
    await other.start();
    other.put('/x', upstream.get(INITRD));
    upstream.fail(INITRD, fault.redirect(other.url('/x')));
    expect((await sync(bench.with({ configured: [upstream.host, other.host] }))).outcome).toBe('published');
    await other.stop();
    other.check();
  });

  it.each<[string, () => string, RegExp]>([
    ['round in circles', () => INITRD, /redirects more than 5 times/],
    ['to file://', () => 'file:///etc/passwd', /neither http nor https/],
    ['to data:', () => 'data:text/plain,x', /neither http nor https/],
    ['to another loopback address', () => canary.url('/x'), /private network/],
    ['to a decimal address', () => `http://2130706434:${canary.host.split(':')[1] ?? ''}/`, /private network/],
    ['to an octal address', () => `http://0177.0.0.2:${canary.host.split(':')[1] ?? ''}/`, /private network/],
    ['to an IPv6 form of it', () => `http://[::ffff:127.0.0.2]:${canary.host.split(':')[1] ?? ''}/`, /private network/],
    ['to the cloud’s metadata', () => 'http://169.254.169.254/latest/meta-data/', /private network/],
    ['to the LAN', () => 'http://192.168.1.1/', /private network/],
    ['to another public host', () => 'http://93.184.216.34/x', /redirects to another host/],
    ['with a password', () => `http://user:pass@${upstream.host}/x`, /holds a password/],
    ['nowhere', () => '', /redirects more than|redirects to/],
    ['to nonsense', () => 'http://', /an address that is none/],
  ])('%s is refused', async (_, target, expected) => {
    upstream.failAlways(INITRD, fault.redirect(target()));
    expect(await report()).toMatch(expected);
    await heals();
  });

  it('of `current` to a private address is refused too', async () => {
    upstream.failAlways(POINTER, fault.redirect(canary.url('/version.txt')));
    expect(await report()).toMatch(/private network/);
  });
});

describe('a signature', () => {
  const data = payload(`${VERSION} ${FLATCAR.initrd}`);
  const subkey = makeKey('ed25519', at('2024-01-01'));
  const trustWith = async (options: { revoked?: boolean; expiresAfter?: number }): Promise<void> => {
    const block = certificate({
      primary: vendor.primary,
      subkeys: [{ key: vendor.signing }, { key: subkey, ...options }],
    });
    await writeFile(join(bench.dir, 'state/keys/flatcar.asc'), armor('PUBLIC KEY BLOCK', block));
  };

  it.each<[string, () => Buffer | string, RegExp]>([
    ['of other bytes', () => vendor.sign(Buffer.from('other')), /does not match its signature/],
    ['of a stranger', () => detached(data, makeKey()), /signed by a key that is not pinned/],
    ['with SHA-1', () => detached(data, vendor.signing, { hash: 'sha1' }), /SHA-1/],
    [
      'of the future',
      () => detached(data, vendor.signing, { created: at('2030-01-01') }),
      /clock of this machine is behind/,
    ],
    ['that is a message', () => clearsigned('x', vendor.signing), /malformed OpenPGP data/],
    ['that is a page', () => '<html>', /malformed OpenPGP data/],
    ['that is empty', () => '', /has no signature/],
    [
      'from before the other file’s, by months',
      () => detached(data, vendor.signing, { created: at('2024-03-01') }),
      /not of one release/,
    ],
  ])('%s is refused', async (_, signature, expected) => {
    upstream.put(`${INITRD}.sig`, signature());
    expect(await report()).toMatch(expected);
    upstream.put(`${INITRD}.sig`, vendor.sign(data));
    await heals();
  });

  it('that is missing is refused, before the file is fetched', async () => {
    upstream.absent(`${INITRD}.sig`);
    expect(await report()).toMatch(/has no signature/);
    expect(upstream.count(`GET ${INITRD}`)).toBe(0);
  });

  it('by a revoked subkey is refused, although the mathematics are right', async () => {
    upstream.put(`${INITRD}.sig`, detached(data, subkey));
    await trustWith({ revoked: true });
    expect(await report()).toMatch(/signed by a key that its publisher revoked/);
    await trustWith({});
    await heals();
  });

  it('by a subkey that expired since is good', async () => {
    upstream.put(`${INITRD}.sig`, detached(data, subkey));
    await trustWith({ expiresAfter: 365 * 86_400 });
    await heals();
  });

  it('is good and the digest is not: refused', async () => {
    upstream.put(`${INITRD}.DIGESTS`, digestsText({ [FLATCAR.initrd]: Buffer.from('other') }));
    expect(await report()).toMatch(/its publisher says/);
  });

  it('.DIGESTS of another file are refused', async () => {
    upstream.put(`${INITRD}.DIGESTS`, digestsText({ 'flatcar_production_image.bin.bz2': data }));
    expect(await report()).toMatch(/does not name flatcar_production_pxe_image/);
  });

  it('holds alone when there are no .DIGESTS', async () => {
    upstream.absent(`${INITRD}.DIGESTS`);
    await heals();
  });

  it('of the kernel under its own name is taken first', async () => {
    upstream.put(`${KERNEL}.sig`, vendor.sign(upstream.get(KERNEL)));
    await heals();
    expect(upstream.count(`GET ${folder}/flatcar_production_image.vmlinuz.sig`)).toBe(0);
  });

  it('a clock set back by years is told apart, and what arrived is kept', async () => {
    expect(await report(bench.with({ now: 0 }))).toMatch(/clock of this machine is behind/);
    await heals();
    expect(upstream.count(`GET ${INITRD}`)).toBe(1);
  });
});

describe('a version', () => {
  it.each(['../../x', '1.2', 'a/b', '4593.2.5 x', ';id', `${'1'.repeat(300)}.1.1`])(
    '%j is refused before any address is made of it',
    async (text) => {
      upstream.put(POINTER, `FLATCAR_VERSION=${text}\n`);
      expect(await report()).toMatch(/does not name a version/);
      expect(upstream.requests).toEqual([`GET ${POINTER}`]);
      expect(await bench.drafts()).toEqual([]);
    },
  );
});

describe('a bad day of the disk', () => {
  it('too little space: says how much is needed, and begins nothing', async () => {
    const space = (): Promise<{ free: number; total: number }> => Promise.resolve({ free: 100_000, total: 1_000_000 });
    const message = await report({ ...bench.ports, space });
    expect(message).toBe('not enough space in images/: 450000 bytes are needed, 100000 are free');
    expect(upstream.count(`GET ${INITRD}`)).toBe(0);
    await heals();
  });

  it.skipIf(process.getuid?.() === 0)('images/ that may not be written', async () => {
    await chmod(join(bench.dir, 'images'), 0o555);
    expect(await report()).toMatch(/may not access/);
    await chmod(join(bench.dir, 'images'), 0o755);
    await heals();
  });
});
