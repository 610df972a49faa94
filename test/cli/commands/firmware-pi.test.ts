import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openFirmwareStore } from '../../../src/images/firmware.ts';
import { sha256, tarOf, zipOf } from '../../support/boot-programs.ts';
import { addFiles, makeFolder } from '../../support/folder.ts';
import { runCli } from '../../support/run-cli.ts';
import { Upstream } from '../../support/upstream-server.ts';

// What start4.elf of Debian's raspi-firmware 1.20220830 says of itself.
const BUILD =
  'VC_BUILD_ID_USER: dom\0\0\0VC_BUILD_ID_TIME: 14:03:16\0VC_BUILD_ID_TIME: Aug 26 2022\0' +
  'VC_BUILD_ID_VERSION: 102f1e848393c2112206fadffaaf86db04e98326 (clean)\0';
const ELF = `\x7fELF the firmware\0${BUILD}`;
const TREE = Buffer.from('d00dfeed0001', 'hex');
/** As an archive of the makers' files has them, in a folder of its own. */
const OWN = gzipSync(
  tarOf([
    { path: 'firmware-1/boot/start4.elf', body: ELF },
    { path: 'firmware-1/boot/fixup4.dat', body: 'fixup' },
    { path: 'firmware-1/boot/bcm2711-rpi-4-b.dtb', body: TREE },
    { path: 'firmware-1/boot/overlays/miniuart-bt.dtbo', body: TREE },
    { path: 'firmware-1/boot/kernel8.img', body: 'a kernel' },
    { path: 'firmware-1/modules/a.ko', body: 'a module' },
  ]),
);
/** As the archive of UEFI for it. */
const UEFI = zipOf({ 'RPI_EFI.fd': 'UEFI', 'config.txt': 'armstub=RPI_EFI.fd\n', 'overlays/upstream-pi4.dtbo': TREE });

function setup() {
  const [dir, here] = [makeFolder(), makeFolder()];
  const cli = async (...argv: string[]) => await runCli(['firmware', ...argv, '--data-dir', dir], here);
  const files = (): readonly string[] =>
    (readdirSync(join(dir, 'firmware/rpi'), { recursive: true }) as string[]).toSorted();
  return { dir, here, cli, files };
}

