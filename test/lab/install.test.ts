import { closeSync, ftruncateSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { makeDataFolder, type DataFolder } from '../support/lab-data.ts';
import { bootMachine, type MachineRun } from '../support/lab-machine.ts';
import { labEquipment, OVMF } from '../support/lab-equipment.ts';
import { startServer, type LabServer } from '../support/lab-server.ts';
import { buildDisk, DISK_NEEDS, place } from '../support/payload.ts';

const TOKEN = 'a-token-of-this-test-alone';
const DISK_BYTES = 64 * 2 ** 20;

const { lab, payload } = await labEquipment({
  commands: DISK_NEEDS.commands,
  files: [OVMF, ...DISK_NEEDS.files],
});

/** A disk that keeps what is written to it between power-ons; empty at first. */
function emptyDisk(): { readonly qemu: readonly string[] } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-disk-'));
  const file = join(folder, 'disk.img');
  const handle = openSync(file, 'w');
  ftruncateSync(handle, DISK_BYTES);
  closeSync(handle);
  return {
    // After the network card: the firmware asks the network at every power-on, as bare metal does.
    qemu: [
      ...['-drive', `if=none,id=disk0,format=raw,file=${file}`],
      ...['-device', 'virtio-blk-pci,drive=disk0,bootindex=2'],
    ],
    [Symbol.dispose]() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function installServer(mac: string): Promise<{ readonly data: DataFolder; readonly server: LabServer }> {
  const data = await makeDataFolder();
  await data.publish(payload, 'custom/lab', { kernel: 'vmlinuz', initramfs: 'initramfs' });
  await place(await buildDisk(payload), join(data.path, 'images/custom/lab/disk.img.gz'));
  const server = await startServer({ dataDir: data.path, env: { PILOTLIGHT_ADMIN_TOKEN: TOKEN } });
  await data.write('profiles/disk.json', {
    system: 'custom',
    kernel: 'custom/lab/vmlinuz',
    initrd: ['custom/lab/initramfs'],
    install: { disk: '/dev/vda' },
    kernel_args: [
      'console=ttyS0',
      'e2e.disk=/dev/vda',
      'e2e.end=reboot',
      `e2e.install=${server.guestUrl}/images/custom/lab/disk.img.gz`,
      `e2e.installed-url=${server.guestUrl}/installed/${mac.replaceAll(':', '-')}`,
    ],
    nodes: [{ name: 'd1', mac }],
  });
  return { data, server };
}

async function api(server: LabServer, path: string, init: RequestInit = {}): Promise<unknown> {
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    ...init,
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
  });
  expect([path, answer.status]).toEqual([path, 200]);
  return await answer.json();
}

/** A machine with an empty disk, the server that shall install it, and what was written. */
async function installed(
  firmware: 'bios' | 'uefi',
  mac: string,
  work: (site: {
    readonly server: LabServer;
    readonly powerOn: (name: string, expected?: string) => Promise<MachineRun>;
    readonly written: string;
  }) => Promise<void>,
): Promise<void> {
  const { data, server } = await installServer(mac);
  await using folder = data;
  await using running = server;
  using disk = emptyDisk();
  const powerOn = async (name: string, expected?: string): Promise<MachineRun> => {
    return await bootMachine({
      ...{ name: `install-${firmware}-${name}`, url: `${running.guestUrl}/boot.ipxe`, mac, firmware, qemu: disk.qemu },
      // After iPXE has left, OVMF tries its own network clients before the disk, and says that each fails.
      fail: '^E2E BOOT-FAIL|Kernel panic|No bootable device',
      ...(expected === undefined ? {} : { expect: expected }),
    });
  };
  const first = await powerOn('first');
  expect(first.text).toContain('E2E INSTALLED ok');
  const written = /^E2E DISK sha256=([0-9a-f]{64})/m.exec(first.text)?.[1] ?? 'nothing';
  // The journal writes a few times a second.
  const seen = expect.poll(async () => await api(running, `/machines/${mac}`), { timeout: 60_000 });
  await seen.toMatchObject({ row: { state: 'installed', name: 'd1' } });

  // What keeps the disk is a file, not the journal.
  const marks = readdirSync(join(folder.path, 'state/machines')).filter((name) => name.endsWith('.json'));
  expect(marks).toEqual([`${mac.replaceAll(':', '-')}.json`]);

  const second = await powerOn('second');
  expect(second.cmdline).toContain('e2e.from=disk');
  expect(second.text).toContain('GRUB from the disk');
  expect(second.text).not.toContain('E2E INSTALLED');
  await work({ server: running, powerOn, written });
}

lab.test('BIOS: installs once, boots its own disk from then on, installs again when told to', async () => {
  await installed('bios', '52:54:00:d1:5c:01', async ({ server, powerOn, written }) => {
    const third = await powerOn('third');
    expect(third.cmdline).toContain('e2e.from=disk');
    expect(third.text).not.toContain('E2E INSTALLED');

    await api(server, '/reinstall', { method: 'POST', body: JSON.stringify({ machine: 'd1' }) });
    const fourth = await powerOn('fourth', '^E2E INSTALLED ok');
    expect(fourth.text).toContain(`E2E DISK sha256=${written}`);
  });
});

lab.test('UEFI: installs once and boots its own disk from then on', async () => {
  await installed('uefi', '52:54:00:d1:5c:02', async ({ powerOn }) => {
    // OVMF needs a minute from here to the disk: the second power-on has gone all the way.
    const third = await powerOn('third', 'Booting from the local disk');
    expect(third.text).not.toContain('E2E START');
  });
});
