import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isoImage } from '../../src/exports/iso9660.ts';
import { extractFromIso } from '../../src/releases/iso-tree.ts';
import { makeFolder } from '../support/folder.ts';
import { needs } from '../support/needs.ts';
import { hex } from '../support/upstream-formats.ts';

const KERNEL = Buffer.alloc(300_001, 'kernel');
const INITRD = Buffer.alloc(1_100_000, 'initrd');
// A real casper/ has some thirty files, so many that its records fill several sectors.
const FILLER = Array.from({ length: 90 }, (_, i) => `casper/ubuntu-server-minimal.ubuntu-server.${i}.squashfs`);

/** Ubuntu's tree as far as it matters here. */
function makeTree(folder: string): string {
  const tree = join(folder, 'tree');
  const put = (path: string, bytes: Buffer | string): void => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), bytes);
  };
  for (const name of FILLER) put(name, name);
  put('casper/initrd', INITRD);
  put('casper/vmlinuz', KERNEL);
  put('casper/vmlinuz.txt', 'another');
  put('casper/hwe-vmlinuz', 'another');
  put('.disk/info', 'Ubuntu-Server 24.04.4 LTS "Noble Numbat"\n');
  put(`casper/${'long-name-'.repeat(24)}`, 'long');
  symlinkSync('vmlinuz', join(tree, 'casper/link'));
  return tree;
}

async function extract(image: Buffer | string, member: string, maxBytes = 10_000_000): Promise<Buffer> {
  const folder = makeFolder();
  const file = typeof image === 'string' ? image : join(folder, 'image.iso');
  if (typeof image !== 'string') writeFileSync(file, image);
  const target = join(folder, 'out');
  const found = await extractFromIso(file, [{ member, target, maxBytes }]);
  const bytes = readFileSync(target);
  expect(found.get(member)?.hex('sha256')).toBe(hex('sha256', bytes));
  return bytes;
}

const OURS = isoImage('x', [
  { path: 'casper/vmlinuz', bytes: Buffer.alloc(5000, 'k') },
  { path: 'casper/initrd', bytes: Buffer.alloc(6144, 'i') },
  { path: 'casper/empty', bytes: Buffer.alloc(0) },
]);

describe.each<[string, string, readonly string[]]>([
  ['genisoimage', 'Rock Ridge and Joliet', ['-r', '-J', '-joliet-long']],
  ['genisoimage', 'Rock Ridge', ['-R']],
  ['genisoimage', 'Joliet', ['-J', '-joliet-long']],
  ['genisoimage', 'short names', ['-l']],
  // Ubuntu's own are made with these: livecd-rootfs, debian-cd.
  ['xorriso', 'Rock Ridge and Joliet', ['-as', 'mkisofs', '-r', '-J', '-joliet-long', '-l', '-iso-level', '3']],
  ['xorriso', 'Rock Ridge', ['-as', 'mkisofs', '-R']],
  ['xorriso', 'short names', ['-as', 'mkisofs', '--norock']],
])('an image of %s with %s', (tool, kind, options) => {
  const tried = needs({ commands: [tool] });
  tried.test('gives its kernel and initramfs', async () => {
    const folder = makeFolder();
    const image = join(folder, 'image.iso');
    execFileSync(tool, [...options, '-quiet', '-V', 'Ubuntu-Server', '-o', image, makeTree(folder)], {
      stdio: 'ignore',
    });
    expect((await extract(image, 'casper/vmlinuz')).equals(KERNEL)).toBe(true);
    expect((await extract(image, 'casper/initrd')).equals(INITRD)).toBe(true);
    await expect(extract(image, 'casper/vmlinux')).rejects.toThrow('does not hold casper/vmlinux');
    await expect(extract(image, 'casper')).rejects.toThrow('holds casper as a folder');
    await expect(extract(image, 'casper/vmlinuz/x')).rejects.toThrow('holds vmlinuz as a file');
    if (!kind.startsWith('Rock')) return;
    expect((await extract(image, `casper/${'long-name-'.repeat(24)}`)).toString()).toBe('long');
    await expect(extract(image, 'casper/link')).rejects.toThrow('holds link as a link');
    await expect(extract(image, 'CASPER/VMLINUZ')).rejects.toThrow('does not hold');
  });
});

/** The record of a file in an image of ours: where it begins. */
function recordOf(image: Buffer, name: string): number {
  const at = image.indexOf(name, 20 * 2048, 'latin1');
  if (at < 0) throw new Error(`no ${name}`);
  return at - 33;
}

function changed(change: (image: Buffer) => void): Buffer {
  const image = Buffer.from(OURS);
  change(image);
  return image;
}

