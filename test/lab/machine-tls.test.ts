import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect } from 'vitest';
import { makeCertificate } from '../support/certificate.ts';
import { makeDataFolder } from '../support/lab-data.ts';
import { bootMachine } from '../support/lab-machine.ts';
import { labEquipment, OVMF } from '../support/lab-equipment.ts';
import { startServer } from '../support/lab-server.ts';
import { boots, onSite } from '../support/lab-site.ts';
import { makeFolder } from '../support/folder.ts';
import { needs } from '../support/needs.ts';
import { OTHER_RELEASES, otherIpxe } from '../support/other-ipxe.ts';

const { lab, payload } = await labEquipment({ commands: ['openssl'], files: [OVMF] });

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

// iPXE of 2019 has no TLS: it says so ("Operation not supported"), and asks over HTTP.
for (const firmware of ['bios', 'uefi'] as const) {
  lab.test(`${firmware}: a machine that cannot use the TLS that is offered boots over HTTP`, async () => {
    const mac = firmware === 'bios' ? '52:54:00:aa:75:01' : '52:54:00:aa:75:02';
    await using data = await makeDataFolder({
      'profiles/c.json': {
        system: 'custom',
        kernel: 'custom/linux/vmlinuz',
        initrd: ['custom/linux/initramfs'],
        kernel_args: ['console=ttyS0', 'e2e.note=custom'],
        nodes: [{ name: 'c1', mac }],
      },
    });
    await data.publish(payload, 'custom/linux', { kernel: 'vmlinuz', initramfs: 'initramfs' });
    const { cert, key } = makeCertificate(data.path, 'lab');
    const port = await freePort();
    await using server = await startServer({
      dataDir: data.path,
      env: {
        PILOTLIGHT_TLS_CERT: cert,
        PILOTLIGHT_TLS_KEY: key,
        PILOTLIGHT_TLS_LISTEN: `127.0.0.1:${port}`,
      },
    });
    const start = await (await fetch(`${server.url}/boot.ipxe`)).text();
    expect(start).toMatch(new RegExp(`https://127\\.0\\.0\\.1:${port}/ipxe\\?`));
    const run = await bootMachine({ name: `tls-${firmware}`, url: `${server.guestUrl}/boot.ipxe`, mac, firmware });
    expect(run.cmdline).toContain('e2e.note=custom');
  });
}

// iPXE 2 for UEFI has TLS, and takes no certificate that no one signed whom it trusts.
const ipxe2 = payload.kernel === '' ? { reason: 'no payload' } : await otherIpxe(OTHER_RELEASES[1]);
const firmware2 = 'folder' in ipxe2 ? ipxe2.folder : '';
const one = 'reason' in ipxe2 && payload.kernel !== '' ? needs({ missing: [ipxe2.reason] }) : lab;

one.test('iPXE 2 on UEFI: a certificate that it does not trust is refused, and it boots over HTTP', async () => {
  const { cert, key } = makeCertificate(makeFolder(), 'lab');
  const env = {
    PILOTLIGHT_DHCP: 'proxy',
    PILOTLIGHT_TLS_CERT: cert,
    PILOTLIGHT_TLS_KEY: key,
    PILOTLIGHT_TLS_LISTEN: '0.0.0.0:4778',
  };
  const nodes = [{ name: 'a-coreos', mac: '52:54:00:55:1c:ee' }];
  await onSite({ name: 'tls2', payload, nodes, env, firmware: firmware2 }, async (site) => {
    site.lan.run('dhcp', 'plain');
    const run = await boots(site, 0, { name: 'tls-ipxe2', firmware: 'uefi', rom: 'none' });
    expect(run.text).toMatch(/Asking https:\S+ over TLS/);
  });
});
