import { describe, expect, it } from 'vitest';
import { findDigest } from '../../src/model/release.ts';
import { readCertificates } from '../../src/releases/openpgp/keyring.ts';
import { readCleartext } from '../../src/releases/openpgp/packets.ts';
import { versionIn } from '../../src/os/flatcar.ts';
import { parsePxeScript } from '../../src/os/coreos.ts';
import { parseInRelease } from '../../src/os/debian.ts';
import { fedoraCoreos, parseStream } from '../../src/os/fedora-coreos.ts';
import { drive } from '../support/upstream-feed.ts';
import { hasReference, reference, referenceFiles } from './reference-dir.ts';

const text = (file: string): string => reference(`feeds/${file}`).toString();

describe.skipIf(!hasReference('feeds/fcos/streams/stable.json'))('authentic feeds', () => {
  it.each(['2905.2.6', '3510.2.5', '4459.2.1'])('Flatcar %s', (version) => {
    expect(versionIn(text(`flatcar/version-${version}.txt`), 'Flatcar')).toBe(version);
  });

  it('Flatcar nightly builds are refused', () => {
    expect(() => versionIn(text('flatcar/version-nightly-4799.0.0-manifest.txt'), 'Flatcar')).toThrow(
      'does not name a version',
    );
  });

  it('Container Linux: version.txt, and the script of 1298.6.0', () => {
    expect(versionIn(text('coreos/version-723.1.0.txt'), 'CoreOS')).toBe('723.1.0');
    expect(versionIn(text('coreos/version-2023.5.0.txt'), 'CoreOS')).toBe('2023.5.0');
    expect(parsePxeScript(text('coreos/coreos_production_pxe.sh.1298.6.0-derived-head.txt'))).toBe('1298.6.0');
  });

  it.each(['stable', 'testing', 'next'])('the Fedora CoreOS stream %s, both architectures', (channel) => {
    for (const arch of ['amd64', 'arm64'] as const)
      expect(
        parseStream(text(`fcos/streams/${channel}.json`), { channel, arch }).files.map(({ kind }) => kind),
      ).toEqual(['kernel', 'initrd', 'rootfs', 'install']);
  });

  it.each([
    ['2020-01-10-no-rootfs', 3, '-live-kernel-x86_64'],
    ['2020-08-12-first-rootfs', 4, '-live-kernel-x86_64'],
    ['2023-07-11-live-kernel-dash', 4, '-live-kernel-x86_64'],
    ['2025-04-29-kernel-renamed', 4, '-live-kernel.x86_64'],
  ])('the Fedora CoreOS stream of %s', (name, count, kernel) => {
    const { files } = parseStream(text(`fcos/history/stable-${name}.json`), { channel: 'stable', arch: 'amd64' });
    expect(files).toHaveLength(count);
    expect(files[0]?.name.endsWith(kernel)).toBe(true);
  });

  it('the keys that Fedora ships are those that are pinned', () => {
    const page = 'https://builds.coreos.fedoraproject.org/streams/stable.json';
    const pinned = Array.from({ length: 16 }, (_, i) => {
      const major = String(30 + i);
      const stream = text('fcos/streams/stable.json').replaceAll('44.20260707.3.1', `${major}.20260707.3.1`);
      return drive(fedoraCoreos, {}, { [page]: stream }).release.trust?.pinned[0];
    });
    const shipped = readCertificates(reference('feeds/keys/fedora-coreos-installer-signing-keys.asc'));
    expect(pinned).toEqual(expect.arrayContaining(shipped.slice(1).map(({ fingerprint }) => fingerprint)));
    expect(new Set(pinned).size).toBe(16);
  });

  it.each(Array.from({ length: 16 }, (_, i) => String(30 + i)))('the key of Fedora %s may sign', (major) => {
    const folder = 'feeds/keys/fedora';
    const file = referenceFiles(folder).find((name) => name.startsWith(`fedora-${major}-`)) ?? '';
    const page = 'https://builds.coreos.fedoraproject.org/streams/stable.json';
    const stream = text('fcos/streams/stable.json').replaceAll('44.20260707.3.1', `${major}.20260707.3.1`);
    const pinned = drive(fedoraCoreos, {}, { [page]: stream }).release.trust?.pinned ?? [];
    const [found] = readCertificates(reference(`${folder}/${file}`)).filter((one) => pinned.includes(one.fingerprint));
    expect(found?.keys).toMatchObject([{ revoked: false }]);
  });

  it("Debian's list resolves to its dated installer", () => {
    const signed = readCleartext(reference('feeds/debian/bookworm-12.15-InRelease')).text;
    const found = parseInRelease(signed, 'bookworm', { arch: 'amd64' });
    expect(found).toMatchObject({
      version: '20230607+deb12u15',
      sums: expect.stringMatching(/^8e0a94d8[0-9a-f]{56}$/) as string,
    });
  });
});

describe.skipIf(!hasReference('feeds/synthetic/coreos_production_pxe.DIGESTS'))(
  '.DIGESTS as the build scripts write them',
  () => {
    it.each(['coreos_production_pxe.DIGESTS', 'coreos_production_pxe.DIGESTS.asc'])('%s', (file) => {
      const find = (entry: string): string | undefined =>
        findDigest(text(`synthetic/${file}`), { algorithm: 'sha512', format: 'digests', entry });
      expect(find('coreos_production_pxe.vmlinuz')).toMatch(/^7a64bdc2/);
      expect(find('coreos_production_pxe_image.cpio.gz')).toMatch(/^6767e4d4/);
    });
  },
);
