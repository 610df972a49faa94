import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseName, parseVersion } from '../../src/model/profile.ts';
import type { ReleaseRef } from '../../src/model/release.ts';
import {
  dropPart,
  openDraft,
  openPart,
  partSize,
  removeDraft,
  removeStaleDrafts,
  startHashes,
  writeState,
} from '../../src/releases/draft.ts';
import { hex } from '../support/upstream-formats.ts';
import { type Bench, makeBench } from '../support/upstream-ports.ts';

const name = parseName('kernel') ?? expect.fail();
const refOf = (text: string): ReleaseRef => {
  const version = parseVersion(text) ?? expect.fail();
  return { system: 'talos', channel: 'stable', arch: 'amd64', version, shelf: `talos/amd64/${text}` };
};
const ref = refOf('v1.0.0');
let bench: Bench;
beforeEach(async () => {
  bench = await makeBench();
});
afterEach(() => bench.remove());

describe('openDraft', () => {
  it('takes verified files back among the parts, and forgets what was made beside them', async () => {
    await openDraft(bench.root, ref);
    const release = join(bench.dir, 'images/.drafts/talos-amd64-v1.0.0/release');
    for (const file of ['kernel', 'kernel.sig', '.pilotlight.json']) await writeFile(join(release, file), file);
    await mkdir(join(release, '.unpacked/a'), { recursive: true });
    const draft = await openDraft(bench.root, ref);
    expect(await readdir(release)).toEqual([]);
    expect(await readdir(draft.parts)).toEqual(['kernel.part']);
  });
});

describe('a part', () => {
  it('goes on only for the same address, and only if its state is known', async () => {
    const draft = await openDraft(bench.root, ref);
    const file = join(draft.parts, 'kernel.part');
    const state = { url: 'http://a/', validator: '"1"', total: 5 };
    for (const [written, url, left] of [
      [state, 'http://a/', 'abc'],
      [state, 'http://b/', ''],
      [undefined, 'http://a/', ''],
    ] as const) {
      await dropPart(draft, name);
      await writeFile(file, 'abc');
      if (written !== undefined) await writeState(bench.root, draft, name, written);
      const part = await openPart(draft, name, url);
      await part.handle.close();
      expect(part.state).toEqual(left === '' ? undefined : state);
      expect(await readFile(file, 'utf8')).toBe(left);
    }
  });

  it('goes on where the whole length is not known, too', async () => {
    const draft = await openDraft(bench.root, ref);
    const state = { url: 'http://a/', validator: '"1"' };
    await writeFile(join(draft.parts, 'kernel.json'), JSON.stringify(state));
    const part = await openPart(draft, name, 'http://a/');
    await part.handle.close();
    expect(part.state).toEqual(state);
  });

  it.each([
    '',
    '{',
    'null',
    '5',
    '"x"',
    '{"url":"http://a/"}',
    '{"url":"http://a/","validator":1}',
    '{"url":1}',
    '{"url":"http://a/","validator":"x","total":"5"}',
  ])('starts over with the state %j', async (text) => {
    const draft = await openDraft(bench.root, ref);
    await writeFile(join(draft.parts, 'kernel.json'), text);
    const part = await openPart(draft, name, 'http://a/');
    await part.handle.close();
    expect(part.state).toBeUndefined();
  });

  it('whose state cannot be read is a failure that names it, and nothing of it is thrown away', async () => {
    const draft = await openDraft(bench.root, ref);
    await writeFile(join(draft.parts, 'kernel.part'), 'abc');
    await mkdir(join(draft.parts, 'kernel.json'));
    await expect(openPart(draft, name, 'http://a/')).rejects.toMatchObject({
      place: { file: 'images/.drafts/talos-amd64-v1.0.0/parts/kernel.json' },
    });
    expect(await partSize(draft, name)).toBe(3);
  });

  it('that cannot be opened is a failure that names it', async () => {
    const draft = await openDraft(bench.root, ref);
    await mkdir(join(draft.parts, 'kernel.part'));
    await expect(openPart(draft, name, 'http://a/')).rejects.toMatchObject({
      place: { file: 'images/.drafts/talos-amd64-v1.0.0/parts/kernel.part' },
    });
  });

  it('is dropped with its state', async () => {
    const draft = await openDraft(bench.root, ref);
    await writeFile(join(draft.parts, 'kernel.part'), 'abc');
    expect(await partSize(draft, name)).toBe(3);
    await dropPart(draft, name);
    await dropPart(draft, name);
    expect(await readdir(draft.parts)).toEqual([]);
    expect(await partSize(draft, name)).toBe(0);
  });
});

