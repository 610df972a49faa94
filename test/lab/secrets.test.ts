import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { makeDataFolder } from '../support/lab-data.ts';
import { type Lan, setUpLan } from '../support/lab-lan.ts';
import { bootMachine } from '../support/lab-machine.ts';
import { labEquipment } from '../support/lab-equipment.ts';
import { type LabServer, startServer } from '../support/lab-server.ts';
import { buildDisk, DISK_NEEDS, place } from '../support/payload.ts';

// A host on the same wire asks for all that is one machine's alone, before, while and after that machine boots, and with the
// token that it then knows. It gets nothing, and each try is on a page; the machine boots and says so.
const MAC = '52:54:00:5e:c0:01';
const URL = 'http://192.168.122.10:4777';
const ATTACKER = { ip: '192.168.122.66', mac: '52:54:00:66:66:66' };
const ADMIN = 'a-token-of-this-test-alone';
const SECRETS = ['swordfish', 'OPENSSH PRIVATE KEY'];

const { lab, payload } = await labEquipment({
  commands: ['ip', 'dnsmasq', 'curl', ...DISK_NEEDS.commands],
  files: ['/dev/net/tun', ...DISK_NEEDS.files],
  root: true,
});

const DOCUMENT = `#cloud-config
hostname: {{node.name}}
password: {{vars.password}}
key: {{json ssh_host_keys.ed25519_private}}
`;

const PROFILE = {
  system: 'custom',
  kernel: 'custom/lab/vmlinuz',
  initrd: ['custom/lab/initramfs'],
  secrets: true,
  ssh_host_keys: true,
  cloud_config: 's',
  vars: { password: 'swordfish' },
  nodes: [{ name: 's1', mac: MAC }],
};

