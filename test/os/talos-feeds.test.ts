import { describe, expect, it } from 'vitest';
import { parseVersion } from '../../src/model/profile.ts';
import { parseLatest, talos } from '../../src/os/talos.ts';
import { expectGolden } from '../support/golden.ts';
import { describeRelease, drive } from '../support/upstream-feed.ts';

const BASE = 'https://github.com/siderolabs/talos/releases';
const list = (length: number): string =>
  ['vmlinuz', 'initramfs']
    .map((name, i) => `${String(i).repeat(length)}  ${name}-amd64${i === 0 ? '' : '.xz'}\n`)
    .join('');
const sums = (version: string): Record<string, string> => ({
  [`${BASE}/download/${version}/sha256sum.txt`]: list(64),
  [`${BASE}/download/${version}/sha512sum.txt`]: list(128),
});

describe('talos', () => {
  it('takes the tag that `latest` redirects to, and both lists of checksums', () => {
    const latest = { text: '', location: `${BASE}/tag/v1.10.2` };
    const { release } = drive(talos, {}, { [`${BASE}/latest`]: latest, ...sums('v1.10.2') });
    expectGolden('systems/feeds/talos-stable.txt', describeRelease(release));
  });

  it('takes a mirror with a file in the place of the redirect', () => {
    const mirror = 'http://mirror.lan/talos';
    const { release } = drive(
      talos,
      { mirror },
      {
        [`${mirror}/latest`]: 'v1.7.6\n',
        [`${mirror}/download/v1.7.6/sha256sum.txt`]: list(64),
        [`${mirror}/download/v1.7.6/sha512sum.txt`]: undefined,
      },
    );
    expect(release.artifacts.map(({ digests }) => Object.keys(digests))).toEqual([['sha256'], ['sha256']]);
  });

  it('takes a version by name', () => {
    const version = parseVersion('v1.7.6') ?? expect.fail('not a version');
    expect(drive(talos, { version }, sums('v1.7.6')).release.ref.shelf).toBe('talos/amd64/v1.7.6');
  });

  it('refuses a release without a checksum of a file', () => {
    const pages = Object.fromEntries(Object.keys(sums('v1.7.6')).map((url) => [url, '0 x\n']));
    const version = parseVersion('v1.7.6') ?? expect.fail('not a version');
    expect(() => drive(talos, { version }, pages)).toThrow('do not name vmlinuz-amd64');
  });

  it.each<[string, { text: string; location?: string } | undefined]>([
    ['a page', { text: '<html>' }],
    ['a redirect elsewhere', { text: '', location: 'https://github.com/login?to=v1.2.3' }],
    ['a prerelease', { text: '', location: `${BASE}/tag/v1.2.3-alpha.0` }],
    ['a tag that climbs', { text: '', location: `${BASE}/tag/..%2f..` }],
    ['two lines', { text: 'v1.2.3\nv1.2.4\n' }],
    ['nothing', undefined],
  ])('refuses %s as the latest release', (_, answer) => {
    expect(() => parseLatest(answer)).toThrow('does not name a version');
  });
});
