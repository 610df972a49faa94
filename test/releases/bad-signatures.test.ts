import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeVendor } from '../support/openpgp-vendor.ts';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { armor, at, makeKey } from '../support/openpgp-keys.ts';
import { certificate, clearsigned, detached } from '../support/openpgp-vendor.ts';
import { beginDay, type Day, INITRD, KERNEL, POINTER, VERSION } from '../support/upstream-day.ts';
import { digestsText, versionTxt } from '../support/upstream-formats.ts';
import { FLATCAR, flatcarFolder, payload } from '../support/upstream-releases.ts';

const vendor = makeVendor();
let day: Day;
beforeEach(async () => {
  day = await beginDay(vendor);
});
afterEach(() => day.end());

// Signatures, digests and versions that are not what they should be.

describe('a signature', () => {
  const data = payload(`${VERSION} ${FLATCAR.initrd}`);
  const subkey = makeKey('ed25519', at('2024-01-01'));
  const trustWith = async (options: { revoked?: boolean; expiresAfter?: number }): Promise<void> => {
    const block = certificate({
      primary: vendor.primary,
      subkeys: [{ key: vendor.signing }, { key: subkey, ...options }],
    });
    await writeFile(join(day.bench.dir, 'state/keys/flatcar.asc'), armor('PUBLIC KEY BLOCK', block));
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
    ['that is a page', () => '<html>', /4593\.2\.5\/flatcar_production_pxe_image\.cpio\.gz\.sig is a web page where/],
    ['that is empty', () => '', /has no signature/],
    [
      'from before the other file’s, by months',
      () => detached(data, vendor.signing, { created: at('2024-03-01') }),
      /not of one release/,
    ],
  ])('%s is refused', async (_, signature, expected) => {
    day.upstream.put(`${INITRD}.sig`, signature());
    expect(await day.report()).toMatch(expected);
    day.upstream.put(`${INITRD}.sig`, vendor.sign(data));
    await day.heals();
  });

  it('that is missing is refused, before the file is fetched', async () => {
    day.upstream.absent(`${INITRD}.sig`);
    expect(await day.report()).toMatch(/has no signature/);
    expect(day.upstream.count(`GET ${INITRD}`)).toBe(0);
  });

  it('by a revoked subkey is refused, although the mathematics are right', async () => {
    day.upstream.put(`${INITRD}.sig`, detached(data, subkey));
    await trustWith({ revoked: true });
    expect(await day.report()).toMatch(/signed by a key that its publisher revoked/);
    await trustWith({});
    await day.heals();
  });

  it('by a subkey that expired since is good', async () => {
    day.upstream.put(`${INITRD}.sig`, detached(data, subkey));
    await trustWith({ expiresAfter: 365 * 86_400 });
    await day.heals();
  });

  it('is good and the digest is not: refused', async () => {
    day.upstream.put(`${INITRD}.DIGESTS`, digestsText({ [FLATCAR.initrd]: Buffer.from('other') }));
    expect(await day.report()).toMatch(/its publisher says/);
  });

  it('.DIGESTS of another file are refused', async () => {
    day.upstream.put(`${INITRD}.DIGESTS`, digestsText({ 'flatcar_production_image.bin.bz2': data }));
    expect(await day.report()).toMatch(/does not name flatcar_production_pxe_image/);
  });

  it('holds alone when there are no .DIGESTS', async () => {
    day.upstream.absent(`${INITRD}.DIGESTS`);
    await day.heals();
  });

  it('of the kernel under its own name is taken first', async () => {
    day.upstream.put(`${KERNEL}.sig`, vendor.sign(day.upstream.get(KERNEL)));
    await day.heals();
    expect(day.upstream.count(`GET ${flatcarFolder(VERSION)}/flatcar_production_image.vmlinuz.sig`)).toBe(0);
  });

  it('a clock set back by years is told apart, and what arrived is kept', async () => {
    expect(await day.report(day.bench.with({ now: 0 }))).toMatch(/clock of this machine is behind/);
    await day.heals();
    expect(day.upstream.count(`GET ${INITRD}`)).toBe(1);
  });
});

describe('a version', () => {
  it.each(['../../x', '1.2', 'a/b', '4593.2.5 x', ';id', `${'1'.repeat(300)}.1.1`])(
    '%j is refused before any address is made of it',
    async (text) => {
      day.upstream.put(POINTER, `FLATCAR_VERSION=${text}\n`);
      expect(await day.report()).toMatch(/does not name a version/);
      expect(day.upstream.requests).toEqual([`GET ${POINTER}`]);
      expect(await day.bench.drafts()).toEqual([]);
    },
  );

  const FOLDER = flatcarFolder(VERSION);
  const TEXT = `${FOLDER}/version.txt`;
  const text = versionTxt('FLATCAR', VERSION);

  // Every file below is well signed; only this one says which release they are of.
  it.each<[string, () => void, RegExp]>([
    [
      'an old release under a new number',
      () => {
        forged('2024-01-05');
      },
      /not of one release/,
    ],
    [
      'a release of four days before',
      () => {
        forged('2024-05-28');
      },
      /not of one release/,
    ],
    [
      'a number that nobody signed',
      () => {
        put(text.replace('BUILD_ID', 'X'), vendor.sign(Buffer.from(text)));
      },
      /does not match/,
    ],
    [
      'a stranger’s number',
      () => {
        put(text, detached(Buffer.from(text), makeKey()));
      },
      /not pinned/,
    ],
    [
      'a number of another release',
      () => {
        put(versionTxt('FLATCAR', '4593.2.4'));
      },
      /names another version/,
    ],
  ])('%s is refused, before any file is fetched or published', async (_, change, expected) => {
    change();
    expect(await day.report()).toMatch(expected);
    put(text);
    await day.heals();
  });

  it('that a mirror of the operator does not sign is taken, and a person is told', async () => {
    for (const missing of [[`${TEXT}.sig`], [TEXT, `${TEXT}.sig`]]) {
      day.upstream.absent(...missing);
      const spec = await day.look();
      expect(spec.notes).toEqual([expect.stringContaining('no signed version.txt for 4593.2.5')]);
      expect(spec.versionSignedAt).toBeUndefined();
    }
    await day.heals();
  });

  function put(page: string, signature = vendor.sign(Buffer.from(page))): void {
    day.upstream.put(TEXT, page);
    day.upstream.put(`${TEXT}.sig`, signature);
  }
  function forged(date: string): void {
    put(text, detached(Buffer.from(text), vendor.signing, { created: at(date) }));
  }
});
