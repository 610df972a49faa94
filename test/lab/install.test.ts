import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { makeDataFolder, type DataFolder } from '../support/lab-data.ts';
import { bootMachine, startMachine } from '../support/lab-machine.ts';
import { labRoom, OVMF } from '../support/lab-room.ts';
import { startServer, type LabServer } from '../support/lab-server.ts';
import { buildDisk, DISK_NEEDS, place } from '../support/payload.ts';

const TOKEN = 'a-token-of-this-test-alone';
const DISK_BYTES = 64 * 2 ** 20;

const { lab, payload } = await labRoom({
  commands: DISK_NEEDS.commands,
  files: [OVMF, ...DISK_NEEDS.files],
});

/** A disk that keeps what is written to it between power-ons; empty at first. */
function emptyDisk(): { readonly file: string; readonly qemu: readonly string[] } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-disk-'));
  const file = join(folder, 'disk.img');
  const handle = openSync(file, 'w');
  ftruncateSync(handle, DISK_BYTES);
  closeSync(handle);
  return {
    file,
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

for (const firmware of ['bios', 'uefi'] as const) {
  lab.test(`${firmware}: installs once, boots its own disk from then on, installs again when told to`, async () => {
    const mac = firmware === 'bios' ? '52:54:00:d1:5c:01' : '52:54:00:d1:5c:02';
    const { data, server } = await installServer(mac);
    await using folder = data;
    await using running = server;
    using disk = emptyDisk();
    const url = `${running.guestUrl}/boot.ipxe`;
    const powerOn = { name: `install-${firmware}`, url, mac, firmware, qemu: disk.qemu };

    const first = await bootMachine(powerOn);
    expect(first.text).toContain('E2E INSTALLED ok');
    const written = /^E2E DISK sha256=([0-9a-f]{64})/m.exec(first.text)?.[1];
    expect(await api(running, `/machines/${mac}`)).toMatchObject({ row: { state: 'installed', name: 'd1' } });

    // The second and the third power-on, of a server that has forgotten its journal in between.
    for (const boot of ['second', 'third'] as const) {
      const again = await bootMachine({ ...powerOn, name: `install-${firmware}-${boot}` });
      expect([boot, again.cmdline]).toEqual([boot, expect.stringContaining('e2e.from=disk')]);
      expect(again.text).toContain('GRUB from the disk');
      expect(again.text).not.toContain('E2E INSTALLED');
    }
    expect(written).toBeDefined();
    expect(readFileSync(disk.file).length).toBe(DISK_BYTES);

    await api(running, '/reinstall', { method: 'POST', body: JSON.stringify({ machine: 'd1' }) });
    await using once = startMachine({ ...powerOn, name: `install-${firmware}-again`, expect: '^E2E INSTALLED ok' });
    const fourth = await once.done();
    expect(fourth.text).toContain(`E2E DISK sha256=${written ?? ''}`);
    await folder.write('done', 'x');
  });
}