/** A host of its own on the LAN: nothing but an address and a network card. */
function plugIn(lan: Lan): { readonly run: (...words: string[]) => string } & Disposable {
  const ip = (...words: string[]): string => execFileSync('ip', words, { encoding: 'utf8' });
  const namespace = `${lan.server}-att`;
  try {
    ip('netns', 'del', namespace);
  } catch {
    // It was not left behind.
  }
  ip('netns', 'add', namespace);
  ip('-n', lan.gateway, 'link', 'add', 'att', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
  ip('-n', lan.gateway, 'link', 'set', 'att', 'master', 'br0', 'up');
  ip('-n', namespace, 'link', 'set', 'eth0', 'address', ATTACKER.mac, 'up');
  ip('-n', namespace, 'addr', 'add', `${ATTACKER.ip}/24`, 'dev', 'eth0');
  return {
    run: (...words) => execFileSync('ip', ['netns', 'exec', namespace, ...words], { encoding: 'utf8' }),
    [Symbol.dispose]() {
      ip('netns', 'del', namespace);
    },
  };
}

const MINE = `mac=${MAC.replaceAll(':', '-')}`;
const REPORTS = ['phone-home', 'installed'].map((route) => `/${route}/${MAC.replaceAll(':', '-')}`);

/** Everything that could hold something of the machine; `token`: one that was heard. */
function waysOut(token?: string): readonly string[] {
  const heard = token === undefined ? '' : `&token=${token}`;
  const folder = token === undefined ? '' : `${token}/`;
  return [
    ...[`/ipxe?${MINE}`, `/?${MINE}`, `/grub?${MINE}`, `/v1/boot/${MAC}`, '/?profile=s', '/profiles/s.json'],
    ...[`/cloud?${MINE}${heard}`, `/metadata?${MINE}${heard}`, `/configs/s.yml?${MINE}${heard}`],
    ...[`/configs/s.yml`, `/configs/s`, `/configs/s.yml.hbs`, `/configs/s.yml?mac=${ATTACKER.mac}${heard}`],
    `/nocloud/${MAC}/${folder}user-data`,
    `/install/${MAC}/${folder}cloud-config`,
    `/firmware/grub.cfg-01-${MAC.replaceAll(':', '-')}`,
  ];
}

type Host = ReturnType<typeof plugIn>;

/** Nothing of it may hold a secret, or a token that the attacker did not bring along. */
function attack(host: Host, token?: string): void {
  const curl = (...words: string[]): string => host.run('curl', '-s', '-m', '20', ...words);
  for (const path of waysOut(token)) {
    const answer = curl(`${URL}${path}`);
    for (const secret of [...SECRETS, 'plt-', MAC_KERNEL])
      expect([path, answer.includes(secret)]).toEqual([path, false]);
  }
  const get = (name: string): string => host.run('sh', '-c', `curl -s -m 20 tftp://192.168.122.10/${name} || true`);
  expect(get(`pxelinux.cfg/01-${MAC.replaceAll(':', '-')}`)).toBe('');
  // GRUB can show why: in its own words.
  const grub = get(`grub/grub.cfg-01-${MAC.replaceAll(':', '-')}`);
  expect(grub).toContain(`echo '192.168.122.66 is not ${MAC}: its neighbour entry says ${ATTACKER.mac}'`);
  for (const secret of [...SECRETS, 'plt-', MAC_KERNEL, '#!ipxe']) expect(grub).not.toContain(secret);
  for (const path of REPORTS) {
    const status = curl('-o', '/dev/null', '-w', '%{http_code}', '-X', 'POST', `${URL}${path}`);
    // A profile that installs nothing takes no such report from anyone.
    expect(['403', '409'], path).toContain(status);
  }
}

const MAC_KERNEL = 'images/custom/lab/vmlinuz';

/** As an operator on the server's host sees it. */
function api(lan: Lan, path: string): string {
  const header = `Authorization: Bearer ${ADMIN}`;
  return execFileSync('ip', ['netns', 'exec', lan.server, 'curl', '-s', '-H', header, `${URL}/api/v1${path}`], {
    encoding: 'utf8',
  });
}

async function serve(dataDir: string, lan: Lan): Promise<LabServer> {
  const netns = { name: lan.server, address: '192.168.122.10', port: 4777 };
  const env = { PILOTLIGHT_ADMIN_TOKEN: ADMIN, PILOTLIGHT_TFTP_LISTEN: '0.0.0.0:69' };
  const server = await startServer({ dataDir, netns, env });
  lan.run('dhcp', 'libvirt', '192.168.122.10', `${URL}/boot.ipxe`);
  return server;
}

/** The tries are on the machine's page and on Health; the log, the journal and the pages hold no token. */
async function toldAndClean(lan: Lan, server: LabServer): Promise<void> {
  const page = (): string => api(lan, `/machines/${MAC}`);
  await expect.poll(page, { timeout: 60_000 }).toContain(`${ATTACKER.ip} is not ${MAC}: its neighbour entry says`);
  expect(page()).toContain(`${ATTACKER.ip} reported that s1 is`);
  expect(api(lan, '/health')).toContain(`${ATTACKER.ip} is not ${MAC}: its neighbour entry says ${ATTACKER.mac}`);
  for (const text of [page(), api(lan, '/health'), server.log()]) expect(/plt-[\w-]{20}/.test(text)).toBe(false);
  // What a machine was sent is for operators to see; its host key and the log are not.
  for (const secret of SECRETS) expect(server.log()).not.toContain(secret);
}

lab.test('a machine that runs from memory: a host on its wire gets nothing of it, and it is up', async () => {
  using lan = setUpLan('secrets', 1);
  await using data = await makeDataFolder({
    'configs/s.yml.hbs': `${DOCUMENT}# e2e phone-home-url={{report.up_url}}\n`,
    'profiles/s.json': { ...PROFILE, kernel_args: ['console=ttyS0'] },
  });
  await data.publish(payload, 'custom/lab', { kernel: 'vmlinuz', initramfs: 'initramfs' });
  await using server = await serve(data.path, lan);
  using host = plugIn(lan);
  attack(host);
  let attacks = 0;
  const booted = bootMachine({ name: 'secrets-live', lan: { netns: lan.gateway, tap: 'tap0' }, mac: MAC });
  const over = booted.then(
    () => true,
    () => true,
  );
  do {
    attack(host);
    attacks += 1;
  } while (!(await Promise.race([over, pause(250).then(() => false)])));
  const run = await booted;
  expect(attacks).toBeGreaterThan(0);
  expect(run.text).toContain('E2E PHONE-HOME ok');
  const document = run.documents[0]?.bytes.toString() ?? '';
  for (const secret of SECRETS) expect(document).toContain(secret);
  const token = /plt-[\w-]{40}/.exec(run.cmdline ?? '')?.[0] ?? '';
  expect(token).not.toBe('');
  attack(host, token);
  await expect.poll(() => api(lan, `/machines/${MAC}`), { timeout: 60_000 }).toContain('"state":"up"');
  await toldAndClean(lan, server);
});

lab.test(
  'a machine that is installed: nothing of it leaves, its report counts, and it boots its own disk',
  async () => {
    using lan = setUpLan('secrets', 1);
    await using data = await makeDataFolder({
      'configs/s.yml.hbs': `${DOCUMENT}# e2e e2e.installed-url={{report.installed_url}}\n`,
      'profiles/s.json': {
        ...PROFILE,
        install: { disk: '/dev/vda' },
        kernel_args: ['console=ttyS0', 'e2e.disk=/dev/vda', `e2e.install=${URL}/images/custom/lab/disk.img.gz`],
      },
    });
    await data.publish(payload, 'custom/lab', { kernel: 'vmlinuz', initramfs: 'initramfs' });
    await place(await buildDisk(payload), join(data.path, 'images/custom/lab/disk.img.gz'));
    await using server = await serve(data.path, lan);
    using host = plugIn(lan);
    attack(host);
    const file = join(data.path, 'disk.img');
    const handle = openSync(file, 'w');
    ftruncateSync(handle, 64 * 2 ** 20);
    closeSync(handle);
    const qemu = [
      '-drive',
      `if=none,id=disk0,format=raw,file=${file}`,
      '-device',
      'virtio-blk-pci,drive=disk0,bootindex=2',
    ];
    const machine = { lan: { netns: lan.gateway, tap: 'tap0' }, mac: MAC, qemu };
    const fail = '^E2E BOOT-FAIL|Kernel panic|No bootable device';
    const installed = bootMachine({ ...machine, fail, name: 'secrets-install' });
    const over = installed.then(
      () => true,
      () => true,
    );
    // A machine that is back before its installer has begun would wait for an operator after a report that does not count.
    do host.run('curl', '-s', '-m', '20', `${URL}/ipxe?${MINE}`);
    while (!(await Promise.race([over, pause(250).then(() => false)])));
    const run = await installed;
    expect(run.text).toContain('E2E INSTALLED ok');
    attack(host, /plt-[\w-]{40}/.exec(run.cmdline ?? '')?.[0] ?? '');
    await expect.poll(() => api(lan, `/machines/${MAC}`), { timeout: 60_000 }).toContain('"state":"installed"');
    const second = await bootMachine({ ...machine, fail, name: 'secrets-installed' });
    expect(second.cmdline).toContain('e2e.from=disk');
    await toldAndClean(lan, server);
  },
);

lab.test(
  'the table of neighbours can be read where /proc shows processes alone, as below the unit that we ship',
  () => {
    const words = 'mount -t proc -o subset=pid proc /proc && ! ls /proc/meminfo 2>/dev/null && cat /proc/self/net/arp';
    expect(execFileSync('unshare', ['-m', 'sh', '-c', words], { encoding: 'utf8' })).toContain('HW address');
  },
);

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
