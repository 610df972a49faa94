import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createUploadOperations } from '../../../src/admin/service/uploads.ts';
import { readContext } from '../../../src/context/app-context.ts';
import { SILENT } from '../../../src/model/service.ts';
import { readSettings } from '../../../src/settings/read-settings.ts';
import { makeSetup } from '../../support/sync-setup.ts';
import { FLATCAR, flatcarFolder, serveFlatcar } from '../../support/upstream-releases.ts';

const ALIAS = 'flatcar_production_image.vmlinuz';
const NAMES = [
  ...['version.txt', 'version.txt.sig', FLATCAR.kernel, FLATCAR.initrd],
  ...[ALIAS, FLATCAR.initrd].flatMap((name) => [`${name}.sig`, `${name}.DIGESTS`]),
];

/** Uploads to a data directory in which the publisher's key is pinned, and what the publisher has. */
async function openUploads() {
  const setup = await makeSetup();
  serveFlatcar(setup, '4593.2.5');
  const env = { PILOTLIGHT_TRUST_FLATCAR: setup.vendor.primary.fingerprint };
  const settings = readSettings({ env, flags: { 'data-dir': setup.dir }, cwd: setup.dir, terminal: false });
  const context = await readContext(settings);
  const told: string[] = [];
  let now = Date.now();
  const deps = { ...context, log: SILENT, now: () => now, settings };
  const uploads = createUploadOperations(deps, { emit: (what) => told.push(what) });
  const bytesOf = (name: string): Buffer => setup.upstream.get(`${flatcarFolder('4593.2.5')}/${name}`);
  return {
    setup,
    uploads,
    told,
    bytesOf,
    later: (ms: number): void => {
      now += ms;
    },
    send: async (files: readonly (readonly [string, Buffer])[], piece = 64 * 1024): Promise<string> => {
      const upload = await uploads.beginUpload(files.reduce((sum, [, bytes]) => sum + bytes.length, 0));
      for (const [name, bytes] of files) {
        for (let at = 0; at < bytes.length || at === 0; at += piece) {
          await uploads.uploadPiece(upload, name, at, bytes.subarray(at, at + piece));
        }
      }
      return upload;
    },
    left: () => readdirSync(join(setup.dir, 'images/.drafts')).filter((name) => name.startsWith('upload-')),
  };
}