describe('an ISO image', () => {
  it('of our own gives its files, an empty one too', async () => {
    expect(await extract(OURS, 'casper/vmlinuz')).toEqual(Buffer.alloc(5000, 'k'));
    expect(await extract(OURS, 'casper/empty')).toEqual(Buffer.alloc(0));
  });

  it('gives a file in several parts as one', async () => {
    const image = changed((bytes) => {
      const at = recordOf(bytes, 'INITRD.;1');
      const length = bytes.readUInt8(at);
      const second = Buffer.from(bytes.subarray(at, at + length));
      // The rest of the folder moves up by one record, which is the second part's.
      bytes.copyWithin(at + length, at, at - (at % 2048) + 2048 - length);
      bytes.writeUInt8(0x80, at + 25);
      bytes.writeUInt32LE(4096, at + 10);
      second.writeUInt32LE(second.readUInt32LE(2) + 2, 2);
      second.writeUInt32LE(2048, 10);
      second.copy(bytes, at + length);
    });
    expect(await extract(image, 'casper/initrd')).toEqual(Buffer.alloc(6144, 'i'));
    expect(await extract(image, 'casper/vmlinuz')).toEqual(Buffer.alloc(5000, 'k'));
    await expect(extract(image, 'casper/initrd', 6143)).rejects.toMatchObject({ code: 'too-large' });
    const torn = Buffer.from(image);
    const at = recordOf(torn, 'INITRD.;1');
    torn.writeUInt8(0x80, at + torn.readUInt8(at) + 25);
    await expect(extract(torn, 'casper/initrd')).rejects.toThrow('in parts, and the last one is missing');
  });

  it.each<[string, Buffer, string]>([
    ['nothing', Buffer.alloc(0), 'is cut short'],
    ['zeros', Buffer.alloc(100_000), 'is not one'],
    ['a cut descriptor', OURS.subarray(0, 16 * 2048 + 100), 'is cut short'],
    ['cut folders', OURS.subarray(0, 21 * 2048), 'is cut short'],
    ['a cut file', OURS.subarray(0, OURS.length - 8192), 'is cut short: vmlinuz lies behind its end'],
    ['no end of descriptors', changed((b) => b.writeUInt8(3, 17 * 2048)), 'is not one'],
    ['no primary descriptor', changed((b) => b.writeUInt8(3, 16 * 2048)), 'the primary descriptor is missing'],
    ['other sectors', changed((b) => b.writeUInt16LE(512, 16 * 2048 + 128)), 'malformed descriptor'],
    ['a folder of 4 GiB', changed((b) => b.writeUInt32LE(0xffffffff, 16 * 2048 + 166)), 'larger than any'],
    ['a folder elsewhere', changed((b) => b.writeUInt32LE(0xffffffff, 16 * 2048 + 158)), 'is cut short'],
    ['a record without a name', changed((b) => b.writeUInt8(0, recordOf(b, 'VMLINUZ.;1') + 32)), 'malformed folder'],
    ['a record of one byte', changed((b) => b.writeUInt8(1, recordOf(b, 'VMLINUZ.;1'))), 'malformed folder'],
    ['a file elsewhere', changed((b) => b.writeUInt32LE(0xffffffff, recordOf(b, 'VMLINUZ.;1') + 2)), 'behind its end'],
    ['a file of 4 GiB', changed((b) => b.writeUInt32LE(0xffffffff, recordOf(b, 'VMLINUZ.;1') + 10)), 'behind its end'],
    ['interleaved files', changed((b) => b.writeUInt8(1, recordOf(b, 'VMLINUZ.;1') + 26)), 'interleaved'],
    ['a fork of its name', changed((b) => b.writeUInt8(4, recordOf(b, 'VMLINUZ.;1') + 25)), 'does not hold'],
  ])('is refused for %s', async (_, image, message) => {
    await expect(extract(image, 'casper/vmlinuz')).rejects.toThrow(message);
  });

  it('is refused for continuations in a circle', async () => {
    const image = changed((bytes) => {
      const at = recordOf(bytes, 'VMLINUZ.;1') + 33 + 10 + 1;
      // PX becomes a CE that leads to itself.
      const ce = Buffer.alloc(28);
      ce.write('CE', 0);
      ce.set([28, 1], 2);
      ce.writeUInt32LE(Math.floor(at / 2048), 4);
      ce.writeUInt32LE(at % 2048, 12);
      ce.writeUInt32LE(28, 20);
      ce.copy(bytes, at);
    });
    await expect(extract(image, 'casper/vmlinuz')).rejects.toThrow('go on without end');
  });

  it('never ends otherwise than with a file or a refusal, whatever byte of it is wrong', async () => {
    const folder = makeFolder();
    const file = join(folder, 'image.iso');
    const target = join(folder, 'out');
    let refused = 0;
    for (let at = 16 * 2048; at < 23 * 2048; at += 7) {
      writeFileSync(
        file,
        changed((bytes) => {
          bytes.writeUInt8(bytes.readUInt8(at) ^ 0xa5, at);
        }),
      );
      await extractFromIso(file, [{ member: 'casper/vmlinuz', target, maxBytes: 1e6 }]).catch((error: unknown) => {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(?:refused|too-large)$/) as string });
        refused += 1;
      });
    }
    expect(refused).toBeGreaterThan(10);
  });
});
