import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createBootPrograms } from '../../src/boot/boot-programs.ts';
import { createTftpSource } from '../../src/tftp/source.ts';
import { SILENT } from '../../src/model/service.ts';
import { openFirmwareStore } from '../../src/images/firmware.ts';
import { encodeAck } from '../support/tftp-packets.ts';
import { makeFolder, type FolderFiles } from '../support/folder.ts';
import { contextOf, originOf } from '../support/app-context.ts';
import { fetchTftp, RawClient, say } from '../support/tftp-client.ts';
import { content, NATIVE, serveTftp } from '../support/tftp-server.ts';

const NBP = content(400_000);
const OTHER = Buffer.from(NBP).reverse();

/** The TFTP server as it runs: boot programs and images/ behind it. */
async function wired(more: FolderFiles = {}) {
  const appContext = await contextOf({ 'images/k': NBP, ...more });
  const firmware = makeFolder({ 'undionly.kpxe': NBP });
  const bootPrograms = createBootPrograms({
    ...appContext,
    firmware: openFirmwareStore([firmware]),
    silentForLocal: false,
  });
  const source = createTftpSource({
    ...appContext,
    bootPrograms,
    settings: { smartNbp: true, images: true },
    originAt: () => originOf(),
    log: SILENT,
  });
  const served = await serveTftp(source);
  onTestFinished(async () => served.stop());
  return { ...served, firmware, images: join(appContext.dir, 'images') };
}

async function outcome(port: number, name: string): Promise<string> {
  return await fetchTftp(port, name).then(
    ({ bytes }) => (bytes.equals(NBP) ? 'served' : `${bytes.length} other bytes`),
    (error: unknown) => String(error),
  );
}

/** Fetches in lock-step and does something when the first block has come. */
async function midway(port: number, name: string, act: () => void): Promise<Buffer | string> {
  const client = await RawClient.open();
  onTestFinished(() => {
    client.close();
  });
  client.request(port, name, 'blksize=1432');
  const { from } = await client.expect();
  client.send(encodeAck(0), from.port);
  const blocks: Buffer[] = [];
  for (;;) {
    const arrived = await client.expect();
    const { packet } = arrived;
    if (packet.kind !== 'data') return say(arrived);
    if (packet.block !== blocks.length + 1) continue;
    blocks.push(packet.data);
    if (blocks.length === 1) act();
    client.send(encodeAck(blocks.length), from.port);
    if (packet.data.length < 1432) return Buffer.concat(blocks);
  }
}

it.each(['undionly.kpxe', 'images/k'])(
  '%s is sent as it was when it is replaced or removed meanwhile',
  async (name) => {
    const { port, firmware, images } = await wired();
    const file = name === 'images/k' ? join(images, 'k') : join(firmware, name);
    const replaced = await midway(port, name, () => {
      writeFileSync(`${file}.new`, OTHER);
      renameSync(`${file}.new`, file);
    });
    expect(NBP.equals(replaced as Buffer)).toBe(true);
    const removed = await midway(port, name, () => {
      rmSync(file);
    });
    expect(OTHER.equals(removed as Buffer)).toBe(true);
    expect(await outcome(port, name)).toBe('Error: ERROR 1 File not found');
  },
);

it('a boot program that becomes shorter meanwhile ends with ERROR 0 and never looks complete', async () => {
  const { port, firmware } = await wired();
  const cut = await midway(port, 'undionly.kpxe', () => {
    truncateSync(join(firmware, 'undionly.kpxe'), 200_000);
  });
  expect(cut).toBe('error 0');
});

it('an image that becomes shorter meanwhile is sent as it was where it was read before, and never looks complete', async () => {
  const { port, images } = await wired();
  const sent = await midway(port, 'images/k', () => {
    truncateSync(join(images, 'k'), 200_000);
  });
  // The thread that calls libc reads it as it goes; without, the cache had it.
  if (NATIVE) expect(sent).toBe('error 0');
  else expect(NBP.equals(sent as Buffer)).toBe(true);
});

it('links inside the folder are followed, links out of it are not there', async () => {
  const { port, firmware, images } = await wired();
  const outside = makeFolder({ secret: NBP, 'deep/secret': NBP });
  symlinkSync('k', join(images, 'inside'));
  symlinkSync(join(outside, 'secret'), join(images, 'file'));
  symlinkSync(join(outside, 'deep'), join(images, 'folder'));
  symlinkSync(join(outside, 'secret'), join(firmware, 'snponly.efi'));
  expect(await outcome(port, 'images/inside')).toBe('served');
  for (const name of ['images/file', 'images/folder/secret', 'snponly.efi']) {
    expect([name, await outcome(port, name)]).toEqual([name, 'Error: ERROR 1 File not found']);
  }
});

it('drafts, manifests, hidden files and state/ are not there, by whatever name or link', async () => {
  const { port, images } = await wired({
    'images/.drafts/1/kernel': NBP,
    'images/x/.pilotlight.json': NBP,
    'state/admin-token': NBP,
    'profiles/a.json': NBP,
    'configs/a.yml': NBP,
  });
  symlinkSync('.drafts', join(images, 'drafts'));
  symlinkSync('x/.pilotlight.json', join(images, 'manifest'));
  symlinkSync('../state/admin-token', join(images, 'token'));
  const hidden = ['.drafts/1/kernel', '/.drafts/1/kernel', './.drafts/1/kernel', '\\.drafts\\1\\kernel'];
  const names = [...hidden, 'drafts/1/kernel', 'x/.pilotlight.json', 'manifest', 'token', '../state/admin-token'];
  const outside = ['state/admin-token', '/state/admin-token', '.drafts/1/kernel', 'profiles/a.json', 'configs/a.yml'];
  for (const name of [...names.map((one) => `images/${one}`), ...outside]) {
    expect([name, await outcome(port, name)]).toEqual([name, 'Error: ERROR 1 File not found']);
  }
  expect(await outcome(port, '//images//k')).toBe('served');
});

it('folders and FIFOs are not there, and nothing waits for a writer', async () => {
  const { port, log, firmware, images } = await wired();
  mkdirSync(join(images, 'folder'));
  mkdirSync(join(firmware, 'ipxe.efi'));
  for (const path of [join(images, 'fifo'), join(firmware, 'snponly.efi')]) execFileSync('mkfifo', [path]);
  const names = ['images/folder', 'images', 'images/fifo', 'snponly.efi', 'ipxe.efi', 'images/nothing'];
  // More than the thread pool has threads: a FIFO that was opened with waiting would stop every later read.
  const all = [...names, ...Array.from({ length: 8 }, () => 'images/fifo')];
  expect(await Promise.all(all.map(async (name) => outcome(port, name)))).toEqual(
    all.map(() => 'Error: ERROR 1 File not found'),
  );
  expect(await outcome(port, 'images/k')).toBe('served');
  expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});
