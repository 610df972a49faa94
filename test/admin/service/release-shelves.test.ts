import { expect, test } from 'vitest';
import { publishedReleases } from '../../../src/admin/service/release-shelves.ts';
import { flatcar, NOW, officeStand } from './stand.ts';

const file = (evidence: object | undefined) => ({ size: 1, sha256: '0'.repeat(64), evidence });
const about = { system: 'flatcar', channel: 'stable', arch: 'amd64' };

test('why each release is believed, and that a broken profile keeps everything', async () => {
  const stand = await officeStand({
    'profiles/bad.json': '{',
    'profiles/w.json': flatcar(),
    'images/flatcar/amd64/9.9.9/.pilotlight.json': {
      ...about,
      version: '9.9.9',
      files: { a: file({ digests: ['sha256'] }), b: file({ digests: ['sha512', 'sha256'] }), c: file(undefined) },
    },
    'images/flatcar/amd64/10.0.0/.pilotlight.json': { ...about, version: '10.0.0', files: { a: file(undefined) } },
    'images/flatcar/amd64/1.0.0/.pilotlight.json': { ...about, version: '1.0.0', files: {} },
    'images/own/1.0.0/file': 'x',
    'state/booted.json': { 'flatcar/amd64/9.9.9': NOW - 1000 },
  });
  const found = await publishedReleases(stand.deps);
  expect(found.map(({ version, verified, keptBecause, series }) => [version, verified, keptBecause, series])).toEqual([
    ['10.0.0', undefined, ['one of the 2 newest of flatcar/stable/amd64'], 'flatcar/stable/amd64'],
    [
      '9.9.9',
      'SHA256 and SHA512 of the publisher',
      ['one of the 2 newest of flatcar/stable/amd64', 'booted lately'],
      'flatcar/stable/amd64',
    ],
    ['1.0.0', undefined, ['profiles/bad.json is broken and may name it'], 'flatcar/stable/amd64'],
  ]);
});
