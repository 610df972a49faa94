import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createBootService } from '../../src/boot/answer.ts';
import { createBootPrograms } from '../../src/boot/boot-programs.ts';
import { openFirmwareStore } from '../../src/images/firmware.ts';
import { SILENT } from '../../src/model/service.ts';
import { createInstallFollower } from '../../src/server/install-follower.ts';
import { createTftpSource } from '../../src/tftp/source.ts';
import { byMac, NOON, openSetup } from '../machines/marks.ts';
import { contextOf, originOf } from '../support/app-context.ts';
import { makeFolder } from '../support/folder.ts';
import { fetchTftp, RawClient } from '../support/tftp-client.ts';
import { serveTftp } from '../support/tftp-server.ts';

const MAC = 'dc:a6:32:01:36:c2';
const FOLDER = 'dc-a6-32-01-36-c2';
const PATIENT = { timeout: 60_000 };
const FILES = {
  'profiles/pi.json': {
    ...{ system: 'custom', arch: 'arm64', kernel: 'c/kernel', initrd: ['c/initrd'], preseed: 'x' },
    install: { disk: '/dev/mmcblk0' },
    nodes: [{ name: 'four', mac: MAC, raspberry_pi: true }],
  },
  'configs/x': 'd-i debian-installer/locale string en_US.UTF-8\n',
  'images/c/kernel': 'the kernel',
  'images/c/initrd': 'the initramfs',
};

/** The TFTP server as it runs, with the marks of installations behind it. */
async function setup(silentForLocal = true) {
  const { catalog, imageStore } = await contextOf(FILES);
  const { marks, dir, log, clock } = await openSetup();
  const unknown = { show: 'wait', timeoutSeconds: 30, choice: 'wait' } as const;
  const bootService = createBootService({
    ...{ catalog, imageStore, marks, claims: marks, unknown, now: () => clock.now },
  });
  const firmware = openFirmwareStore([makeFolder({ 'rpi/start4.elf': 'the firmware' })]);
  const bootPrograms = createBootPrograms({ bootService, firmware, silentForLocal });
  const settings = { smartNbp: true, images: false };
  const source = createTftpSource({ bootPrograms, imageStore, settings, originAt: () => originOf(), log: SILENT });
  const follower = createInstallFollower({ marks, log });
  const ends: string[] = [];
  const served = await serveTftp(
    source,
    {},
    {
      onEnd(event) {
        follower.transferred(event);
        ends.push(event.end);
      },
    },
  );
  onTestFinished(async () => served.stop());
  const marked = async (): Promise<unknown> => {
    await follower.settled();
    return JSON.parse(readFileSync(join(dir, `state/machines/${FOLDER}.json`), 'utf8'));
  };
  const fetched = async (file: string): Promise<string> =>
    await fetchTftp(served.port, `${FOLDER}/${file}`).then(
      ({ bytes }) => bytes.toString(),
      (error: unknown) => String(error),
    );
  return { ...{ marks, clock, bootPrograms, source, served, ends, marked, fetched } };
}

it('an installer goes to a Raspberry Pi only after its claim is on the disk, and has begun when its initramfs is there', async () => {
  const { marks, clock, ends, served, fetched, marked } = await setup();
  expect(await fetched('config.txt')).toContain('kernel=kernel.img');
  expect(await marked()).toMatchObject({
    state: 'claimed',
    tries: 0,
    claim: { address: '127.0.0.1', file: 'c/initrd' },
  });
  expect([await fetched('start4.elf'), await fetched('kernel.img')]).toEqual(['the firmware', 'the kernel']);
  expect(await marked()).toMatchObject({ state: 'claimed', tries: 0 });
  // As its firmware looks whether a file is there: it stops after the first block.
  const probe = await RawClient.open();
  onTestFinished(() => {
    probe.close();
  });
  probe.request(served.port, `${FOLDER}/initrd.img`, 'blksize=8');
  const { from } = await probe.expect();
  probe.send(Buffer.from([0, 5, 0, 0, 0]), from.port);
  await expect.poll(() => ends, PATIENT).toContain('aborted');
  expect(await marked()).toMatchObject({ state: 'claimed', tries: 0 });
  expect(await fetched('initrd.img')).toBe('the initramfs');
  await expect
    .poll(marked, PATIENT)
    .toMatchObject({ state: 'installing', tries: 1, begun: new Date(NOON).toISOString() });
  // Its arguments are those of this try, though a new question would have to wait now.
  expect(await fetched('cmdline.txt')).toContain('url=http://10.0.2.2:4777/configs/x?mac=dc-a6-32-01-36-c2');
  expect(await fetched('config.txt')).toContain('Error');
  expect(await fetched('kernel.img')).toContain('Error');
  clock.now += 3_600_000;
  await marks.installed(byMac(MAC), { profile: 'pi', disk: '/dev/mmcblk0' });
  expect(await fetched('config.txt')).toContain('Error');
  expect(await fetched('start4.elf')).toContain('Error');
});

it('what was claimed for one address is not sent to another', async () => {
  const { source, fetched, marked } = await setup();
  expect(await fetched('config.txt')).toContain('kernel=kernel.img');
  const client = { address: '127.0.0.9', port: 2070 };
  for (const file of ['kernel.img', 'cmdline.txt', 'config.txt']) {
    expect(await source.open({ name: `${FOLDER}/${file}`, options: [], client, server: '127.0.0.1' })).toBeUndefined();
  }
  expect(await marked()).toMatchObject({ state: 'claimed', claim: { address: '127.0.0.1' } });
  expect(await fetched('kernel.img')).toBe('the kernel');
});
