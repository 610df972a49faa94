import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeVendor } from '../support/openpgp-vendor.ts';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { resolveRelease } from '../../src/releases/resolve.ts';
import { SYSTEMS } from '../../src/os/systems.ts';
import { beginDay, type Day, INITRD, KERNEL, POINTER, VERSION } from '../support/upstream-day.ts';
import * as fault from '../support/upstream-faults.ts';
import { digestsText } from '../support/upstream-formats.ts';
import { FLATCAR, payload } from '../support/upstream-releases.ts';
import { type Fault, Upstream } from '../support/upstream-server.ts';

const vendor = makeVendor();
let day: Day;
beforeEach(async () => {
  day = await beginDay(vendor);
});
afterEach(() => day.end());

// Every way in which a publisher, a network or somebody on it can fail us. After each of them nothing of the release is
// visible; and when the day is over, the next run publishes it.

describe('a bad day of the server', () => {
  it.each<[string, string, Fault, RegExp, { readonly idle: number }?]>([
    ['404 for `current`', POINTER, fault.status(404), /version\.txt does not exist \(HTTP 404\)/],
    ['403', KERNEL, fault.status(403), /answered HTTP 403/],
    ['500 for ever', INITRD, fault.status(500), /answered HTTP 500, 3 times/],
    ['503 for an hour', INITRD, fault.status(503, { 'retry-after': '3600' }), /come back in 3600 s/],
    ['a release that is half there', INITRD, fault.status(404), /is not, or only half, published/],
    ['silence', POINTER, fault.silence, /sent nothing for 0\.4 s, 3 times/, { idle: 400 }],
    ['a stalled body', INITRD, fault.stall(1000), /sent nothing for 0\.4 s, 3 times/, { idle: 400 }],
    ['a page for a file', INITRD, fault.webPage, /answered with a web page/],
    ['a page for `current`', POINTER, fault.webPage, /does not name a version/],
    ['a packed body', INITRD, fault.gzipped, /is sent encoded/],
    ['no end', INITRD, fault.endless, /longer than it may be/],
    ['a length over every limit', INITRD, fault.wrongLength(2e6), /has 2000000 bytes/],
    ['fewer bytes than said', INITRD, fault.wrongLength(300_000), /broke off .*3 times/],
    ['a body that ends with its connection', INITRD, fault.closeDelimited(1000), /does not say how long it is/],
    ['a feed of 200 MB', POINTER, fault.endless, /is over 65536 bytes|does not say how long/],
    ['a feed that says 200 MB', POINTER, fault.wrongLength(200e6), /is over 65536 bytes/],
    ['other bytes', INITRD, fault.instead(payload('other')), /its publisher says/],
    [
      'more bytes',
      INITRD,
      fault.instead(Buffer.concat([payload(`${VERSION} ${FLATCAR.initrd}`), Buffer.from('x')])),
      /its publisher says/,
    ],
    [
      'fewer bytes, well said',
      INITRD,
      fault.instead(payload(`${VERSION} ${FLATCAR.initrd}`).subarray(1)),
      /its publisher says/,
    ],
    [
      'two lengths',
      INITRD,
      fault.instead('x', { 'transfer-encoding': 'gzip, chunked' }),
      /unknown transfer encoding|broke off/,
    ],
  ])('%s', async (_, path, fails, expected, limits) => {
    day.upstream.failAlways(path, fails);
    expect(await day.report(day.bench.with({ limits }))).toMatch(expected);
    await day.heals();
  });

  it('503 twice, with Retry-After, and then good: waits as long as it is asked to', async () => {
    day.upstream.fail(INITRD, fault.status(503, { 'retry-after': '7' }), fault.status(503));
    expect((await day.sync()).outcome).toBe('published');
    expect(day.bench.waits).toEqual([7000, 2000]);
  });

  it.each([408, 429, 500, 502, 503, 504])('%i is tried again', async (code) => {
    day.upstream.fail(INITRD, fault.status(code));
    expect((await day.sync()).outcome).toBe('published');
  });

  it.each([400, 401, 403, 410, 451])('%i is not tried again', async (code) => {
    day.upstream.fail(KERNEL, fault.status(code));
    await day.report();
    expect(day.upstream.count(`GET ${KERNEL}`)).toBe(1);
  });

  it('one byte at a time for ever: stops when the time for a file is over', async () => {
    day.upstream.failAlways(INITRD, fault.drip(20));
    expect(await day.report(day.bench.with({ limits: { total: 1200 } }))).toMatch(/took too long/);
    await day.heals();
  });

  it('is told to stop', async () => {
    const stop = new AbortController();
    day.upstream.fail(INITRD, fault.stall(1000));
    const running = day.report(day.bench.with({ signal: stop.signal, limits: { idle: 60_000 } }));
    await day.upstream.asked(`GET ${INITRD}`, 3);
    stop.abort();
    expect(await running).toBe('stopped');
    await day.heals();
  });

  it('nobody there', async () => {
    const address = day.upstream.url('/flatcar');
    await day.upstream.stop();
    const step = SYSTEMS.flatcar.start({ channel: 'stable', arch: 'amd64', install: false, mirror: address });
    await expect(resolveRelease('flatcar', step, day.bench.ports)).rejects.toThrow(/ECONNREFUSED\), 3 times/);
  });
});

/** A cut in the middle, when some of the file has arrived. */
function half(): Fault {
  return fault.cut(100_000, () => day.bench.received(FLATCAR.initrd, 60_000));
}

