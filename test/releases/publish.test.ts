import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseName, parseVersion } from '../../src/model/profile.ts';
import type { ReleaseRef, ReleaseSpec, VerifiedArtifact } from '../../src/model/release.ts';
import { type Draft, openDraft, startHashes } from '../../src/releases/draft.ts';
import { publishedState, publishRelease } from '../../src/releases/publish.ts';
import { verifyArtifact } from '../../src/releases/verify.ts';
import { hex } from '../support/upstream-formats.ts';
import { type Bench, makeBench } from '../support/upstream-ports.ts';

const version = parseVersion('v1.0.0') ?? expect.fail();
const ref: ReleaseRef = { system: 'talos', channel: 'stable', arch: 'amd64', version, shelf: 'talos/amd64/v1.0.0' };
const spec: ReleaseSpec = { ref, trust: undefined, artifacts: [], redirectHosts: [] };
const now = new Date('2026-08-20T00:00:00Z');
let bench: Bench;
let draft: Draft;
beforeEach(async () => {
  bench = await makeBench();
  draft = await openDraft(bench.root, ref);
});
afterEach(() => bench.remove());

async function verified(text: string, of = ref): Promise<VerifiedArtifact> {
  const name = parseName(text) ?? expect.fail();
  await writeFile(join(draft.parts, `${text}.part`), text);
  const hashes = startHashes(new Set());
  hashes.update(Buffer.from(text));
  const digests = { sha256: hex('sha256', text) };
  const file = {
    name,
    url: 'http://x/',
    kind: 'kernel',
    digests,
    digestLists: [],
    signatureUrls: [],
    unpack: [],
  } as const;
  return verifyArtifact({ ref: of, spec: file, hashes, signatures: undefined, listed: {}, policy: undefined });
}

describe('publishRelease', () => {
  it('shows all files at once, with a manifest of what they are', async () => {
    const file = { size: 3, sha256: hex('sha256', 'sig') };
    const files = [await verified('a'), await verified('b')];
    await publishRelease(bench.root, draft, files, [{ name: 'a.sig', bytes: Buffer.from('sig'), file }], now);
    const folder = join(bench.dir, 'images', ref.shelf);
    expect((await readdir(folder)).sort()).toEqual(['.pilotlight.json', 'a', 'a.sig', 'b']);
    expect(JSON.parse(await readFile(join(folder, '.pilotlight.json'), 'utf8'))).toMatchObject({
      system: 'talos',
      version: 'v1.0.0',
      publishedAt: '2026-08-20T00:00:00.000Z',
      files: { a: { size: 1, sha256: hex('sha256', 'a'), evidence: { digests: ['sha256'] } }, 'a.sig': file },
    });
    expect(await publishedState(bench.root, spec)).toBe('published');
    expect(await bench.drafts()).toEqual([]);
  });

  it('does not mix releases, and publishes something', async () => {
    const other = { ...ref, shelf: 'talos/amd64/v2.0.0' };
    const files = [await verified('a'), await verified('b', other)];
    await expect(publishRelease(bench.root, draft, files, [], now)).rejects.toThrow('exactly one release');
    await expect(publishRelease(bench.root, draft, [], [], now)).rejects.toThrow('exactly one release');
    expect(await bench.visible()).toEqual([]);
  });

  it('never overwrites', async () => {
    await publishRelease(bench.root, draft, [await verified('a')], [], now);
    draft = await openDraft(bench.root, ref);
    await expect(publishRelease(bench.root, draft, [await verified('b')], [], now)).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await bench.visible()).toEqual(['talos/amd64/v1.0.0/a']);
  });
});

it('nothing is published where nothing is', async () => {
  expect(await publishedState(bench.root, spec)).toBe('absent');
});
