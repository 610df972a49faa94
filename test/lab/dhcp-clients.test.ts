import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

const { lab } = await labEquipment({
  commands: ['ip', 'busybox', 'dhclient', 'dhcrelay', 'perfdhcp'],
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

/** A cable between two hosts, each with an address or none. */
function cable(name: string, ends: readonly (readonly [string, string | undefined])[]): void {
  const [a, b] = ends.map(([netns], i) => [`${name}${i}`, 'netns', netns]) as [string[], string[]];
  ip('link', 'add', ...a, 'type', 'veth', 'peer', 'name', ...b);
  for (const [i, [netns, address]] of ends.entries()) {
    if (address !== undefined) ip('-n', netns, 'addr', 'add', address, 'dev', `${name}${i}`);
    ip('-n', netns, 'link', 'set', `${name}${i}`, 'up');
  }
}

/** Prints what udhcpc tells its script. */
const SCRIPT = '#!/bin/sh\n[ "$1" = bound ] && env\nexit 0\n';

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
    cable('mid', [
      [SERVER, '10.78.0.1/24'],
      [RELAY, '10.78.0.2/24'],
    ]);
    cable('far', [
      [RELAY, '10.79.0.1/24'],
      [FAR, undefined],
    ]);
    ip('-n', CLIENT, 'link', 'set', 'near1', 'address', '02:aa:00:00:00:01');
    ip('-n', SERVER, 'route', 'add', '10.79.0.0/24', 'via', '10.78.0.2');
    data = await makeDataFolder({
      'profiles/a.json': {
        system: 'custom',
        kernel: 'custom/linux/vmlinuz',
        nodes: [{ name: 'n-one', mac: '02:aa:00:00:00:01', ip: '10.77.0.9' }],
      },
    });
    server = await startServer({
      dataDir: data.path,
      netns: { name: SERVER, address: '10.77.0.1', port: 4777 },
      env: {
        PILOTLIGHT_TFTP_LISTEN: 'off',
        PILOTLIGHT_DHCP: 'server',
        PILOTLIGHT_DHCP_RANGE: '10.77.10.0-10.77.60.0,10.79.0.10-10.79.0.99/24',
        PILOTLIGHT_DHCP_RELAYS: '10.79.0.1,10.77.0.2',
        PILOTLIGHT_DHCP_ROUTERS: '10.77.0.1',
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

  lab.test('dhclient takes it, too', async () => {
    const leases = join(dir, 'leases');
    writeFileSync(leases, '');
    const files = ['-lf', leases, '-pf', join(dir, 'pid'), '-cf', '/dev/null', '-sf', '/bin/true'];
    // In the foreground (-d): it is stopped when its lease is written.
    const child = spawn('ip', inside(CLIENT, 'dhclient', '-1', '-d', ...files, 'near1'), { stdio: 'ignore' });
    const over = new Promise((resolve) => child.once('close', resolve));
    await until(() => readFileSync(leases, 'utf8').includes('}'));
    child.kill();
    await over;
    expect(readFileSync(leases, 'utf8')).toMatch(/fixed-address 10\.77\.0\.9;[^}]*option host-name "n-one";/);
  });

  lab.test('a machine behind dhcrelay gets an address of its network, and the relay as its router', async () => {
    const args = ['-4', '-d', '-a', '-id', 'far0', '-iu', 'mid1', '10.78.0.1'];
    const relay = spawn('ip', inside(RELAY, 'dhcrelay', ...args), { stdio: 'ignore' });
    const over = new Promise((resolve) => relay.once('close', resolve));
    try {
      expect((await udhcpc(FAR, 'far1')).split('\n')).toEqual(
        expect.arrayContaining(['ip=10.79.0.10', 'router=10.79.0.1', 'subnet=255.255.255.0']),
      );
    } finally {
      relay.kill();
      await over;
    }
  });

  lab.test('perfdhcp gets every exchange of 200 machines, and no address twice', async () => {
    ip('-n', CLIENT, 'addr', 'add', '10.77.0.2/16', 'dev', 'near1');
    // It gives 3 where an answer is missing; what it counted is printed all the same.
    const args = ['-4', '-R', '200', '-n', '200', '-r', '50', '-d', '5', '-u', '-l', 'near1', '10.77.0.1'];
    const { stdout } = await run('ip', inside(CLIENT, 'perfdhcp', ...args)).catch(
      (error: unknown) => error as { stdout: string },
    );
    expect(stdout).toMatch(/REQUEST-ACK[^]*non unique addresses: 0/);
    expect(stdout).not.toMatch(/(?:Malformed packets|rejected leases|orphans|non unique addresses): [1-9]/);
    // A busy machine may be late for some of them.
    expect(Number(/REQUEST-ACK[^]*received packets: (\d+)/.exec(stdout)?.[1])).toBeGreaterThan(100);
  });
});
