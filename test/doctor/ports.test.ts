import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type Holder, holderOf, portDiagnostics, type PortProbes, rightsOf } from '../../src/doctor/ports.ts';
import { HOST_FILES, type HostFiles } from '../../src/files/system-error.ts';
import type { PortProbe, PortState } from '../../src/net/addresses.ts';
import type { Settings } from '../../src/settings/settings.ts';
import { NO_FACTS } from '../support/dhcp-leases.ts';
import { settingsFor } from '../support/app-context.ts';

const rights = async (status: string | undefined, start?: string) =>
  await rightsOf({
    read: async (path) => (path === '/proc/self/status' ? status : start),
    list: async () => [],
    link: async () => undefined,
  });

it.each([
  ['root', 'Name:\tnode\nCapInh:\t0000000000000000\nCapEff:\t000001ffffffffff\n', true],
  ['a service with the ambient capability', 'CapEff:\t0000000000000400\n', true],
  ['a user', 'CapPrm:\t0000000000000400\nCapEff:\t0000000000000000\n', false],
  ['a neighbour bit', 'CapEff:\t0000000000000a00\n', false],
  ['no /proc', undefined, false],
])('%s', async (_who, status, bindService) => {
  expect((await rights(status)).bindService).toBe(bindService);
});

it.each([
  ['80\n', 80],
  ['0\n', 0],
  [undefined, 1024],
  ['x', 1024],
])('ports from %j on are everybody’s: %d', async (text, firstFreePort) => {
  expect((await rights(undefined, text)).firstFreePort).toBe(firstFreePort);
});

const HEAD = '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref\n';
const line = (local: string, state: string, inode: string): string =>
  `  73: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 2 0000 0\n`;

/** A host as /proc would show it. */
function proc(files: Readonly<Record<string, string>>, links: Readonly<Record<string, string>> = {}): HostFiles {
  const paths = [...Object.keys(files), ...Object.keys(links)];
  return {
    read: async (path) => files[path],
    list: async (path) => [
      ...new Set(
        paths.filter((one) => one.startsWith(`${path}/`)).map((one) => one.slice(path.length + 1).split('/')[0] ?? ''),
      ),
    ],
    link: async (path) => links[path],
  };
}

describe('who holds a port', () => {
  const host = proc(
    {
      '/proc/net/udp': HEAD + line('0100007F:0045', '07', '11') + line('00000000:0043', '07', '12'),
      '/proc/net/udp6': HEAD + line('00000000000000000000000000000000:0FAB', '07', '13'),
      '/proc/net/tcp': HEAD + line('00000000:12A9', '0A', '14') + line('00000000:12AA', '01', '15'),
      '/proc/7/comm': 'dnsmasq\n',
      '/proc/8/comm': 'node\n',
      '/proc/version': 'x',
    },
    {
      '/proc/7/fd/3': '/dev/null',
      '/proc/7/fd/4': 'socket:[12]',
      '/proc/8/fd/9': 'socket:[14]',
      '/proc/8/fd/10': 'socket:[13]',
      '/proc/8/fd/11': 'socket:[15]',
    },
  );

  it.each([
    ['udp', 67, { pid: 7, name: 'dnsmasq' }],
    ['udp', 4011, { pid: 8, name: 'node' }],
    ['tcp', 4777, { pid: 8, name: 'node' }],
    ['tcp', 4778, undefined], // a connection, no listener
    ['tcp', 67, undefined],
    ['udp', 69, undefined], // its program is not ours to see
    ['udp', 70, undefined],
  ] as const)('%s %d: %j', async (protocol, port, holder) => {
    expect(await holderOf(host, protocol, port)).toEqual(holder);
  });

  it('is nobody where /proc shows nothing', async () => {
    expect(await holderOf(proc({}), 'udp', 67)).toBeUndefined();
  });

  it('is this process for its own socket', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    expect(await holderOf(HOST_FILES, 'udp', socket.address().port)).toMatchObject({ pid: process.pid });
    socket.close();
    await once(socket, 'close');
  });
});

const TFTP = {
  listen: { host: '0.0.0.0', port: 69 },
  required: false,
  smartNbp: true,
  singlePort: false,
  maxBlksize: 1468,
  perAddress: 16,
  images: false,
};
const DHCP = { listen: { host: '0.0.0.0', port: 67 }, relays: [], localBoot: 'silent', server: undefined } as const;
const ALL: Partial<Settings> = { http: { host: '0.0.0.0', port: 4777 }, tftp: TFTP, dhcp: DHCP };

interface World {
  readonly states?: Readonly<Record<number, PortState>>;
  readonly holders?: Readonly<Record<number, Holder>>;
  readonly serves?: boolean;
}

async function look(more: Partial<Settings>, { states = {}, holders = {}, serves = false }: World = {}) {
  const asked: PortProbe[] = [];
  const probes: PortProbes = {
    probe: async (wanted) => {
      asked.push(wanted);
      return states[wanted.port] ?? 'free';
    },
    holder: async (_protocol, port) => holders[port],
    rights: async () => ({ bindService: false, firstFreePort: 1024 }),
  };
  const diagnostics = await portDiagnostics(settingsFor('/nowhere', more), probes, serves);
  return { diagnostics, asked };
}

