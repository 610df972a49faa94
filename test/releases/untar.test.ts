import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { extractFiles } from '../../src/releases/untar.ts';
import { hex } from '../support/upstream-formats.ts';
import { tar, type TarEntry, tarGz } from '../support/upstream-tar.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pilotlight-untar-'));
});
afterEach(() => rm(dir, { recursive: true }));

const kernel = Buffer.alloc(1500, 'k');
const good: readonly TarEntry[] = [
  { path: './amd64/', type: '5' },
  { path: './amd64/grub.cfg', data: Buffer.from('x') },
  { path: './amd64/linux', data: kernel },
];

async function extract(archive: Buffer, members = ['amd64/linux'], maxBytes = 10_000): ReturnType<typeof extractFiles> {
  await writeFile(join(dir, 'a.tar.gz'), archive);
  return extractFiles(
    join(dir, 'a.tar.gz'),
    members.map((member, i) => ({ member, target: join(dir, `out${i}`), maxBytes })),
  );
}

describe('extractFiles', () => {
  it('takes out what was asked for and nothing else', async () => {
    const found = await extract(tarGz(good));
    expect(await readFile(join(dir, 'out0'))).toEqual(kernel);
    expect(found.get('amd64/linux')?.hex('sha256')).toBe(hex('sha256', kernel));
    expect((await readdir(dir)).sort()).toEqual(['a.tar.gz', 'out0']);
  });
  it('takes an empty file, a file of whole blocks, and a path in two parts', async () => {
    const entries = [
      { path: 'empty', data: Buffer.alloc(0) },
      { path: 'linux', prefix: 'amd64', data: Buffer.alloc(1024, 'b') },
    ];
    const found = await extract(tarGz(entries), ['empty', 'amd64/linux']);
    expect([...found.values()].map(({ size }) => size)).toEqual([0, 1024]);
  });
  it.each<[string, Buffer, string]>([
    ['a file that is missing', tarGz(good.slice(0, 2)), 'does not hold amd64/linux'],
    ['a link in its place', tarGz([{ path: 'amd64/linux', type: '2' }]), 'does not hold amd64/linux'],
    ['a name that climbs', tarGz([{ path: '../amd64/linux', data: kernel }]), 'does not hold amd64/linux'],
    ['no archive', gzipSync('x'.repeat(2000)), 'malformed'],
    ['no gzip', tar(good), 'malformed'],
    ['a cut stream', tarGz(good).subarray(0, 60), 'malformed'],
    ['a cut archive', gzipSync(tar(good).subarray(0, 3000)), 'malformed'],
    ['nothing', Buffer.alloc(0), 'malformed'],
  ])('refuses %s', async (_, archive, message) => {
    await expect(extract(archive)).rejects.toThrow(new RegExp(`${message}|does not hold`));
  });
  it('stops at a file that is too large', async () => {
    await expect(extract(tarGz(good), ['amd64/linux'], 1499)).rejects.toMatchObject({ code: 'too-large' });
  });
});
