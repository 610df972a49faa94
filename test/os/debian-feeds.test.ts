import { describe, expect, it } from 'vitest';
import { debian, parseInRelease } from '../../src/os/debian.ts';
import { parseVersion } from '../../src/model/profile.ts';
import { expectGolden } from '../support/golden.ts';
import { debianSums, inReleaseText } from '../support/upstream-formats.ts';
import { describeRelease, drive } from '../support/upstream-feed.ts';

const BASE = 'https://deb.debian.org/debian/dists/bookworm';
const NOW = '20230607+deb12u15';
const sums = debianSums({ linux: 'a'.repeat(64), initrd: 'b'.repeat(64) });
const text = inReleaseText({ current: NOW, sums: { [NOW]: '1'.repeat(64), '20230607': '2'.repeat(64) } });
const asked = { arch: 'amd64' } as const;

describe('debian', () => {
  it('resolves `current` through the signed list to a dated folder', () => {
    const page = `${BASE}/main/installer-amd64/${NOW}/images/SHA256SUMS`;
    const { release, asked: addresses } = drive(
      debian,
      { channel: 'bookworm' },
      { [`${BASE}/InRelease`]: text, [page]: sums },
    );
    expect(addresses).toEqual([`${BASE}/InRelease`, page]);
    expectGolden('systems/feeds/debian-bookworm.txt', describeRelease(release));
  });

  it('asks for the list’s signature and for the digest of what it names', () => {
    const step = debian.start({ channel: 'bookworm', arch: 'amd64', install: false });
    if (step.kind !== 'fetch') throw new Error('no step');
    expect(step.documents[0]?.signed).toBe('cleartext');
    expect(step.trust?.pinned).toContain('B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8');
    const next = step.next([{ text }]);
    expect(next.kind === 'fetch' && next.documents[0]?.digests).toEqual({ sha256: '1'.repeat(64) });
  });

  it('takes an older installer by name', () => {
    const version = parseVersion('20230607') ?? expect.fail('not a version');
    expect(parseInRelease(text, 'bookworm', { ...asked, version })).toEqual({ version, sums: '2'.repeat(64) });
  });

  it('knows a suite by either name, and refuses another’s list', () => {
    expect(parseInRelease(text, 'oldstable', asked).version).toBe(NOW);
    expect(() => parseInRelease(text, 'trixie', asked)).toThrow('that of oldstable, bookworm');
  });

  it.each([
    ['no installer for the architecture', text.replaceAll('installer-amd64', 'installer-mips'), 'no installer'],
    ['`current` that is no dated folder', text.replaceAll(`${NOW}/`, 'x/../y/'), 'does not name a version'],
    ['only MD5', text.replace('SHA256:', 'SHA1:'), 'no installer'],
    ['a page', '<html>', 'that of'],
  ])('refuses %s', (_, page, message) => {
    expect(() => parseInRelease(page, 'bookworm', asked)).toThrow(message);
  });

  it('compares paths from their end: other files are called linux too', () => {
    const other = sums.replaceAll('netboot/debian-installer', 'netboot/gtk/debian-installer');
    const pages = { [`${BASE}/InRelease`]: text, [`${BASE}/main/installer-amd64/${NOW}/images/SHA256SUMS`]: other };
    expect(() => drive(debian, { channel: 'bookworm' }, pages)).toThrow(
      'does not name netboot/debian-installer/amd64/linux',
    );
  });

  it.each(['Bookworm', '../x', 'bookworm/updates'])('has no suite %j', (channel) => {
    expect(() => drive(debian, { channel }, {})).toThrow('no such channel');
  });
});