describe('ports', () => {
  it('are looked at as the servers open them', async () => {
    const { diagnostics, asked } = await look(ALL);
    expect(asked.map(({ protocol, host, port, shared }) => [protocol, host, port, shared])).toEqual([
      ['tcp', '0.0.0.0', 4777, false],
      ['udp', '0.0.0.0', 69, false],
      ['udp', '255.255.255.255', 67, true],
      ['udp', '0.0.0.0', 4011, true],
    ]);
    expect(diagnostics.map(({ severity, message }) => `${severity} ${message}`)).toEqual([
      'ok TCP 4777 for HTTP can be opened',
      'ok UDP 69 for TFTP can be opened',
      'ok UDP 67 for the DHCP proxy can be opened',
      'ok UDP 4011 for the DHCP proxy can be opened',
    ]);
  });

  it('of DHCPv6 is one, and without ranges of IPv4 it is the only one of DHCP', async () => {
    const networks6 = [{ text: 'fd00::/64', prefix: Buffer.from('fd00000000000000', 'hex') }];
    const server = {
      ...NO_FACTS,
      networks6,
      pools: [],
      leaseSeconds: 60,
      authoritative: true,
      probe: true,
      besideOthers: false,
    };
    const { asked } = await look({ dhcp: { ...DHCP, server } });
    expect(asked.map(({ protocol, host, port, shared }) => [protocol, host, port, shared])).toEqual([
      ['udp', '::', 547, false],
    ]);
  });

  it('of syslog are two', async () => {
    const { asked, diagnostics } = await look({ syslog: { host: '10.0.0.1', port: 514 } });
    expect(asked.map(({ protocol, host, port }) => [protocol, host, port])).toEqual([
      ['udp', '10.0.0.1', 514],
      ['tcp', '10.0.0.1', 514],
    ]);
    expect(diagnostics[0]).toMatchObject({ severity: 'ok', message: 'UDP 514 for syslog can be opened' });
  });

  it('that are off are not looked at; who holds 67 is said', async () => {
    const { diagnostics, asked } = await look({}, { holders: { 67: { pid: 7, name: 'dnsmasq' } } });
    expect(asked).toEqual([]); // HTTP's port 0 is any free one
    expect(diagnostics.map(({ message }) => message)).toEqual([
      'TFTP is off (PILOTLIGHT_TFTP_LISTEN)',
      'DHCP is off (PILOTLIGHT_DHCP): your DHCP server must name this server; UDP 67 is held by dnsmasq (pid 7)',
    ]);
  });

  it('that may not be opened are a warning as a default, and a problem when they were asked for', async () => {
    const states = { 69: 'denied' } as const;
    const [, byDefault] = (await look(ALL, { states })).diagnostics;
    const [, asked] = (await look({ ...ALL, tftp: { ...TFTP, required: true } }, { states })).diagnostics;
    expect([byDefault?.severity, asked?.severity]).toEqual(['warning', 'error']);
    expect(asked?.message).toContain('may open ports from 1024 on, and has no CAP_NET_BIND_SERVICE');
    expect(asked?.remedy).toContain('AmbientCapabilities=CAP_NET_BIND_SERVICE');
    expect(asked?.remedy).toContain('ip_unprivileged_port_start=69');
  });

  it('that the running server holds are fine', async () => {
    const server = { pid: 8, name: 'node' };
    const world = {
      states: { 4777: 'taken', 69: 'taken' },
      holders: { 4777: server, 69: server },
      serves: true,
    } as const;
    const { diagnostics } = await look(ALL, world);
    expect(diagnostics.slice(0, 2).map(({ severity, message }) => [severity, message])).toEqual([
      ['ok', 'TCP 4777 for HTTP is held by the running server'],
      ['ok', 'UDP 69 for TFTP is held by the running server'],
    ]);
  });

  it('that another program holds are a problem that names it', async () => {
    const states = { 69: 'taken' } as const;
    const named = await look(ALL, { states, holders: { 69: { pid: 9, name: 'in.tftpd' } } });
    expect(named.diagnostics[1]).toMatchObject({
      severity: 'error',
      message: 'UDP 69 for TFTP is held by in.tftpd (pid 9)',
      remedy: 'stop that program, or set PILOTLIGHT_TFTP_LISTEN',
    });
    const beside = { 4777: { pid: 8, name: 'node' }, 69: { pid: 9, name: 'in.tftpd' } };
    expect((await look(ALL, { states, holders: beside, serves: true })).diagnostics[1]?.severity).toBe('error');
    expect((await look(ALL, { states })).diagnostics[1]?.message).toContain('only root can see which');
  });

  it('that somebody holds whom we may not see are probably the server’s, if one runs', async () => {
    const { diagnostics } = await look(ALL, { states: { 4777: 'taken' }, serves: true });
    expect(diagnostics[0]).toMatchObject({ severity: 'warning', remedy: expect.stringContaining('as root') as string });
  });

  it('of an address that is not here are a problem', async () => {
    const http = { host: '10.9.9.9', port: 4777 };
    const { diagnostics } = await look({ ...ALL, http }, { states: { 4777: 'no-address' } });
    expect(diagnostics[0]?.message).toBe('TCP 4777 for HTTP: no interface has the address 10.9.9.9');
    expect(diagnostics[0]?.severity).toBe('error');
  });
});
