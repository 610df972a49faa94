import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createServer } from '../../src/app/server.ts';
import { makeFolder, type FolderFiles } from '../support/folder.ts';
import { settingsFor } from '../support/house.ts';

/** What machines of the field met, through the whole server. */
async function serve(files: FolderFiles) {
  const dir = makeFolder(files);
  const file = join(dir, 'log');
  const server = createServer(settingsFor(dir, { logLevel: 'info' }), { logFd: openSync(file, 'w'), warnings: [] });
  onTestFinished(() => server.stop(AbortSignal.timeout(1000)));
  await server.start();
  const url = `http://127.0.0.1:${String(server.address()?.port)}`;
  const get = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await fetch(url + path, { headers });
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  };
  return {
    dir,
    get,
    warnings: () =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line.includes('"level":40')),
  };
}

const UBUNTU = {
  'profiles/u.json': { system: 'ubuntu', version: '1', nocloud: 'u', nodes: [{ name: 'u', mac: '52:54:00:bb:00:11' }] },
  'configs/u': '#cloud-config\nautoinstall:\n  version: 1\n',
  'images/ubuntu/amd64/1/vmlinuz': 'x',
  'images/ubuntu/amd64/1/initrd': 'x',
  'images/ubuntu/amd64/1/ubuntu-1-live-server-amd64.iso': 'x',
};

test('case 13-wrong-arch: an arm64 machine is told that its profile boots amd64, and so is the operator', async () => {
  const { get, warnings } = await serve(UBUNTU);
  const ask = '/ipxe?mac=52:54:00:bb:00:11&platform=efi';
  for (const arch of ['arm64', 'aarch64', 'arm32']) {
    const { status, text } = await get(`${ask}&arch=${arch}`);
    expect(status).toBe(200);
    expect(text).toContain(`echo this machine is ${arch === 'arm32' ? arch : 'arm64'}, profiles/u.json boots amd64\n`);
    expect(text).not.toContain('vmlinuz');
  }
  for (const arch of ['x86_64', 'amd64', 'i386', ''])
    expect((await get(`${ask}&arch=${arch}`)).text).toContain('vmlinuz');
  expect((await get('/grub?mac=52:54:00:bb:00:11&arch=arm64')).status).toBe(503);
  await vi.waitFor(() => {
    const said = warnings().filter((line) =>
      line.includes('"problem":"this machine is arm64, profiles/u.json boots amd64"'),
    );
    expect(said).toHaveLength(1);
  });
});

test('case 14-bootif-mac: 01- in front of a MAC means Ethernet', async () => {
  const { get } = await serve({
    'profiles/a.json': {
      boot: 'local',
      cloud_config: 'a',
      nocloud: 'a.yml',
      nodes: [{ name: 'a', mac: '52:54:00:bb:00:11' }],
    },
    'configs/a.yml': '#cloud-config\n',
  });
  expect((await get('/ipxe?mac=01-52-54-00-bb-00-11')).text).toContain('Booting from the local disk');
  expect((await get('/configs/a.yml?mac=01-52-54-00-bb-00-11')).status).toBe(200);
  expect((await get('/nocloud/01-52-54-00-bb-00-11/meta-data')).text).toContain('52-54-00-bb-00-11');
  expect((await get('/ipxe?mac=01-garbage')).status).toBe(400);
});

test('case 05-matchbox-os-installed: a label selects nothing, and the log says so once', async () => {
  const { get, warnings } = await serve({
    'profiles/a.json': {
      system: 'custom',
      kernel: 'flatcar/3227.2.0/k',
      ignition: 'flatcar-install.ign',
      default: true,
    },
    'configs/flatcar-install.ign': { ignition: { version: '3.4.0' } },
    'images/flatcar/3227.2.0/k': 'kernel',
  });
  for (let i = 0; i < 3; i += 1) expect((await get('/ignition?mac=52-54-00-00-00-0b&os=installed')).status).toBe(200);
  // What matchbox's own start script always sends is no one's label.
  await get('/ipxe?uuid=&mac=52-54-00-00-00-0b&domain=lan&hostname=a&serial=1&buildarch=x86_64');
  await get('/?profile=a&rack=3');
  await vi.waitFor(() => {
    const said = warnings().filter((line) => line.includes('label'));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('"label":"os"');
  });
});
