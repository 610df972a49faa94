import { describe, expect, it } from 'vitest';
import { parseVersion, type Version } from '../../src/model/profile.ts';
import type { FeedDocument } from '../../src/model/release.ts';
import { flatcar, newestLtsYear, versionIn } from '../../src/os/flatcar.ts';
import { expectGolden } from '../support/golden.ts';
import { describeRelease, drive, type Pages } from '../support/upstream-feed.ts';
import { inputOf, installInputOf, planText, profileOf, refusal } from './sample.ts';

const txt = (version: string): string => {
  const [build, branch, patch] = version.split('.');
  return `FLATCAR_BUILD=${build ?? ''}\nFLATCAR_BRANCH=${branch ?? ''}\nFLATCAR_PATCH=${patch ?? ''}\nFLATCAR_VERSION=${version}\nFLATCAR_VERSION_ID=${version}\nFLATCAR_BUILD_ID="2026-08-13-1548"\nFLATCAR_SDK_VERSION=4593.0.0\n`;
};
/** The signed version.txt of the numbered directory, for pages. */
const SIGNED_AT = 1786000000;
const numbered = (base: string, of: string): Pages => ({
  [`${base}/${of}/version.txt`]: { text: txt(of), signedAt: SIGNED_AT },
});
const STABLE = 'https://stable.release.flatcar-linux.net/amd64-usr';
const MIRROR = 'http://mirror.lan/flatcar';
const version = (text: string): Version => parseVersion(text) ?? expect.fail('not a version');

describe('flatcar', () => {
  it('reads version.txt once, and takes everything from the numbered directory', () => {
    const current = `${STABLE}/current/version.txt`;
    const { release, asked } = drive(flatcar, {}, { [current]: txt('4593.2.5'), ...numbered(STABLE, '4593.2.5') });
    expect(asked).toEqual([current, `${STABLE}/4593.2.5/version.txt`]);
    expect(release).toMatchObject({ versionSignedAt: SIGNED_AT, signedWithin: 3 * 86_400 });
    expect(release.notes).toBeUndefined();
    expect(release.artifacts.every(({ url }) => url.includes('/4593.2.5/'))).toBe(true);
    expect(release.trust).toMatchObject({ pinned: ['F88CFEDEFF29A5B4D9523864E25D9AED0593B34A'], legacySha1: false });
    expectGolden('systems/feeds/flatcar-stable.txt', describeRelease(release));
  });

  it('takes another base, and what installers need', () => {
    const { release } = drive(
      flatcar,
      { mirror: MIRROR, channel: 'beta', arch: 'arm64', install: true },
      {
        [`${MIRROR}/beta/arm64-usr/current/version.txt`]: txt('4757.1.0'),
        ...numbered(`${MIRROR}/beta/arm64-usr`, '4757.1.0'),
      },
    );
    expectGolden('systems/feeds/flatcar-mirror-install.txt', describeRelease(release));
  });

  it('follows the newest supported year of LTS, or a year by name', () => {
    const info = '2605:2021:unsupported\n3033:2022:unsupported\n3510:2023:supported\n4081:2024:supported\n';
    const at = (year: string): string => `${MIRROR}/lts/amd64-usr/current-${year}/version.txt`;
    const newest = drive(
      flatcar,
      { mirror: MIRROR, channel: 'lts' },
      {
        [`${MIRROR}/lts/lts-info`]: info,
        [at('2024')]: txt('4081.3.10'),
        ...numbered(`${MIRROR}/lts/amd64-usr`, '4081.3.10'),
      },
    );
    expect(newest.release.ref).toMatchObject({
      version: '4081.3.10',
      channel: 'lts',
      shelf: 'flatcar/amd64/4081.3.10',
    });
    const named = drive(
      flatcar,
      { mirror: MIRROR, channel: 'lts-2023' },
      { [at('2023')]: txt('3510.3.6'), ...numbered(`${MIRROR}/lts/amd64-usr`, '3510.3.6') },
    );
    expect(named.release.ref.version).toBe('3510.3.6');
    expect(() => newestLtsYear('3510:2023:unsupported\n')).toThrow('no supported year');
    expect(() => newestLtsYear('<html>')).toThrow('no supported year');
  });

  it('takes a named version, of which only the signature is asked', () => {
    const { release, asked } = drive(flatcar, { version: version('4593.2.4') }, numbered(STABLE, '4593.2.4'));
    expect(asked).toEqual([`${STABLE}/4593.2.4/version.txt`]);
    expect(release.ref.version).toBe('4593.2.4');
  });

  it('wants the number signed: by the publisher always, by a mirror if it has the signature', () => {
    const asked = (mirror?: string): FeedDocument | undefined => {
      const input = { channel: 'stable', arch: 'amd64', install: false, version: version('4593.2.4') } as const;
      const step = flatcar.start(mirror === undefined ? input : { ...input, mirror });
      return step.kind === 'fetch' ? step.documents[0] : undefined;
    };
    expect(asked()).toMatchObject({ optional: false, signed: { optional: false } });
    expect(asked(MIRROR)).toMatchObject({ optional: true, signed: { optional: true } });
    const unsigned = { [`${MIRROR}/stable/amd64-usr/4593.2.4/version.txt`]: undefined };
    const { release } = drive(flatcar, { version: version('4593.2.4'), mirror: MIRROR }, unsigned);
    expect(release.notes).toHaveLength(1);
    const other = { [`${STABLE}/4593.2.4/version.txt`]: { text: txt('4593.2.5'), signedAt: SIGNED_AT } };
    expect(() => drive(flatcar, { version: version('4593.2.4') }, other)).toThrow('names another version');
  });

  it('refuses another channel’s release', () => {
    const page = `${STABLE}/current/version.txt`;
    expect(() => drive(flatcar, {}, { [page]: txt('4790.0.0') })).toThrow('not a release of the stable channel');
    const old = { [page]: txt('2605.12.0'), ...numbered(STABLE, '2605.12.0') };
    expect(drive(flatcar, {}, old).release.ref.version).toBe('2605.12.0');
  });

  it.each(['nightly', '../stable', 'stable.evil.org/', 'lts-1999', ''])('has no channel %j', (channel) => {
    expect(() => drive(flatcar, { channel }, {})).toThrow('no such channel');
  });
});