describe('images from a browser', () => {
  test('are verified and published as if they had been downloaded, and the profile boots them', async () => {
    const { setup, uploads, told, bytesOf, send, left } = await openUploads();
    const upload = await send(NAMES.map((name) => [name, bytesOf(name)]));
    const sum = createHash('sha256').update(bytesOf(FLATCAR.kernel)).digest('hex');
    const done = await uploads.importUpload(upload, { digests: `${sum}  ${FLATCAR.kernel}\n` });
    expect(done).toEqual({ shelves: ['flatcar/amd64/4593.2.5'] });
    expect([setup.version('seed'), told, left()]).toEqual(['4593.2.5', ['releases'], []]);
    expect((await setup.cli('images', 'verify')).code).toBe(0);
    expect(setup.upstream.requests).toEqual([]);
    const again = await send(NAMES.map((name) => [name, bytesOf(name)]));
    expect(await uploads.importUpload(again, {})).toEqual({ shelves: [] });
  });

  test('are not published without their signatures, or changed, or with another digest', async () => {
    const { setup, uploads, bytesOf, send, left } = await openUploads();
    const all = NAMES.map((name) => [name, bytesOf(name)] as const);
    const refused = async (files: typeof all, digests = '') => {
      const upload = await send(files);
      return await uploads.importUpload(upload, { digests }).then(() => 'published', String);
    };
    expect(await refused(all.filter(([name]) => !name.endsWith('.sig')))).toContain('not published: ');
    const changed = all.map(
      ([name, bytes]) => [name, name === FLATCAR.kernel ? Buffer.concat([bytes, Buffer.from('x')]) : bytes] as const,
    );
    expect(await refused(changed)).toContain('not published: ');
    expect(await refused(all, `${'0'.repeat(64)}  ${FLATCAR.kernel}`)).toContain('is not what its digest says');
    expect(await refused(all, 'nonsense')).toContain('is not the SHA-256 of an uploaded file');
    expect([setup.visible(), left()]).toEqual([[], []]);
  });

  test('that nobody signs are published at their place for the digest of each, in one step, and never over others', async () => {
    const { setup, uploads, send, left } = await openUploads();
    const files = ['vmlinuz', 'initrd'].map((name) => [name, Buffer.from(`bytes of ${name}`)] as const);
    const sums = files.map(([name, bytes]) => `${createHash('sha256').update(bytes).digest('hex')}  ${name}`);
    const publish = async (place: string, digests: readonly string[]) =>
      await uploads.importUpload(await send(files), { place, digests: digests.join('\n') }).catch(String);
    expect(await publish('custom/rescue/2026.1', sums.slice(1))).toContain('no SHA-256 is given for vmlinuz');
    expect(await publish('custom/rescue/2026.1', [])).toContain('no SHA-256 is given for initrd, vmlinuz');
    expect(await publish('custom/rescue/2026.1', ['0'.repeat(64) + '  initrd'])).toContain('not what its digest says');
    for (const place of ['custom/../../etc/1', 'flatcar/amd64/1.2.3', 'custom/rescue', 'custom/.x/1', 'custom/a/1/2']) {
      expect(await publish(place, sums)).toContain('is not a place for files of your own');
    }
    expect([setup.visible(), left()]).toEqual([[], []]);
    expect(await publish('custom/rescue/2026.1', sums)).toEqual({ shelves: ['custom/rescue/2026.1'] });
    expect(readFileSync(join(setup.dir, 'images/custom/rescue/2026.1/initrd'), 'utf8')).toBe('bytes of initrd');
    expect(await publish('custom/rescue/2026.1', sums)).toContain('custom/rescue/2026.1');
    expect(left()).toEqual([]);
    const listed = await setup.cli('images');
    expect(listed.stdout).toContain('by hand, with its digests: it stays until you remove it');
    expect((await setup.cli('images', 'verify')).code).toBe(0);
  });

  test('are one hand’s to publish: of two at once one gets them, whole, and the other takes nothing away', async () => {
    const { setup, uploads, send, left } = await openUploads();
    const bytes = Buffer.alloc(4 * 2 ** 20, 7);
    const sum = createHash('sha256').update(bytes).digest('hex');
    const upload = await send(['a', 'b', 'c'].map((name) => [name, bytes]));
    const digests = ['a', 'b', 'c'].map((name) => `${sum}  ${name}`).join('\n');
    const wish = { place: 'custom/rescue/1', digests };
    const first = uploads.importUpload(upload, wish);
    // The second is wrong at once, and what is left of it is removed.
    const second = uploads.importUpload(upload, { place: 'custom/../1', digests }).catch(String);
    const late = uploads.uploadPiece(upload, 'a', 0, Buffer.from('other bytes')).catch(String);
    expect(await Promise.all([first, second, late])).toEqual([
      { shelves: ['custom/rescue/1'] },
      expect.stringContaining('not known any more'),
      expect.stringContaining('not known any more'),
    ]);
    expect(left()).toEqual([]);
    expect((await setup.cli('images', 'verify')).code).toBe(0);
  });

  test('of one file its digest alone is enough; what is published can be read by others, and says how it is known', async () => {
    const { setup, uploads, send, left } = await openUploads();
    const sum = createHash('sha256').update('x').digest('hex');
    const upload = await send([['vmlinuz', Buffer.from('x')]]);
    const wish = { place: 'custom/rescue/1', digests: ` ${sum.toUpperCase()}\r\n\n` };
    expect(await uploads.importUpload(upload, wish)).toEqual({ shelves: ['custom/rescue/1'] });
    const folder = join(setup.dir, 'images/custom/rescue/1');
    expect(JSON.parse(readFileSync(join(folder, '.pilotlight.json'), 'utf8'))).toEqual({
      ...{ system: 'custom', channel: 'rescue', version: '1', byHand: true, digestsGiven: true },
      publishedAt: expect.stringMatching(/^20\d\d-.*Z$/) as string,
      files: { vmlinuz: { size: 1, sha256: sum } },
    });
    const modes = [folder, join(folder, 'vmlinuz')].map((path) => (statSync(path).mode & 0o777).toString(8));
    expect([modes, left()]).toEqual([['755', '644'], []]);
    const two = await send([['a', Buffer.from('x')], ['b', Buffer.from('x')]]); // prettier-ignore
    await expect(uploads.importUpload(two, { digests: sum })).rejects.toThrow('not the SHA-256 of an uploaded file');
    const marked = await send([['a', Buffer.from('x')]]);
    await expect(uploads.importUpload(marked, { place: 'custom/rescue/2', digests: `${sum} *a` })).resolves.toEqual({
      shelves: ['custom/rescue/2'],
    });
  });

  test('have at least one file and at most 64', async () => {
    const { uploads } = await openUploads();
    const none = await uploads.beginUpload(1);
    await expect(uploads.importUpload(none, {})).rejects.toThrow('no file was uploaded');
    const upload = await uploads.beginUpload(100);
    for (let i = 0; i < 64; i += 1) await uploads.uploadPiece(upload, `f${i}`, 0, Buffer.from('x'));
    await expect(uploads.uploadPiece(upload, 'more', 0, Buffer.from('x'))).rejects.toThrow('at most 64 files');
    await uploads.uploadPiece(upload, 'f63', 1, Buffer.from('y'));
  });

  test('a file called as JavaScript’s own words needs its digest, too', async () => {
    const { setup, uploads, send } = await openUploads();
    const upload = await send([['constructor', Buffer.from('x')], ['a', Buffer.from('a')]]); // prettier-ignore
    const digests = `${createHash('sha256').update('a').digest('hex')}  a`;
    await expect(uploads.importUpload(upload, { place: 'custom/x/1', digests })).rejects.toThrow(
      'no SHA-256 is given for constructor',
    );
    expect(setup.visible()).toEqual([]);
  });

  test('pieces that overtake each other are counted once', async () => {
    const { uploads } = await openUploads();
    const upload = await uploads.beginUpload(6);
    const put = (at: number, text: string) => uploads.uploadPiece(upload, 'a', at, Buffer.from(text));
    await Promise.all([put(0, 'abc'), put(0, 'abc'), put(3, 'def'), put(3, 'def')]);
    await expect(put(6, 'x')).rejects.toThrow('more bytes come');
  });

  test('a piece that comes again is the same, and one that leaves a gap or is too much is refused', async () => {
    const { uploads, setup, left } = await openUploads();
    const upload = await uploads.beginUpload(6);
    const put = (name: string, at: number, text: string) => uploads.uploadPiece(upload, name, at, Buffer.from(text));
    await put('a.bin', 0, 'abc');
    await put('a.bin', 0, 'abc');
    await put('a.bin', 3, 'def');
    await put('a.bin', 3, 'def');
    await expect(put('a.bin', 7, 'x')).rejects.toThrow('a piece of a.bin is missing');
    await expect(put('a.bin', 6, 'x')).rejects.toThrow('more bytes come than the upload began with');
    for (const name of ['../a', 'a/b', '.hidden', '', 'a\u0000b']) {
      await expect(put(name, 0, 'x'), name).rejects.toThrow('is not a name of a file of a release');
    }
    expect(left()).toHaveLength(1);
    await expect(uploads.uploadPiece('f'.repeat(32), 'a', 0, Buffer.from('x'))).rejects.toThrow('not known any more');
    await expect(uploads.importUpload('../../x', {})).rejects.toThrow('not known any more');
    expect(setup.visible()).toEqual([]);
  });

  test('are refused where they do not fit, and one that was left goes a day later', async () => {
    const { setup, uploads, later, left } = await openUploads();
    await expect(uploads.beginUpload(17 * 2 ** 30)).rejects.toThrow('the files are over 16 GiB together');
    const old = await uploads.beginUpload(1);
    // A download that was left is the sync's to remove.
    mkdirSync(join(setup.dir, 'images/.drafts/flatcar-amd64-1'));
    later(23 * 3_600_000);
    const second = await uploads.beginUpload(1);
    await uploads.uploadPiece(old, 'a', 0, Buffer.from('x'));
    await uploads.importUpload(second, {}).catch(String);
    expect(left()).toHaveLength(1);
    later(2 * 3_600_000);
    await uploads.beginUpload(1);
    expect(left()).toHaveLength(1);
    expect(existsSync(join(setup.dir, 'images/.drafts/flatcar-amd64-1'))).toBe(true);
    await expect(uploads.uploadPiece(old, 'a', 0, Buffer.from('x'))).rejects.toThrow('not known any more');
  });
});
