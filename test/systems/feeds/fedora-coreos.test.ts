import { describe, expect, it } from 'vitest';
import { fedoraCoreos, parseStream } from '../../../src/systems/feeds/fedora-coreos.ts';
import { parseVersion } from '../../../src/domain/version.ts';
import { expectGolden } from '../../support/golden.ts';
import { streamJson } from '../../support/upstream-formats.ts';
import { describeRelease, drive } from '../../support/upstream-feed.ts';

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

  it.each([
    ['a page', '<html>'],
    ['nothing', ''],
    ['null', 'null'],
    ['another stream', streamJson({ stream: 'testing', version: VERSION })],
    ['another stream’s release', streamJson({ stream: 'stable', version: '44.20260707.2.1' })],
    ['a version that climbs', good.replaceAll(VERSION, '../../x')],
    ['a version with a newline', good.replace(`"release": "${VERSION}"`, `"release": "${VERSION}\\n"`)],
    ['another architecture only', good.replace('"x86_64"', '"ppc64le"')],
    [
      'a kernel of another release',
      good.replace(`fedora-coreos-${VERSION}-live-kernel`, 'fedora-coreos-44.20250101.3.0-live-kernel'),
    ],
    ['a file:// address', good.replace('https://builds', 'file://builds')],
    ['a name that climbs', good.replaceAll('-live-kernel.x86_64"', '-live-kernel.x86_64/.."')],
    ['a query', good.replaceAll('-live-kernel.x86_64"', '-live-kernel.x86_64?x"')],
    ['a short digest', good.replace(/"sha256": "../, '"sha256": "')],
    ['no initramfs', good.replace('"initramfs"', '"other"')],
    ['a prototype', good.replace('"metal"', '"__proto__"')],
  ])('refuses %s', (_, text) => {
    expect(() => parseStream(text, asked).files.map(({ name }) => name)).toThrow(/Fedora CoreOS stream|not safe/);
  });

  it('has no channel "lts"', () => {
    expect(() => drive(fedoraCoreos, { channel: 'lts' }, {})).toThrow('no such channel');
  });
});
