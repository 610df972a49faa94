import { describe, expect, it } from 'vitest';
import { flatcar, newestLtsYear, parseVersionTxt } from '../../../src/systems/feeds/flatcar.ts';
import { parseVersion, type Version } from '../../../src/domain/version.ts';
import { describeRelease, drive } from '../../support/upstream-feed.ts';
import { expectGolden } from '../../support/golden.ts';

const txt = (version: string): string => {
  const [build, branch, patch] = version.split('.');
  return `FLATCAR_BUILD=${build ?? ''}\nFLATCAR_BRANCH=${branch ?? ''}\nFLATCAR_PATCH=${patch ?? ''}\nFLATCAR_VERSION=${version}\nFLATCAR_VERSION_ID=${version}\nFLATCAR_BUILD_ID="2026-08-13-1548"\nFLATCAR_SDK_VERSION=4593.0.0\n`;
};
const MIRROR = 'http://mirror.lan/flatcar';
const version = (text: string): Version => parseVersion(text) ?? expect.fail('not a version');

describe('flatcar', () => {
  it('reads version.txt once, and takes everything from the numbered directory', () => {
    const current = 'https://stable.release.flatcar-linux.net/amd64-usr/current/version.txt';
    const { release, asked } = drive(flatcar, {}, { [current]: txt('4593.2.5') });
    expect(asked).toEqual([current]);
    expect(release.artifacts.every(({ url }) => url.includes('/4593.2.5/'))).toBe(true);
    expect(release.trust).toMatchObject({ pinned: ['F88CFEDEFF29A5B4D9523864E25D9AED0593B34A'], legacySha1: false });
    expectGolden('systems/feeds/flatcar-stable.txt', describeRelease(release));
  });

  it('takes another base, and what installers need', () => {
    const { release } = drive(
      flatcar,
      { mirror: MIRROR, channel: 'beta', arch: 'arm64', install: true },
      { [`${MIRROR}/beta/arm64-usr/current/version.txt`]: txt('4757.1.0') },
    );
    expectGolden('systems/feeds/flatcar-mirror-install.txt', describeRelease(release));
  });

  it('follows the newest supported year of LTS, or a year by name', () => {
    const info = '2605:2021:unsupported\n3033:2022:unsupported\n3510:2023:supported\n4081:2024:supported\n';
    const at = (year: string): string => `${MIRROR}/lts/amd64-usr/current-${year}/version.txt`;
    const newest = drive(
      flatcar,
      { mirror: MIRROR, channel: 'lts' },
      { [`${MIRROR}/lts/lts-info`]: info, [at('2024')]: txt('4081.3.10') },
    );
    expect(newest.release.ref).toMatchObject({
      version: '4081.3.10',
      channel: 'lts',
      shelf: 'flatcar/amd64/4081.3.10',
    });
    const named = drive(flatcar, { mirror: MIRROR, channel: 'lts-2023' }, { [at('2023')]: txt('3510.3.6') });
    expect(named.release.ref.version).toBe('3510.3.6');
    expect(() => newestLtsYear('3510:2023:unsupported\n')).toThrow('no supported year');
    expect(() => newestLtsYear('<html>')).toThrow('no supported year');
  });

  it('takes a named version without asking', () => {
    const { release, asked } = drive(flatcar, { version: version('4593.2.4') }, {});
    expect(asked).toEqual([]);
    expect(release.ref.version).toBe('4593.2.4');
  });

  it('refuses another channel’s release', () => {
    const page = 'https://stable.release.flatcar-linux.net/amd64-usr/current/version.txt';
    expect(() => drive(flatcar, {}, { [page]: txt('4790.0.0') })).toThrow('not a release of the stable channel');
    expect(drive(flatcar, {}, { [page]: txt('2605.12.0') }).release.ref.version).toBe('2605.12.0');
  });

  it.each(['nightly', '../stable', 'stable.evil.org/', 'lts-1999', ''])('has no channel %j', (channel) => {
    expect(() => drive(flatcar, { channel }, {})).toThrow('no such channel');
  });
});

describe('parseVersionTxt', () => {
  it('takes quotes and CRLF', () => {
    expect(parseVersionTxt('FLATCAR_VERSION="4593.2.5"\r\n')).toBe('4593.2.5');
    expect(parseVersionTxt("FLATCAR_VERSION='4593.2.5'\n")).toBe('4593.2.5');
  });

  it.each([
    '../../etc',
    '4593.2',
    '4593.2.5/..',
    '4593.2.5 ',
    ' 4593.2.5',
    '4593.2.5;id',
    '$(id)',
    '4593.2.5+nightly',
    '4593.2.5\nFLATCAR_VERSION=1.2.3',
    `${'9'.repeat(300)}.1.1`,
    '',
    '"4593.2.5',
  ])('refuses %j', (value) => {
    expect(() => parseVersionTxt(`FLATCAR_VERSION=${value}\n`)).toThrow('does not name a version');
  });

  it.each(['', '<html>Log in</html>', 'XFLATCAR_VERSION=1.2.3', 'COREOS_VERSION=1.2.3'])(
    'refuses the page %j',
    (page) => {
      expect(() => parseVersionTxt(page)).toThrow('does not name a version');
    },
  );
});