describe('tidying up', () => {
  it('removes a draft, and one that is not there', async () => {
    await openDraft(bench.root, ref);
    await removeDraft(bench.root, ref);
    await removeDraft(bench.root, ref);
    expect(await bench.drafts()).toEqual([]);
  });
});

describe('hashes', () => {
  it('are those of all bytes so far, and can be asked for again and again', () => {
    const hashes = startHashes(new Set(['sha1']));
    hashes.update(Buffer.from('a'));
    expect(hashes.hex('sha256')).toBe(hex('sha256', 'a'));
    hashes.update(Buffer.from('bc'));
    expect([hashes.size, hashes.hex('sha256'), hashes.hex('sha512')]).toEqual([
      3,
      hex('sha256', 'abc'),
      hex('sha512', 'abc'),
    ]);
    expect(hashes.withTrailer('sha1', Buffer.from('d')).toString('hex')).toBe(hex('sha1', 'abcd'));
    expect(hashes.hex('sha256')).toBe(hex('sha256', 'abc'));
  });

  it('are there only for what was asked for in advance', () => {
    expect(() => startHashes(new Set()).withTrailer('sha1', Buffer.from('d'))).toThrow('sha1 was not asked for');
  });
});

describe('removeStaleDrafts', () => {
  const DAY = 24 * 3_600_000;

  /** As if nothing had been written there since. */
  async function age(path: string, days: number, now: number): Promise<void> {
    const at = new Date(now - days * DAY);
    for (const entry of await readdir(path, { recursive: true })) await utimes(join(path, entry), at, at);
    await utimes(path, at, at);
  }

  it('takes away what was not touched for a week, and nothing else', async () => {
    // A whole second, so that what is set is what is read.
    const now = Math.floor(Date.now() / 1000) * 1000;
    const drafts = join(bench.dir, 'images/.drafts');
    expect(await removeStaleDrafts(bench.root, now), 'none yet').toEqual([]);
    for (const version of ['v1.0.0', 'v1.0.1', 'v1.0.2', 'v1.0.3']) {
      const draft = await openDraft(bench.root, refOf(version));
      await writeFile(join(draft.parts, 'kernel.part'), 'abc');
    }
    await writeFile(join(drafts, 'notes'), 'of the operator');
    await mkdir(join(bench.dir, 'images/talos/amd64/v0.9.0'), { recursive: true });
    await age(join(bench.dir, 'images'), 30, now);
    await age(join(drafts, 'talos-amd64-v1.0.1'), 6, now);
    await age(join(drafts, 'talos-amd64-v1.0.3'), 7, now);
    const touched = new Date(now - DAY);
    await utimes(join(drafts, 'talos-amd64-v1.0.2/parts/kernel.part'), touched, touched);
    expect((await removeStaleDrafts(bench.root, now)).toSorted()).toEqual([
      'images/.drafts/talos-amd64-v1.0.0',
      'images/.drafts/talos-amd64-v1.0.3',
    ]);
    expect((await readdir(drafts)).toSorted()).toEqual(['notes', 'talos-amd64-v1.0.1', 'talos-amd64-v1.0.2']);
    expect(await readdir(join(bench.dir, 'images/talos/amd64'))).toEqual(['v0.9.0']);
  });
});
