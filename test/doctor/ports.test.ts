import { describe, expect, it } from 'vitest';
import type { Holder } from '../../src/doctor/holders.ts';
import { portFindings, type PortProbes } from '../../src/doctor/ports.ts';
import type { PortProbe, PortState } from '../../src/net/port-probe.ts';
import type { Settings } from '../../src/settings/settings.ts';
import { settingsFor } from '../support/house.ts';

const TFTP = {
  listen: { host: '0.0.0.0', port: 69 },
  required: false,
  smartNbp: true,
  singlePort: false,
  maxBlksize: 1468,
  perAddress: 16,
  images: false,
};
const DHCP = { listen: { host: '0.0.0.0', port: 67 }, relays: [], localBoot: 'silent' } as const;
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
  const findings = await portFindings(settingsFor('/nowhere', more), probes, serves);
  return { findings, asked };
}

describe('ports', () => {
  it('are looked at as the doors open them', async () => {
    const { findings, asked } = await look(ALL);
    expect(asked.map(({ protocol, host, port, shared }) => [protocol, host, port, shared])).toEqual([
      ['tcp', '0.0.0.0', 4777, false],
      ['udp', '0.0.0.0', 69, false],
      ['udp', '255.255.255.255', 67, true],
      ['udp', '0.0.0.0', 4011, true],
    ]);
    expect(findings.map(({ level, what }) => `${level} ${what}`)).toEqual([
      'ok TCP 4777 for HTTP can be opened',
      'ok UDP 69 for TFTP can be opened',
      'ok UDP 67 for the DHCP proxy can be opened',
      'ok UDP 4011 for the DHCP proxy can be opened',
    ]);
  });

  it('that are off are not looked at; who holds 67 is said', async () => {
    const { findings, asked } = await look({}, { holders: { 67: { pid: 7, name: 'dnsmasq' } } });
    expect(asked).toEqual([]); // HTTP's port 0 is any free one
    expect(findings.map(({ what }) => what)).toEqual([
      'TFTP is off (PILOTLIGHT_TFTP_LISTEN)',
      'the DHCP proxy is off (PILOTLIGHT_DHCP): your DHCP server must name this server; UDP 67 is held by dnsmasq (pid 7)',
    ]);
  });

  it('that may not be opened are a warning as a default, and a problem when they were asked for', async () => {
    const states = { 69: 'denied' } as const;
    const [, byDefault] = (await look(ALL, { states })).findings;
    const [, asked] = (await look({ ...ALL, tftp: { ...TFTP, required: true } }, { states })).findings;
    expect([byDefault?.level, asked?.level]).toEqual(['warning', 'problem']);
    expect(asked?.what).toContain('may open ports from 1024 on, and has no CAP_NET_BIND_SERVICE');
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
    const { findings } = await look(ALL, world);
    expect(findings.slice(0, 2).map(({ level, what }) => [level, what])).toEqual([
      ['ok', 'TCP 4777 for HTTP is held by the running server'],
      ['ok', 'UDP 69 for TFTP is held by the running server'],
    ]);
  });

  it('that another program holds are a problem that names it', async () => {
    const states = { 69: 'taken' } as const;
    const named = await look(ALL, { states, holders: { 69: { pid: 9, name: 'in.tftpd' } } });
    expect(named.findings[1]).toMatchObject({
      level: 'problem',
      what: 'UDP 69 for TFTP is held by in.tftpd (pid 9)',
      remedy: 'stop that program, or set PILOTLIGHT_TFTP_LISTEN',
    });
    const beside = { 4777: { pid: 8, name: 'node' }, 69: { pid: 9, name: 'in.tftpd' } };
    expect((await look(ALL, { states, holders: beside, serves: true })).findings[1]?.level).toBe('problem');
    expect((await look(ALL, { states })).findings[1]?.what).toContain('only root can see which');
  });

  it('that somebody holds whom we may not see are probably the server’s, if one runs', async () => {
    const { findings } = await look(ALL, { states: { 4777: 'taken' }, serves: true });
    expect(findings[0]).toMatchObject({ level: 'warning', remedy: expect.stringContaining('as root') as string });
  });

  it('of an address that is not here are a problem', async () => {
    const http = { host: '10.9.9.9', port: 4777 };
    const { findings } = await look({ ...ALL, http }, { states: { 4777: 'no-address' } });
    expect(findings[0]?.what).toBe('TCP 4777 for HTTP: no interface has the address 10.9.9.9');
    expect(findings[0]?.level).toBe('problem');
  });
});
