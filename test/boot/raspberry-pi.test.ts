import { describe, expect, it } from 'vitest';
import { createRaspberryPis } from '../../src/boot/raspberry-pi.ts';
import { createBootPrograms } from '../../src/boot/boot-programs.ts';
import { openFirmwareStore } from '../../src/images/firmware.ts';
import { readContext } from '../../src/context/app-context.ts';
import { parseLabel, parseMac } from '../../src/model/machine.ts';
import { type FolderFiles, makeFolder } from '../support/folder.ts';
import { originOf, settingsFor } from '../support/app-context.ts';

const SHELF = 'images/debian/arm64/20230607';
const FILES = {
  'profiles/pi.json': {
    system: 'debian',
    arch: 'arm64',
    version: '20230607',
    preseed: 'pi.cfg',
    kernel_args: ['quiet', '---'],
    nodes: [
      { name: 'four', mac: 'dc:a6:32:01:36:c2', raspberry_pi: true },
      { name: 'five', serial: 'a1b2c3d4', raspberry_pi: true },
      { name: 'pc', mac: '52:54:00:00:00:01' },
    ],
  },
  'configs/pi.cfg': 'd-i debian-installer/locale string en_US.UTF-8\n',
  [`${SHELF}/linux`]: 'kernel',
  [`${SHELF}/initrd.gz`]: 'initramfs',
  'firmware/rpi/start4.elf': 'the firmware of a Pi 4',
  'firmware/rpi/overlays/miniuart-bt.dtbo': 'an overlay',
};
const PI4 = { mac: parseMac('dc:a6:32:01:36:c2') ?? expect.fail(), serial: parseLabel('3c1a9f02') };

async function programsOf(files: FolderFiles = {}) {
  const dir = makeFolder({ ...FILES, ...files });
  const { bootService } = await readContext(settingsFor(dir));
  const firmware = openFirmwareStore([`${dir}/firmware`]);
  const made = createBootPrograms({ bootService, firmware, silentForLocal: true });
  const open = async (name: string) => {
    const found = await made.openPi({ name, origin: originOf(), asker: '10.0.2.15' });
    if (found?.kind === 'file') {
      const text = (await found.file.whole()).toString();
      await found.file.close();
      return text;
    }
    return found?.kind === 'text' ? found.text : found?.kind === 'image' ? found.path : found?.kind;
  };
  return { ...made, open };
}

