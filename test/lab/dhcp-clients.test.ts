import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect } from 'vitest';
import { makeDataFolder, type DataFolder } from '../support/lab-data.ts';
import { labEquipment } from '../support/lab-equipment.ts';
import { startServer, type LabServer } from '../support/lab-server.ts';
import { until } from '../support/tftp-server.ts';

// Clients that others wrote take their addresses from the built server: a network of its own, and one behind a relay.
const run = promisify(execFile);
const TAG = `dc${process.pid.toString(36)}`;
const [SERVER, CLIENT, RELAY, FAR] = ['s', 'c', 'r', 'f'].map((end) => `${TAG}${end}`) as [
  string,
  string,
  string,
  string,
];

const NETWORKD = '/lib/systemd/systemd-networkd';

const { lab } = await labEquipment({
  commands: ['ip', 'busybox', 'dhclient', 'dhcrelay', 'dnsmasq', 'perfdhcp', 'unshare'],
  files: [NETWORKD],
  root: true,
});

const ip = (...args: readonly string[]): void => {
  execFileSync('ip', args);
};
const inside = (netns: string, ...command: readonly string[]): readonly string[] => [
  'netns',
  'exec',
  netns,
  ...command,
];

const MAC = '02:aa:00:00:00:01';

/** A cable between two hosts, each with an address or none. */
function cable(name: string, ends: readonly (readonly [string, string | undefined])[]): void {
  const [a, b] = ends.map(([netns], i) => [`${name}${i}`, 'netns', netns]) as [string[], string[]];
  ip('link', 'add', ...a, 'type', 'veth', 'peer', 'name', ...b);
  // Before it is up: the link-local address is made of it.
  if (name === 'near') ip('-n', CLIENT, 'link', 'set', 'near1', 'address', MAC);
  for (const [i, [netns, address]] of ends.entries()) {
    if (address !== undefined) ip('-n', netns, 'addr', 'add', address, 'dev', `${name}${i}`);
    ip('-n', netns, 'link', 'set', `${name}${i}`, 'up');
  }
}

/** Prints what udhcpc tells its script. */
const SCRIPT = '#!/bin/sh\n[ "$1" = bound ] && env\nexit 0\n';

/** Both families, its address by DHCPv6 even where the router does not say so. */
const NETWORK = `[Match]
Name=near1
[Network]
DHCP=yes
[IPv6AcceptRA]
DHCPv6Client=always
`;

/** A /run of its own; without udev, which it takes a /sys that cannot be written as a sign of. */
const START_NETWORKD = 'mount --bind "$1" /run && mount -o remount,ro /sys && exec "$2"';

