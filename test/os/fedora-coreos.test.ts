import { describe, expect, it } from 'vitest';
import { parseVersion, type BuiltProfile } from '../../src/model/profile.ts';
import { fedoraCoreos, parseStream } from '../../src/os/fedora-coreos.ts';
import { expectGolden } from '../support/golden.ts';
import { describeRelease, drive } from '../support/upstream-feed.ts';
import { streamJson } from '../support/upstream-formats.ts';
import { inputOf, installInputOf, planText, profileOf, refusal } from './sample.ts';

const PAGE = 'https://builds.coreos.fedoraproject.org/streams/stable.json';
const VERSION = '44.20260707.3.1';
const asked = { channel: 'stable', arch: 'amd64' } as const;
const good = streamJson({ stream: 'stable', version: VERSION });

describe('fedora-coreos', () => {
  it('takes names and addresses from the stream, and the key from the version', () => {
    const { release } = drive(fedoraCoreos, { install: true }, { [PAGE]: good });
    expectGolden('systems/feeds/fedora-coreos-stable.txt', describeRelease(release));
  });

  it('takes a mirror of the publisher’s tree', () => {
    const mirror = 'http://mirror.lan/fcos';
    const { release } = drive(fedoraCoreos, { mirror }, { [`${mirror}/streams/stable.json`]: good });
    expect(
      release.artifacts
        .flatMap((one) => [one.url, ...one.signatureUrls])
        .every((url) => url.startsWith(`${mirror}/prod/`)),
    ).toBe(true);
    expect(release.artifacts.map(({ kind }) => kind)).toEqual(['kernel', 'initrd', 'rootfs']);
  });

  it('does without a rootfs, as streams before August 2020', () => {
    const text = streamJson({ stream: 'stable', version: '31.20200108.3.0', rootfs: false });
    expect(parseStream(text, asked).files.map(({ kind }) => kind)).toEqual(['kernel', 'initrd', 'install']);
  });

  it('says that a stream offers one release only', () => {
    const version = parseVersion('44.20260101.3.0') ?? expect.fail('not a version');
    expect(() => drive(fedoraCoreos, { version }, { [PAGE]: good })).toThrow('offers 44.20260707.3.1 only');
  });

  it('asks for a fingerprint when Fedora has a key that we do not know, and takes the operator’s', () => {
    const next = streamJson({ stream: 'stable', version: '99.20990707.3.1' });
    expect(() => drive(fedoraCoreos, {}, { [PAGE]: next })).toThrow('no key is known');
    const { release } = drive(fedoraCoreos, { pinned: ['A'.repeat(40)] }, { [PAGE]: next });
    expect(release.trust?.pinned).toEqual(['A'.repeat(40)]);
  });

  it('takes the key of one more Fedora from the operator, beside the pinned ones and from the publisher', () => {
    const of = (major: number): string => streamJson({ stream: 'stable', version: `${major}.20270601.3.1` });
    const pinned = [`46:${'A'.repeat(40)}`];
    const next = drive(fedoraCoreos, { pinned }, { [PAGE]: of(46) }).release.trust;
    expect(next).toMatchObject({ pinned: ['A'.repeat(40)], keyUrls: ['https://fedoraproject.org/fedora.gpg'] });
    const known = drive(fedoraCoreos, { pinned }, { [PAGE]: of(45) }).release.trust;
    expect(known?.pinned).toEqual(['4F50A6114CD5C6976A7F1179655A4B02F577861E']);
    expect(() => drive(fedoraCoreos, { pinned }, { [PAGE]: of(47) })).toThrow('no key is known');
    const own = drive(fedoraCoreos, { pinned: ['B'.repeat(40)] }, { [PAGE]: of(45) }).release.trust;
    expect(own).toMatchObject({ pinned: ['B'.repeat(40)], keyUrls: [] });
  });

  it('says two months before that the next Fedora’s key is not known', () => {
    const notes = (version: string, channel = 'stable', pinned?: readonly string[]): number => {
      const page = PAGE.replace('stable', channel);
      const input = { channel, pinned };
      const text = streamJson({ stream: channel, version });
      return drive(fedoraCoreos, input, { [page]: text }).release.notes?.length ?? 0;
    };
    expect(notes('44.20260707.3.1')).toBe(0);
    expect(notes('45.20261120.3.1')).toBe(0);
    expect(notes('45.20270215.3.1')).toBe(1);
    expect(notes('45.20261120.1.1', 'next')).toBe(0);
    expect(notes('45.20261220.1.1', 'next')).toBe(1);
    expect(notes('45.20270215.3.1', 'stable', [`46:${'A'.repeat(40)}`])).toBe(0);
  });

  it.each([
    ['a page', '<html>'],
    ['nothing', ''],
    ['null', 'null'],
    ['another stream', streamJson({ stream: 'testing', version: VERSION })],
    ['another stream’s release', streamJson({ stream: 'stable', version: '44.20260707.2.1' })],
    ['a version that climbs', good.replaceAll(VERSION, '../../x')],
    ['a version with a newline', good.replaceAll(`"release": "${VERSION}"`, `"release": "${VERSION}\\n"`)],
    ['another architecture only', good.replaceAll('"x86_64"', '"loong64"')],
    [
      'a kernel of another release',
      good.replaceAll(`fedora-coreos-${VERSION}-live-kernel`, 'fedora-coreos-44.20250101.3.0-live-kernel'),
    ],
    ['a file:// address', good.replaceAll('https://builds', 'file://builds')],
    ['a name that climbs', good.replaceAll('-live-kernel.x86_64"', '-live-kernel.x86_64/.."')],
    ['a query', good.replaceAll('-live-kernel.x86_64"', '-live-kernel.x86_64?x"')],
    ['a short digest', good.replaceAll(/"sha256": "../g, '"sha256": "')],
    ['no initramfs', good.replaceAll('"initramfs"', '"other"')],
    ['a prototype', good.replaceAll('"metal"', '"__proto__"')],
  ])('refuses %s', (_, text) => {
    expect(() => parseStream(text, asked).files.map(({ name }) => name)).toThrow(/Fedora CoreOS stream|not safe/);
  });

  it('has no channel "lts"', () => {
    expect(() => drive(fedoraCoreos, { channel: 'lts' }, {})).toThrow('no such channel');
  });
});

const BASE = { system: 'fedora-coreos', version: '44.20260707.3.1' } as const;

describe('Fedora CoreOS', () => {
  it('runs live', () => {
    const profile = profileOf({ ...BASE, ignition: 'worker.ign', console: ['tty0', 'ttyS0,115200n8'] });
    expectGolden('systems/fedora-coreos-live.txt', planText(inputOf(profile)));
  });

  it('installs, with a live Ignition that reports beside coreos.inst.*', () => {
    const profile = profileOf({
      ...BASE,
      ignition: 'worker.ign',
      install: { disk: '/dev/sda' },
      kernel_args: ['ip=dhcp'],
    });
    expectGolden('systems/fedora-coreos-install.txt', planText(installInputOf(profile)));
  });

  it('installs who is asked for by the profile alone, by a stable disk name, with nobody to report as', () => {
    const disk = '/dev/disk/by-id/nvme-X_1.2:3+4';
    expectGolden(
      'systems/fedora-coreos-install-arm64.txt',
      planText(inputOf(profileOf({ ...BASE, arch: 'arm64', install: { disk } }))),
    );
  });

  it('gives the kernel the name that it had when the version was built', () => {
    const kernel = (more: Partial<BuiltProfile>) => {
      const artifact = fedoraCoreos.plan(inputOf(profileOf({ ...BASE, ...more }))).kernel;
      return artifact.kind === 'shelf' ? artifact.path.split('/').pop() : artifact.url;
    };
    expect(kernel({ version: '38.20230625.3.0' })).toBe('fedora-coreos-38.20230625.3.0-live-kernel-x86_64');
    expect(kernel({ version: '41.20250331.3.0' })).toBe('fedora-coreos-41.20250331.3.0-live-kernel-x86_64');
    expect(kernel({ version: '42.20250410.3.1' })).toBe('fedora-coreos-42.20250410.3.1-live-kernel.x86_64');
    expect(kernel({ version: '42.20250410.3.1', arch: 'arm64' })).toBe(
      'fedora-coreos-42.20250410.3.1-live-kernel.aarch64',
    );
    expect(kernel({ version: 'local' })).toBe('fedora-coreos-local-live-kernel.x86_64');
  });

  it('lists the root file system among the files that must be there, and points to it', () => {
    const plan = fedoraCoreos.plan(inputOf(profileOf(BASE)));
    const path = 'fedora-coreos/amd64/44.20260707.3.1/fedora-coreos-44.20260707.3.1-live-rootfs.x86_64.img';
    expect(plan.extras).toEqual([{ kind: 'shelf', path }]);
    expect(plan.args).toEqual([`coreos.live.rootfs_url=http://10.0.2.2:4777/images/${path}`]);
  });

  it('says what it cannot do', () => {
    expect(refusal(profileOf({ ...BASE, cloud_config: 'a' }))).toMatch(/cloud_config: .* \(use "ignition"\)/);
    expect(refusal(profileOf({ ...BASE, install: { disk: 'sda' } }))).toMatch(
      /^broken profiles\/sample.json install.disk: "sda" is not a disk/,
    );
    expect(refusal(profileOf({ ...BASE, install: { disk: '/dev/sda x=y' } }))).toMatch(/is not a disk/);
  });
});