describe('a Raspberry Pi', () => {
  it('that a node is hears where its files are, and no file name: it would give up on one', async () => {
    const programs = await programsOf();
    expect(programs.offerPi(PI4)).toEqual({ file: '' });
    expect(programs.offerPi({ mac: parseMac('dc:a6:32:00:00:99') ?? expect.fail() })).toHaveProperty('silence');
  });

  it('asks below its serial number, in the order of a Pi 4: what is its own, and what is of every Pi', async () => {
    const { open, ...programs } = await programsOf();
    programs.offerPi(PI4);
    expect(await open('3c1a9f02/config.txt')).toContain('kernel=kernel.img\ninitramfs initrd.img followkernel\n');
    expect(await open('3c1a9f02/start4.elf')).toBe('the firmware of a Pi 4');
    expect(await open('3c1a9f02/recovery.elf')).toBeUndefined();
    expect(await open('3c1a9f02/overlays/miniuart-bt.dtbo')).toBe('an overlay');
    expect(await open('3c1a9f02/kernel.img')).toBe(`${SHELF.slice('images/'.length)}/linux`);
    expect(await open('3c1a9f02/initrd.img')).toBe(`${SHELF.slice('images/'.length)}/initrd.gz`);
    expect(await open('3c1a9f02/cmdline.txt')).toMatch(
      /^auto=true priority=critical url=http:\/\/10\.0\.2\.2:4777\/configs\/pi\.cfg\?mac=dc-a6-32-01-36-c2 hostname=four .* quiet\n$/,
    );
  });

  it('is known by a serial number that its node lists, or by its MAC, too (TFTP_PREFIX=2)', async () => {
    const { open } = await programsOf();
    expect(await open('a1b2c3d4/cmdline.txt')).toContain('hostname=five');
    expect(await open('dc-a6-32-01-36-c2/cmdline.txt')).toContain('hostname=four');
  });

  it('claims nothing by asking for a file that is not here: any client may name one below a serial number', async () => {
    const dir = makeFolder(FILES);
    const { bootService } = await readContext(settingsFor(dir));
    const planned: unknown[] = [];
    const pis = createRaspberryPis({
      bootService: {
        netboot: (machine) => bootService.netboot(machine),
        raspberryPi: (facts) => bootService.raspberryPi(facts),
        plainPlan: async (question) => {
          planned.push(question);
          return await bootService.plainPlan(question);
        },
      },
      firmware: openFirmwareStore([`${dir}/firmware`]),
      silentForLocal: true,
    });
    const open = async (file: string) =>
      await pis.open({ name: `a1b2c3d4/${file}`, origin: originOf(), asker: '10.0.2.9' });
    for (const file of ['nonsense', 'recovery.elf', 'overlays', 'start4.elf/x']) {
      expect(await open(file)).toBeUndefined();
    }
    expect(planned).toEqual([]);
    expect(await open('config.txt')).toMatchObject({ kind: 'text' });
    expect(planned).toHaveLength(1);
  });

  it('with UEFI for it in the folder gets that as it is, and comes back as UEFI arm64', async () => {
    const uefi = { 'firmware/rpi/RPI_EFI.fd': 'UEFI', 'firmware/rpi/config.txt': 'armstub=RPI_EFI.fd\n' };
    const { open } = await programsOf(uefi);
    expect(await open('a1b2c3d4/config.txt')).toBe('armstub=RPI_EFI.fd\n');
    expect(await open('a1b2c3d4/RPI_EFI.fd')).toBe('UEFI');
    expect(await open('a1b2c3d4/cmdline.txt')).toBeUndefined();
  });

  it.each(['3c1a9f02/config.txt', '52-54-00-00-00-01/config.txt', 'config.txt', 'a1b2c3d4/../../profiles/pi.json'])(
    'nothing is there for another machine, or another name: %s',
    async (name) => {
      const { open } = await programsOf();
      expect(await open(name)).toBeUndefined();
    },
  );

  it('whose images are missing is told that there is nothing, and the log why', async () => {
    const { open } = await programsOf({ 'profiles/pi.json': { ...FILES['profiles/pi.json'], version: '20250101' } });
    expect(await open('a1b2c3d4/config.txt')).toBe('absent');
    expect(await open('a1b2c3d4/cmdline.txt')).toBe('absent');
  });

  it('that waits finds none of its folder: start4.elf alone would start, and wait for a kernel for ever', async () => {
    const { open } = await programsOf({ 'profiles/pi.json': { ...FILES['profiles/pi.json'], version: '20250101' } });
    expect(await open('a1b2c3d4/start4.elf')).toBe('absent');
  });

  it('that boots its own disk hears nothing, and finds nothing', async () => {
    const { open, ...programs } = await programsOf({
      'profiles/pi.json': { ...FILES['profiles/pi.json'], boot: 'local' },
    });
    expect(programs.offerPi(PI4)).toEqual({ silence: 'it boots its own disk' });
    expect(await open('a1b2c3d4/config.txt')).toBe('absent');
    expect(await open('a1b2c3d4/start4.elf')).toBe('absent');
  });

  it.each([
    ['two initramfs', { kernel: 'c/k', initrd: ['c/i', 'c/j'] }],
    ['a kernel elsewhere', { kernel: 'http://192.0.2.1/k' }],
  ])('whose profile has %s is told why in the log, and gets no half of it', async (_, keys) => {
    const { nodes } = FILES['profiles/pi.json'];
    const images = { 'images/c/k': 'k', 'images/c/i': 'i', 'images/c/j': 'j' };
    const programs = await programsOf({ 'profiles/pi.json': { system: 'custom', ...keys, nodes }, ...images });
    expect(await programs.openPi({ name: 'a1b2c3d4/config.txt', origin: originOf(), asker: '10.0.2.15' })).toEqual({
      kind: 'absent',
      because: expect.stringContaining('one kernel and at most one initramfs, both from images/') as string,
    });
  });
});