lab.describe('real DHCP clients', () => {
  let data: DataFolder;
  let server: LabServer;
  let dir: string;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'pilotlight-dhcp-'));
    writeFileSync(join(dir, 'script'), SCRIPT, { mode: 0o755 });
    for (const netns of [SERVER, CLIENT, RELAY, FAR]) {
      ip('netns', 'add', netns);
      ip('-n', netns, 'link', 'set', 'lo', 'up');
    }
    cable('near', [
      [SERVER, '10.77.0.1/16'],
      [CLIENT, undefined],
    ]);
    ip('-n', SERVER, 'addr', 'add', 'fd00:77::1/64', 'dev', 'near0', 'nodad');
    cable('mid', [
      [SERVER, '10.78.0.1/24'],
      [RELAY, '10.78.0.2/24'],
    ]);
    cable('far', [
      [RELAY, '10.79.0.1/24'],
      [FAR, undefined],
    ]);
    ip('-n', SERVER, 'route', 'add', '10.79.0.0/24', 'via', '10.78.0.2');
    data = await makeDataFolder({
      'profiles/a.json': {
        system: 'custom',
        kernel: 'custom/linux/vmlinuz',
        nodes: [{ name: 'n-one', mac: MAC, ip: '10.77.0.9' }],
      },
    });
    server = await startServer({
      dataDir: data.path,
      netns: { name: SERVER, address: '10.77.0.1', port: 4777 },
      env: {
        PILOTLIGHT_TFTP_LISTEN: 'off',
        PILOTLIGHT_DHCP: 'server',
        PILOTLIGHT_DHCP_RANGE: '10.77.10.0-10.77.60.0,10.79.0.10-10.79.0.99/24,fd00:77::/64',
        PILOTLIGHT_DHCP_RELAYS: '10.79.0.1,10.77.0.2',
        PILOTLIGHT_DHCP_ROUTERS: '10.77.0.1',
        PILOTLIGHT_DHCP_DNS: '10.77.0.53,fd00:77::53',
        PILOTLIGHT_DHCP_DOMAIN: 'lab.example',
        PILOTLIGHT_DHCP_SEARCH: 'lab.example,example.org',
        PILOTLIGHT_DHCP_ROUTES: '10.99.0.0/16=10.77.0.5',
      },
    });
    await until(() => server.log().includes('pilotlight serves'));
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await data[Symbol.asyncDispose]();
    for (const netns of [SERVER, CLIENT, RELAY, FAR]) ip('netns', 'del', netns);
    rmSync(dir, { recursive: true });
  });

  const udhcpc = async (netns: string, device: string): Promise<string> => {
    const options = ['-n', '-q', '-f', '-t', '20', '-O', 'search', '-O', 'staticroutes', '-s', join(dir, 'script')];
    const { stdout } = await run('ip', inside(netns, 'busybox', 'udhcpc', '-i', device, ...options));
    return stdout;
  };

  lab.test('udhcpc takes the address, the name, the domains and the routes of its node', async () => {
    const told = await udhcpc(CLIENT, 'near1');
    for (const line of [
      'ip=10.77.0.9',
      'subnet=255.255.0.0',
      'router=10.77.0.1',
      'hostname=n-one',
      'search=lab.example example.org',
      'staticroutes=10.99.0.0/16 10.77.0.5 0.0.0.0/0 10.77.0.1',
    ]) {
      expect(told.split('\n')).toContain(line);
    }
  });

  /** A program that runs as long as `work` does. */
  const beside = async <T>(netns: string, command: readonly string[], work: () => Promise<T>): Promise<T> => {
    const child = spawn('ip', inside(netns, ...command), { stdio: 'ignore' });
    const over = new Promise((resolve) => child.once('close', resolve));
    try {
      return await work();
    } finally {
      child.kill();
      await over;
    }
  };

  const dhclient = async (family: '-4' | '-6', complete: RegExp): Promise<string> => {
    const leases = join(dir, `leases${family}`);
    writeFileSync(leases, '');
    const files = ['-lf', leases, '-pf', join(dir, 'pid'), '-cf', '/dev/null', '-sf', '/bin/true'];
    // In the foreground (-d): it is stopped when its lease is written.
    await beside(CLIENT, ['dhclient', family, '-1', '-d', ...files, 'near1'], async () => {
      await until(() => complete.test(readFileSync(leases, 'utf8')));
    });
    return readFileSync(leases, 'utf8');
  };

  lab.test('dhclient takes it, too', async () => {
    const told = await dhclient('-4', /\}/);
    expect(told).toMatch(/fixed-address 10\.77\.0\.9;[^}]*option host-name "n-one";/);
  });

  lab.test('dhclient -6 takes the address that is made of its card, the name server and the domains', async () => {
    const told = await dhclient('-6', /^\}/m);
    expect(told).toMatch(/iaaddr fd00:77::2aa:0:1 \{[^}]*max-life 3600;/);
    expect(told).toContain('option dhcp6.name-servers fd00:77::53;');
    expect(told).toContain('option dhcp6.domain-search "lab.example.", "example.org.";');
  });

  lab.test('systemd-networkd takes both, beside a router that dnsmasq advertises on the same host', async () => {
    const own = join(dir, 'run');
    for (const folder of ['network', 'netif/leases', 'netif/links']) {
      mkdirSync(join(own, 'systemd', folder), { recursive: true });
    }
    execFileSync('chown', ['-R', 'systemd-network', own]);
    writeFileSync(join(own, 'systemd/network/near.network'), NETWORK);
    const bare = ['--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--user=root', '--pid-file=', '--port=0'];
    const ra = ['--bind-interfaces', '--interface=near0', '--enable-ra', '--dhcp-range=fd00:77::,ra-only,64,1h'];
    const router = ['dnsmasq', '--keep-in-foreground', `--dhcp-leasefile=${join(dir, 'dnsmasq')}`, ...bare, ...ra];
    const show = (...words: readonly string[]): string =>
      execFileSync('ip', ['-n', CLIENT, ...words, 'dev', 'near1'], { encoding: 'utf8' });
    const addresses = (): string => show('addr', 'show');
    const has = (): boolean =>
      /inet 10\.77\.0\.9\/16/.test(addresses()) &&
      /inet6 fd00:77::2aa:0:1\/128 scope global (?!tentative)/.test(addresses()) &&
      /^default via fe80:/m.test(show('-6', 'route', 'show'));
    const leases = join(own, 'systemd/netif/leases');
    let lease = '';
    const start = ['unshare', '-m', 'sh', '-c', START_NETWORKD, 'sh', own, NETWORKD];
    await beside(SERVER, router, async () => {
      await beside(CLIENT, start, async () => {
        while (!has()) await wait(250);
        lease = readdirSync(leases)
          .map((name) => readFileSync(join(leases, name), 'utf8'))
          .join('');
      });
    });
    for (const line of [
      'ADDRESS=10.77.0.9',
      'SERVER_ADDRESS=10.77.0.1',
      'DNS=10.77.0.53',
      'HOSTNAME=n-one',
      'DOMAINNAME=lab.example',
    ]) {
      expect(lease.split('\n')).toContain(line);
    }
  });

  lab.test('a machine behind dhcrelay gets an address of its network, and the relay as its router', async () => {
    const args = ['-4', '-d', '-a', '-id', 'far0', '-iu', 'mid1', '10.78.0.1'];
    await beside(RELAY, ['dhcrelay', ...args], async () => {
      expect((await udhcpc(FAR, 'far1')).split('\n')).toEqual(
        expect.arrayContaining(['ip=10.79.0.10', 'router=10.79.0.1', 'subnet=255.255.255.0']),
      );
    });
  });

  const perfdhcp = async (...args: readonly string[]): Promise<string> => {
    // It gives 3 where an answer is missing; what it counted is printed all the same.
    const { stdout } = await run('ip', inside(CLIENT, 'perfdhcp', '-d', '5', '-u', ...args)).catch(
      (error: unknown) => error as { stdout: string },
    );
    return stdout;
  };

  lab.test('perfdhcp gets every exchange of 200 machines, and no address twice', async () => {
    ip('-n', CLIENT, 'addr', 'add', '10.77.0.2/16', 'dev', 'near1');
    const stdout = await perfdhcp('-4', '-R', '200', '-n', '200', '-r', '50', '-l', 'near1', '10.77.0.1');
    expect(stdout).toMatch(/REQUEST-ACK[^]*non unique addresses: 0/);
    expect(stdout).not.toMatch(/(?:Malformed packets|rejected leases|orphans|non unique addresses): [1-9]/);
    // A busy machine may be late for some of them.
    expect(Number(/REQUEST-ACK[^]*received packets: (\d+)/.exec(stdout)?.[1])).toBeGreaterThan(100);
  });

  lab.test('perfdhcp -6 gets an address for each of its identifiers', async () => {
    // A link-local address that is made of no card: the identifier (DUID) alone tells its machines apart.
    ip('-n', CLIENT, '-6', 'addr', 'flush', 'dev', 'near1');
    ip('-n', CLIENT, 'addr', 'add', 'fe80::50/64', 'dev', 'near1', 'nodad');
    // An address that asks more than 20 times a second is held back.
    const stdout = await perfdhcp('-6', '-R', '30', '-n', '30', '-r', '5', '-l', 'near1', 'all');
    expect(stdout).not.toMatch(/(?:Malformed packets|rejected leases|orphans|non unique addresses): [1-9]/);
    expect(Number(/REQUEST-REPLY[^]*received packets: (\d+)/.exec(stdout)?.[1])).toBeGreaterThan(10);
  });
});