describe('a cut', () => {
  it('is taken up where it was, in the same run', async () => {
    day.upstream.fail(INITRD, half());
    expect((await day.sync()).outcome).toBe('published');
    expect(
      day.upstream.requests.filter((line) => line === `GET ${INITRD}` || line.startsWith(`GET ${INITRD} `)),
    ).toEqual([`GET ${INITRD}`, expect.stringMatching(/ bytes=[1-9]\d*-$/) as string]);
  });

  it('is taken up by the next run, which hashes what it has', async () => {
    day.upstream.fail(INITRD, half(), fault.cut(90_000), fault.cut(0));
    await day.report(day.bench.with({ limits: { retries: 0 } }));
    day.upstream.heal();
    expect((await day.sync()).outcome).toBe('published');
    // The other file may have been stopped halfway, too, and is then taken up as well.
    const resumed = day.upstream.requests.filter((line) => /bytes=[1-9]/.test(line));
    expect(resumed.filter((line) => line.startsWith(`GET ${INITRD} `))).toHaveLength(1);
  });

  it('starts over when the file changed meanwhile', async () => {
    day.upstream.fail(INITRD, half());
    await day.report(day.bench.with({ limits: { retries: 0 } }));
    const other = payload('rebuilt');
    day.upstream.put(INITRD, other);
    day.upstream.put(`${INITRD}.sig`, vendor.sign(other));
    day.upstream.put(`${INITRD}.DIGESTS`, digestsText({ [FLATCAR.initrd]: other }));
    expect((await day.sync()).outcome).toBe('published');
    expect(await readFile(join(day.bench.dir, 'images/flatcar/amd64', VERSION, FLATCAR.initrd))).toEqual(other);
    // The range was answered with the whole new file: nothing was put together and thrown away.
    expect(day.upstream.count(`GET ${INITRD}`)).toBe(1);
  });

  it('starts over with a server that knows no ranges', async () => {
    day.upstream.fail(INITRD, half(), fault.noRanges);
    expect((await day.sync()).outcome).toBe('published');
  });

  it('starts over when the server answers with another range, or none of it is left', async () => {
    const wrong =
      (range: string): Parameters<Upstream['fail']>[1] =>
      (response, { body }) => {
        response.writeHead(206, { 'content-range': range, 'content-length': body.length }).end(body);
      };
    day.upstream.fail(INITRD, half(), wrong('bytes 0-199999/200000'));
    expect((await day.sync()).outcome).toBe('published');
    expect(day.upstream.count(`GET ${INITRD}`)).toBe(2);
  });

  it('does not believe what lies on the disk', async () => {
    day.upstream.fail(INITRD, half());
    await day.report(day.bench.with({ limits: { retries: 0 } }));
    const part = join(day.bench.dir, 'images/.drafts', `flatcar-amd64-${VERSION}`, 'parts', `${FLATCAR.initrd}.part`);
    await writeFile(part, Buffer.alloc(50_000, 'x'));
    expect((await day.sync()).outcome).toBe('published');
    expect(day.upstream.count(`GET ${INITRD}`)).toBe(2);
  });

  it('put together with wrong bytes under the same name starts over once, not for ever', async () => {
    day.upstream.fail(INITRD, half());
    await day.report(day.bench.with({ limits: { retries: 0 } }));
    day.upstream.failAlways(INITRD, (response, { etag }) => {
      response.writeHead(200, { etag, 'content-length': 5 }).end('wrong');
    });
    expect(await day.report()).toMatch(/its publisher says/);
    await day.heals();
  });
});

describe('a redirect', () => {
  it('within the host is followed', async () => {
    day.upstream.put('/elsewhere', day.upstream.get(INITRD));
    day.upstream.fail(INITRD, fault.redirect('/elsewhere', 301));
    expect((await day.sync()).outcome).toBe('published');
  });

  it('to another host is followed when that was configured', async () => {
    const other = new Upstream();
    await other.start();
    other.put('/x', day.upstream.get(INITRD));
    day.upstream.fail(INITRD, fault.redirect(other.url('/x')));
    expect((await day.sync(day.bench.with({ configured: [day.upstream.host, other.host] }))).outcome).toBe('published');
    await other.stop();
    other.check();
  });

  it.each<[string, () => string, RegExp]>([
    ['round in circles', () => INITRD, /redirects more than 5 times/],
    ['to file://', () => 'file:///etc/passwd', /neither http nor https/],
    ['to data:', () => 'data:text/plain,x', /neither http nor https/],
    ['to another loopback address', () => day.canary.url('/x'), /private network/],
    ['to a decimal address', () => `http://2130706434:${day.canary.host.split(':')[1] ?? ''}/`, /private network/],
    ['to an octal address', () => `http://0177.0.0.2:${day.canary.host.split(':')[1] ?? ''}/`, /private network/],
    [
      'to an IPv6 form of it',
      () => `http://[::ffff:127.0.0.2]:${day.canary.host.split(':')[1] ?? ''}/`,
      /private network/,
    ],
    ['to the cloud’s metadata', () => 'http://169.254.169.254/latest/meta-data/', /private network/],
    ['to the LAN', () => 'http://192.168.1.1/', /private network/],
    ['to another public host', () => 'http://93.184.216.34/x', /redirects to another host/],
    ['with a password', () => `http://user:pass@${day.upstream.host}/x`, /holds a password/],
    ['nowhere', () => '', /redirects more than|redirects to/],
    ['to nonsense', () => 'http://', /an address that is none/],
  ])('%s is refused', async (_, target, expected) => {
    day.upstream.failAlways(INITRD, fault.redirect(target()));
    expect(await day.report()).toMatch(expected);
    await day.heals();
  });

  it('of `current` to a private address is refused too', async () => {
    day.upstream.failAlways(POINTER, fault.redirect(day.canary.url('/version.txt')));
    expect(await day.report()).toMatch(/private network/);
  });
});
