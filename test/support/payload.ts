import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { copyFile, link, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const top = join(import.meta.dirname, '..', '..');
const cache = join(top, '.cache', 'lab');
const builder = join(top, 'scripts', 'lab', 'mkpayload.sh');
const diskBuilder = join(top, 'scripts', 'lab', 'mkdisk.sh');

/** The small Linux that the test machines boot: a Debian kernel and an initramfs that reports on the serial console. */
export interface Payload {
  readonly kernel: string;
  readonly initramfs: string;
}

/**
 * Builds the payload at most once per machine (downloads 30 MB when Debian's cache is cold, then 6 s) and keeps it in
 * .cache/lab until mkpayload.sh changes. When it cannot be had: the reason, in one line.
 */
export async function buildPayload(): Promise<Payload | { readonly reason: string }> {
  const recipe = createHash('sha256').update(readFileSync(builder)).digest('hex').slice(0, 12);
  const folder = join(cache, `payload-${recipe}`);
  if (!existsSync(folder)) {
    await mkdir(cache, { recursive: true });
    const draft = mkdtempSync(join(cache, 'draft-'));
    try {
      await promisify(execFile)(builder, ['-f', 'cloud', '-c', join(cache, 'debs'), draft]);
      renameSync(draft, folder);
    } catch (error) {
      const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
      return { reason: `no payload (${said.split('\n').at(-1) ?? ''})` };
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  }
  return { kernel: join(folder, 'vmlinuz'), initramfs: join(folder, 'initramfs.cpio.gz') };
}

/** The same for arm64, from a folder of unpacked packages (scripts/lab/other-packages.sh). */
export async function buildArmPayload(unpacked: string): Promise<Payload> {
  const recipe = createHash('sha256').update(readFileSync(builder)).digest('hex').slice(0, 12);
  const folder = join(cache, `payload-arm64-${recipe}`);
  if (!existsSync(folder)) {
    const draft = mkdtempSync(join(cache, 'draft-'));
    await promisify(execFile)(builder, ['-u', unpacked, draft]);
    renameSync(draft, folder);
  }
  return { kernel: join(folder, 'vmlinuz'), initramfs: join(folder, 'initramfs.cpio.gz') };
}

/** Packages that mkdisk.sh needs, by what they bring. */
export const DISK_NEEDS = {
  commands: ['grub-mkimage', 'mcopy'],
  files: ['/usr/lib/grub/i386-pc/boot.img', '/usr/lib/grub/x86_64-efi/normal.mod', '/usr/sbin/mkfs.fat'],
} as const;

/** A gzipped disk that boots the payload on BIOS and on UEFI: what an installer writes. Kept beside the payload. */
export async function buildDisk(payload: Payload): Promise<string> {
  const recipe = createHash('sha256').update(readFileSync(diskBuilder)).digest('hex').slice(0, 12);
  const disk = join(dirname(payload.kernel), `disk-${recipe}.img.gz`);
  if (!existsSync(disk)) await promisify(execFile)(diskBuilder, [dirname(payload.kernel), disk]);
  return disk;
}

/** Puts a file of the payload on a shelf: a hard link where the file system allows, for symlinks that leave a data directory lead nowhere. */
export async function place(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await link(from, to).catch(() => copyFile(from, to));
}
