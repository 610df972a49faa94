import { describe, expect, it } from 'vitest';
import { parseVersion } from '../../src/model/profile.ts';
import { parseList, ubuntu } from '../../src/os/ubuntu.ts';
import { expectGolden } from '../support/golden.ts';
import { describeRelease, drive } from '../support/upstream-feed.ts';
import { ubuntuSums } from '../support/upstream-formats.ts';
import { inputOf, installInputOf, ORIGIN, planText, profileOf, refusal } from './sample.ts';

const text = ubuntuSums(['24.04.9', '24.04.10', '24.04'], 'amd64');
const asked = { arch: 'amd64', channel: '24.04' } as const;

describe('ubuntu', () => {
  it('takes the newest point release of the signed list', () => {
    const { release } = drive(ubuntu, { channel: '24.04' }, { 'https://releases.ubuntu.com/24.04/SHA256SUMS': text });
    expectGolden('systems/feeds/ubuntu-24.04.txt', describeRelease(release));
    const step = ubuntu.start({ channel: '24.04', arch: 'amd64', install: false });
    if (step.kind !== 'fetch') throw new Error('no step');
    expect(step.documents[0]?.signed).toEqual({ detached: 'https://releases.ubuntu.com/24.04/SHA256SUMS.gpg' });
    expect(step.trust?.pinned).toEqual(['843938DF228D22F7B3742BC0D94AA3F0EFE21092']);
  });

  it('finds other architectures on the other server, and a mirror', () => {
    const arm = ubuntuSums(['24.04.1'], 'arm64');
    const page = 'https://cdimage.ubuntu.com/releases/noble/release/SHA256SUMS';
    expect(drive(ubuntu, { channel: 'noble', arch: 'arm64' }, { [page]: arm }).release.ref.version).toBe('24.04.1');
    const mirror = 'http://mirror.lan/ubuntu';
    expect(drive(ubuntu, { channel: 'noble', mirror }, { [`${mirror}/noble/SHA256SUMS`]: text }).asked).toHaveLength(1);
  });

  it('takes a version by name', () => {
    const version = parseVersion('24.04') ?? expect.fail('not a version');
    expect(parseList(text, { ...asked, version }).version).toBe('24.04');
    expect(() => parseList(text.replaceAll('live-server', 'desktop'), asked)).toThrow('no live server for amd64');
  });

  it('takes a respin, whose version has a fourth number, and passes over what it does not understand', () => {
    const line = (name: string): string => `${'a'.repeat(64)} *${name}\n`;
    expect(parseList(text + line('ubuntu-24.04.11.1-desktop-amd64.iso'), asked).version).toBe('24.04.10');
    expect(parseList(text + line('ubuntu-24.04.10.1-live-server-amd64.iso'), asked).version).toBe('24.04.10.1');
    for (const odd of ['24.04..', '24.04.11.1.1', '24.04.11-beta', '2404', '24.04.11-live-server-amd64.iso.zsync'])
      expect(parseList(line(`ubuntu-${odd}-live-server-amd64.iso`) + text, asked).version).toBe('24.04.10');
  });

  it('does not take another series for this one', () => {
    expect(() => parseList(text, { ...asked, channel: '22.04' })).toThrow('no live server');
    expect(() => parseList('<html>', asked)).toThrow('no live server');
  });

  it.each(['stable', '24', '../x', 'NOBLE'])('has no series %j', (channel) => {
    expect(() => drive(ubuntu, { channel }, {})).toThrow('no such channel');
  });
});

const BASE = { system: 'ubuntu', version: '24.04.1' } as const;

describe('Ubuntu', () => {
  it('installs by itself from a NoCloud seed', () => {
    const profile = profileOf({ ...BASE, nocloud: 'web', console: ['ttyS0'], kernel_args: ['quiet'] });
    expectGolden('systems/ubuntu-nocloud.txt', planText(inputOf(profile)));
  });

  it('waits at its prompt without a seed', () => {
    expectGolden('systems/ubuntu-by-hand-arm64.txt', planText(inputOf(profileOf({ ...BASE, arch: 'arm64' }))));
  });

  it('ends the seed in a slash, because file names are put behind it', () => {
    const documents = { nocloud: `${ORIGIN}/nocloud/web` };
    const { args } = ubuntu.plan(inputOf(profileOf({ ...BASE, nocloud: 'web' }), { documents }));
    expect(args).toContain(`ds=nocloud;dsmode=net;s=${ORIGIN}/nocloud/web/`);
  });

  it('needs its ISO in the image store', () => {
    expect(ubuntu.plan(inputOf(profileOf(BASE))).extras).toEqual([
      { kind: 'shelf', path: 'ubuntu/amd64/24.04.1/ubuntu-24.04.1-live-server-amd64.iso' },
    ]);
  });

  it('says what it cannot do', () => {
    expect(refusal(profileOf({ ...BASE, preseed: 'a' }))).toMatch(/preseed: .* \(use "nocloud"\)/);
    expect(refusal(profileOf({ ...BASE, install: { disk: 'sda' } }))).toMatch(/install.disk: "sda" is not a disk/);
  });

  it('installs with the same arguments: the disk and the report are in the document', () => {
    const live = ubuntu.plan(inputOf(profileOf(BASE)));
    expect(ubuntu.plan(installInputOf(profileOf({ ...BASE, install: { disk: '/dev/sda' } })))).toEqual(live);
  });
});
