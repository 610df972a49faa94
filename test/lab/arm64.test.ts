import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { labEquipment } from '../support/lab-equipment.ts';
import { boots, onSite } from '../support/lab-site.ts';
import { needs } from '../support/needs.ts';
import { OTHER_RELEASES, otherIpxe, otherPackages } from '../support/other-ipxe.ts';
import { buildArmPayload } from '../support/payload.ts';

// AAVMF, Debian 13's iPXE for arm64 (which runs autoexec.ipxe with the network card closed) and Debian 12's arm64 kernel, beside
// a router that knows nothing of booting: PXE (architecture 11) and HTTP Boot (19).
const NODES = [
  { name: 'a-coreos', mac: '52:54:00:55:1c:ee' },
  { name: 'b-coreos', mac: '52:54:00:47:51:e4' },
];
const wanted = {
  commands: ['ip', 'dnsmasq', 'apt-get', 'apt-cache', 'qemu-system-aarch64'],
  files: ['/usr/share/AAVMF/AAVMF_CODE.fd', '/dev/net/tun'],
  root: true,
};
const { lab, payload } = await labEquipment(wanted);
const [trixie] = OTHER_RELEASES;
const none = { reason: 'no payload' };
const ipxe = payload.kernel === '' ? none : await otherIpxe(trixie);
const linux =
  payload.kernel === ''
    ? none
    : await otherPackages('arm64-bookworm', 'bookworm', 'arm64', 'linux-image-cloud-arm64', 'busybox-static');
const reasons = [ipxe, linux].flatMap((one) => ('reason' in one && one !== none ? [one.reason] : []));
const one = reasons.length === 0 ? lab : needs({ missing: reasons });

one.test('an arm64 machine boots, by PXE and by HTTP Boot', async () => {
  const firmware = mkdtempSync(join(tmpdir(), 'pilotlight-arm64-'));
  onTestFinished(() => {
    rmSync(firmware, { recursive: true, force: true });
  });
  copyFileSync(join('folder' in ipxe ? ipxe.folder : '', 'ipxe-arm64.efi'), join(firmware, 'ipxe-arm64.efi'));
  const env = { PILOTLIGHT_DHCP: 'proxy' };
  const profile = { arch: 'arm64', console: ['ttyAMA0'] } as const;
  const arm = await buildArmPayload('folder' in linux ? linux.folder : '');
  await onSite({ name: 'arm64', payload: arm, nodes: NODES, env, firmware, profile }, async (site) => {
    site.lan.run('dhcp', 'plain');
    const runs = await Promise.all(
      (['pxe', 'http'] as const).map(
        async (netboot, i) =>
          await boots(site, i, {
            ...{ name: `arm64-${netboot}`, firmware: 'uefi-arm64', rom: 'none', netboot },
            timeoutSeconds: 420,
          }),
      ),
    );
    for (const run of runs) expect(run.text).toContain('iPXE 1.21');
  });
});