describe('versionIn', () => {
  it('takes quotes and CRLF', () => {
    expect(versionIn('FLATCAR_VERSION="4593.2.5"\r\n', 'Flatcar')).toBe('4593.2.5');
    expect(versionIn("FLATCAR_VERSION='4593.2.5'\n", 'Flatcar')).toBe('4593.2.5');
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
    expect(() => versionIn(`FLATCAR_VERSION=${value}\n`, 'Flatcar')).toThrow('does not name a version');
  });

  it.each(['', '<html>Log in</html>', 'XFLATCAR_VERSION=1.2.3', 'COREOS_VERSION=1.2.3'])(
    'refuses the page %j',
    (page) => {
      expect(() => versionIn(page, 'Flatcar')).toThrow('does not name a version');
    },
  );
});

const BASE = { system: 'flatcar', version: '4593.2.5' } as const;

describe('Flatcar', () => {
  it('boots Ignition', () => {
    const profile = profileOf({
      ...BASE,
      ignition: 'worker.ign',
      console: ['tty0', 'ttyS0'],
      coreos_autologin: 'ttyS0',
    });
    expectGolden('systems/flatcar-ignition.txt', planText(inputOf(profile)));
  });

  it('boots a cloud-config with a key and a root disk', () => {
    const profile = profileOf({
      ...BASE,
      cloud_config: 'a.yml',
      sshkey: 'core',
      root: 'LABEL=ROOT',
      rootfstype: 'btrfs',
    });
    expectGolden(
      'systems/flatcar-cloud-config.txt',
      planText(inputOf(profile, { sshKey: 'ssh-ed25519 AAAAC3 me@home' })),
    );
  });

  it('takes both documents, and extra arguments last, on arm64', () => {
    const profile = profileOf({
      ...BASE,
      arch: 'arm64',
      ignition: 'worker.ign',
      cloud_config: 'a.yml',
      console: ['ttyAMA0,115200'],
      kernel_args: ['flatcar.oem.id=qemu'],
    });
    expectGolden('systems/flatcar-both-arm64.txt', planText(inputOf(profile)));
  });

  it('installs: a live system whose Ignition runs the installer, and the image among the files that must be there', () => {
    const profile = profileOf({
      ...BASE,
      arch: 'arm64',
      ignition: 'worker.ign',
      cloud_config: 'a.yml',
      console: ['ttyAMA0'],
      root: 'LABEL=ROOT',
      sshkey: 'core',
      coreos_autologin: 'true',
      kernel_args: ['quiet'],
      install: { disk: '/dev/vda' },
    });
    expectGolden('systems/flatcar-install.txt', planText(installInputOf(profile, { sshKey: 'ssh-ed25519 AAAAC3 me' })));
  });

  it('puts the quotes that the image looks for around the key', () => {
    const { args } = flatcar.plan(inputOf(profileOf(BASE), { sshKey: 'ssh-rsa AAA x' }));
    expect(/sshkey="([^"]+)"/.exec(args.join(' '))?.[1]).toBe('ssh-rsa AAA x');
  });

  it('logs in on one terminal, or with "true" on all', () => {
    expect(flatcar.plan(inputOf(profileOf({ ...BASE, coreos_autologin: 'tty1' }))).args).toEqual([
      'flatcar.autologin=tty1',
    ]);
    expect(flatcar.plan(inputOf(profileOf({ ...BASE, coreos_autologin: 'true' }))).args).toEqual(['flatcar.autologin']);
  });

  it('says what it cannot do', () => {
    expect(refusal(profileOf({ ...BASE, version: '../x' }))).toMatch(
      /^broken profiles\/sample.json version: "\.\.\/x" is not a version \(.*images\/flatcar\/amd64\/\)$/,
    );
    expect(refusal(profileOf({ ...BASE, install: { disk: '/dev/sda' } }))).toMatch(/install: only a machine that says/);
    expect(refusal(profileOf({ ...BASE, install: { disk: 'sda' } }))).toMatch(/install.disk: "sda" is not a disk/);
    expect(refusal(profileOf({ ...BASE, nocloud: 'x' }))).toMatch(/nocloud: flatcar does not read/);
  });
});
