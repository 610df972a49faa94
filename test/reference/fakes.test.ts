import { describe, expect, it } from 'vitest';
import { readCleartext } from '../../src/releases/openpgp/packets.ts';
import { readCertificates } from '../../src/releases/openpgp/keyring.ts';
import { readSignatures } from '../../src/releases/openpgp/verify.ts';
import { makeVendor } from '../support/openpgp-vendor.ts';
import { digestsText, inReleaseText, pxeScript, streamJson, versionTxt } from '../support/upstream-formats.ts';
import { hasReference, reference, referenceFiles } from './reference-dir.ts';

// The publishers that the tests make up, held against what the real ones publish: a fake that is kinder than the world
// lets code pass that no publisher's file would.

const text = (file: string): string => reference(`feeds/${file}`).toString();
/** Every digest as one letter for each digit, so that only the form counts. */
const form = (lines: string): string => lines.replace(/\b[0-9a-f]{32,128}\b/g, (digest) => `<${digest.length}>`);

describe.skipIf(!hasReference('feeds/fcos/streams/stable.json'))('the fakes have the form of the real', () => {
  it.each([
    ['FLATCAR', 'flatcar/version-3510.2.5.txt', '3510.2.5'],
    ['FLATCAR', 'flatcar/version-4459.2.1.txt', '4459.2.1'],
    ['COREOS', 'coreos/version-2023.5.0.txt', '2023.5.0'],
    ['COREOS', 'coreos/version-723.1.0.txt', '723.1.0'],
  ] as const)('%s version.txt: %s', (prefix, file, version) => {
    // The build's date and the SDK are its own.
    const free = (page: string): string => page.replace(/(_BUILD_ID=).*/, '$1').replace(/(_SDK_VERSION=).*/, '$1');
    expect(free(versionTxt(prefix, version))).toBe(free(text(file)));
  });

  it('coreos_production_pxe.sh, line by line', () => {
    expect(pxeScript('1298.6.0')).toBe(text('coreos/coreos_production_pxe.sh.1298.6.0-derived-head.txt'));
  });

  it.each([
    ['flatcar_production_pxe.vmlinuz.DIGESTS', ['flatcar_production_pxe.vmlinuz']],
    ['coreos_production_pxe.DIGESTS', ['coreos_production_pxe_image.cpio.gz', 'coreos_production_pxe.vmlinuz']],
  ])('%s', (file, names) => {
    const files = Object.fromEntries(names.map((name) => [name, Buffer.from(name)]));
    expect(form(digestsText(files))).toBe(form(text(`synthetic/${file}`)));
  });

  it.each(['stable', 'testing', 'next'])('the Fedora CoreOS stream %s: keys, names and addresses', (stream) => {
    const real = JSON.parse(text(`fcos/streams/${stream}.json`)) as Stream;
    const version = real.architectures['x86_64']?.artifacts['metal']?.release ?? '';
    const fake = JSON.parse(streamJson({ stream, version })) as Stream;
    expect(Object.keys(fake)).toEqual(Object.keys(real));
    expect(Object.keys(fake.metadata)).toEqual(Object.keys(real.metadata));
    expect(Object.keys(fake.architectures)).toEqual(Object.keys(real.architectures));
    for (const [arch, made] of Object.entries(fake.architectures)) {
      const actual = real.architectures[arch];
      expect(Object.keys(actual?.artifacts ?? {})).toEqual(expect.arrayContaining(Object.keys(made.artifacts)));
      if (arch !== 'x86_64' && arch !== 'aarch64') continue;
      expect(Object.keys(made).sort()).toEqual(Object.keys(actual ?? {}).sort());
      const free = (metal: unknown): string => form(JSON.stringify(metal));
      expect(free(made.artifacts['metal'])).toBe(free(actual?.artifacts['metal']));
    }
  });

  it("Debian's InRelease: the fields, and the installer's lines", () => {
    const real = readCleartext(reference('feeds/debian/bookworm-12.15-InRelease')).text;
    const builds = { '20230607+deb12u15': 'a'.repeat(64), '20230607': 'b'.repeat(64) };
    const fake = inReleaseText({ current: '20230607+deb12u15', sums: builds });
    const fields = (page: string): readonly string[] => page.split('\n').filter((line) => /^[A-Z]/.test(line));
    expect(fields(fake)).toEqual(fields(real).filter((line) => line !== 'SHA1:'));
    const installer = (page: string): readonly string[] =>
      form(page)
        .split('\n')
        .filter((line) => line.includes(' main/installer-amd64/'));
    expect(installer(fake)).toEqual(installer(real));
  });

  it('signatures: version 4, SHA-256, with the fingerprint of the subkey that made them', () => {
    const folder = 'feeds/signature-vectors';
    const names = referenceFiles(folder).filter((name) => name.endsWith('sha256.sig'));
    const real = names.flatMap((name) => readSignatures(reference(`${folder}/${name}`)));
    const shape = (one: (typeof real)[number]): unknown => [
      ...[one.type, one.hash, one.issuerFingerprint?.length, one.issuerKeyId?.length],
      ...[one.expiresAfter, one.embedded, one.unsupported, one.keyFlags],
    ];
    const vendor = makeVendor('rsa');
    expect(real.length).toBeGreaterThanOrEqual(3);
    for (const one of [...readSignatures(vendor.sign(Buffer.from('x')))])
      expect(real.map(shape)).toContainEqual(shape(one));
    expect(readSignatures(vendor.sign(Buffer.from('x')))[0]?.keyAlgorithm).toBe(real[0]?.keyAlgorithm);
  });

  it('keys: a primary key that may sign, and a subkey that ends, as Flatcar’s', () => {
    const [real] = readCertificates(reference('feeds/keys/flatcar-image-signing-key.asc'));
    const [fake] = readCertificates(Buffer.from(makeVendor('rsa').publicKey));
    const kinds = (one: typeof real): readonly unknown[] => [
      ...new Set(
        one?.keys.map(({ key, expires }) => [key.fingerprint === one.fingerprint, expires !== undefined].join()),
      ),
    ];
    expect(kinds(fake)).toEqual(kinds(real));
  });
});

interface Stream {
  readonly metadata: object;
  readonly architectures: Readonly<
    Record<string, { readonly artifacts: Readonly<Record<string, { readonly release: string }>> }>
  >;
}
