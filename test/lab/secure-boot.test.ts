import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { labEquipment } from '../support/lab-equipment.ts';
import { boots, onSite } from '../support/lab-site.ts';
import { needs } from '../support/needs.ts';
import { otherPackages } from '../support/other-ipxe.ts';

// OVMF with Microsoft's keys, Debian 13's signed shim and GRUB, Debian's signed kernel, beside a router that knows nothing of
// booting. Over TFTP, where GRUB asks for images, too, and all by HTTP Boot.
const NODES = [
  { name: 'a-coreos', mac: '52:54:00:55:1c:ee' },
  { name: 'b-coreos', mac: '52:54:00:47:51:e4' },
];
const MICROSOFT = '/usr/share/OVMF/OVMF_CODE_4M.ms.fd';
const wanted = { commands: ['ip', 'dnsmasq', 'apt-get', 'apt-cache'], files: [MICROSOFT, '/dev/net/tun'], root: true };
const { lab, payload } = await labEquipment(wanted);
const signed =
  payload.kernel === ''
    ? { reason: 'no payload' }
    : await otherPackages('signed-trixie', 'trixie', 'amd64', 'shim-signed', 'grub-efi-amd64-signed');
const one = 'reason' in signed && payload.kernel !== '' ? needs({ missing: [signed.reason] }) : lab;

one.test('a machine with Secure Boot on boots through shim and GRUB, by PXE and by HTTP Boot', async () => {
  const firmware = mkdtempSync(join(tmpdir(), 'pilotlight-signed-'));
  onTestFinished(() => {
    rmSync(firmware, { recursive: true, force: true });
  });
  const from = 'folder' in signed ? signed.folder : '';
  copyFileSync(join(from, 'usr/lib/shim/shimx64.efi.signed'), join(firmware, 'shimx64.efi'));
  copyFileSync(join(from, 'usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed'), join(firmware, 'grubx64.efi'));
  const env = { PILOTLIGHT_DHCP: 'proxy' };
  const profile = { secure_boot: true, console: ['ttyS0'] } as const;
  await onSite({ name: 'secboot', payload, nodes: NODES, env, firmware, profile }, async (site) => {
    site.lan.run('dhcp', 'plain');
    const runs = await Promise.all(
      (['pxe', 'http'] as const).map(
        async (netboot, i) =>
          await boots(site, i, {
            ...{ name: `secure-${netboot}`, firmware: 'uefi-sb', rom: 'none', netboot },
            timeoutSeconds: 420,
          }),
      ),
    );
    for (const run of runs) expect(run.text).toContain('UEFI Secure Boot is enabled');
  });
});