describe('the files of a Raspberry Pi', () => {
  it('are taken from an archive of its makers, without kernels, and replaced as a whole by UEFI', async () => {
    const { dir, here, cli, files } = setup();
    addFiles(here, { 'boot.tar.gz': OWN, 'RPi4_UEFI_Firmware_v1.38.zip': UEFI });
    expect(await cli('import', 'boot.tar.gz')).toMatchObject({
      code: 0,
      stdout: 'firmware/rpi: Raspberry Pi, its own firmware, 4 files, 2022-08-26 (102f1e848393)\n',
    });
    expect((await cli('list')).stdout).toMatch(
      /^Raspberry Pi, its own firmware, 4 files +2022-08-26 \(102f1e848393\) +boot.tar.gz +\S+\/firmware\/rpi$/m,
    );
    expect(files()).toEqual(
      [
        '.source',
        'bcm2711-rpi-4-b.dtb',
        'fixup4.dat',
        'overlays',
        'overlays/miniuart-bt.dtbo',
        'start4.elf',
      ].toSorted(),
    );
    expect(readFileSync(join(dir, 'firmware/rpi/start4.elf'), 'latin1')).toBe(ELF);
    expect(await cli('import', 'RPi4_UEFI_Firmware_v1.38.zip')).toMatchObject({
      code: 0,
      stdout: 'firmware/rpi: Raspberry Pi, UEFI, 3 files\n',
    });
    expect(files()).toEqual(
      ['.source', 'RPI_EFI.fd', 'config.txt', 'overlays', 'overlays/upstream-pi4.dtbo'].toSorted(),
    );
    expect(readFileSync(join(dir, 'firmware/rpi/config.txt'), 'utf8')).toBe('armstub=RPI_EFI.fd\n');
    expect(readdirSync(join(dir, 'firmware'))).toEqual(['rpi']);
    expect((await cli('list')).stdout).toMatch(
      /^Raspberry Pi, UEFI, 3 files +RPi4_UEFI_Firmware_v1.38.zip +\S+\/firmware\/rpi$/m,
    );
    const listed = JSON.parse((await cli('list', '--json')).stdout) as readonly { readonly name: string }[];
    const row = { title: 'Raspberry Pi, UEFI, 3 files', name: 'rpi', file: join(dir, 'firmware/rpi'), size: 29 };
    expect(listed.filter(({ name }) => name === 'rpi')).toEqual([{ ...row, source: 'RPi4_UEFI_Firmware_v1.38.zip' }]);
    addFiles(dir, { 'firmware/rpi/start4.elf': ELF });
    expect((await cli('list')).stdout).toMatch(/^Raspberry Pi, UEFI, 4 files +2022-08-26 \S+ +placed by hand /m);
  });

  it('are the old ones for a board that asks while they are replaced, and after an import that was killed there', async () => {
    const dir = makeFolder();
    addFiles(dir, { 'firmware/.rpi.old/start4.elf': ELF, 'firmware/.rpi.old/overlays/a.dtbo': TREE });
    const store = openFirmwareStore([join(dir, 'firmware')]);
    const read = async (path: string): Promise<string | undefined> => {
      const file = await store.openBelow(path);
      if (file === undefined) return undefined;
      const bytes = await file.whole();
      await file.close();
      return bytes.toString('latin1');
    };
    expect(await read('rpi/start4.elf')).toBe(ELF);
    expect(await read('rpi/overlays/a.dtbo')).toBe(TREE.toString('latin1'));
    expect(await read('rpi/fixup4.dat')).toBeUndefined();
    expect((await runCli(['firmware', '--data-dir', dir], dir)).stdout).toMatch(
      /^Raspberry Pi, its own firmware, 2 files .*\/firmware\/\.rpi\.old$/m,
    );
    // What only the last one had is not mixed into the new one.
    addFiles(dir, { 'firmware/rpi/RPI_EFI.fd': 'UEFI' });
    expect(await read('rpi/RPI_EFI.fd')).toBe('UEFI');
    expect(await read('rpi/start4.elf')).toBeUndefined();
  });

  it('that an import which was killed had set aside are gone after the next one', async () => {
    const { dir, here, cli, files } = setup();
    addFiles(dir, { 'firmware/.rpi.old/start4.elf': ELF, 'firmware/.rpi.draft/start4.elf': 'half' });
    addFiles(here, { 'uefi.zip': UEFI });
    expect((await cli('import', 'uefi.zip')).code).toBe(0);
    expect(files()).toContain('RPI_EFI.fd');
    expect(readdirSync(join(dir, 'firmware'))).toEqual(['rpi']);
  });

  it.each([
    ['a.zip', zipOf({ 'start4.elf': '<html>' }), 'start4.elf in it is no program of the GPU (ELF)'],
    ['b.zip', zipOf({ 'bcm2712-rpi-5-b.dtb': 'x' }), 'bcm2712-rpi-5-b.dtb in it is no device tree'],
    ['c.zip', zipOf({ 'RPI_EFI.fd': '' }), 'RPI_EFI.fd in it is empty'],
    ['d.zip', UEFI.subarray(0, 60), 'it is a zip archive that is cut off'],
    ['e.zip', Buffer.from(UEFI.toString('latin1').replace('armstub', 'ARMSTUB'), 'latin1'), 'config.txt is damaged'],
    ['f.zip', zipOf({ 'readme.txt': 'x' }), 'it is an archive without boot programs'],
    ['g.zip', zipOf({ '../RPI_EFI.fd': 'UEFI' }), 'it is an archive without boot programs'],
  ])('%s is refused with what is wrong, and nothing is changed', async (name, bytes, message) => {
    const { dir, here, cli } = setup();
    writeFileSync(join(here, name), bytes);
    const { code, stderr } = await cli('import', name);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(existsSync(join(dir, 'firmware'))).toBe(false);
  });

  it('are fetched from the address that the operator names, if they have the digest that he names', async () => {
    const upstream = new Upstream();
    await upstream.start();
    onTestFinished(async () => {
      await upstream.stop();
    });
    upstream.put('/v1.38/RPi4_UEFI_Firmware_v1.38.zip', UEFI);
    const url = upstream.url('/v1.38/RPi4_UEFI_Firmware_v1.38.zip');
    const { dir, cli, files } = setup();
    const fetch = async (...more: string[]) => await cli('fetch', '--url', url, ...more);
    expect(await fetch()).toMatchObject({ code: 2, stderr: expect.stringContaining('needs --sha256') as string });
    for (const wrong of ['rpi.zip', 'ftp://a/rpi.zip', 'https://u:p@a/rpi.zip', 'https://a/']) {
      expect((await cli('fetch', '--url', wrong, '--sha256', sha256(UEFI))).code).toBe(2);
    }
    expect((await fetch('--release', '2.0.0', '--sha256', sha256(UEFI))).code).toBe(2);
    expect(upstream.requests).toEqual([]);
    expect((await fetch('--sha256', 'a'.repeat(64))).stderr).toContain(`digest than you named: ${sha256(UEFI)}`);
    expect(existsSync(join(dir, 'firmware'))).toBe(false);
    expect((await fetch('--sha256', sha256(UEFI))).code).toBe(0);
    expect(files()).toContain('RPI_EFI.fd');
  });
});
