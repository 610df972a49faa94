import type { HostFiles } from '../files/system-error.ts';
import type { PortProbe, PortState } from '../net/addresses.ts';
import type { DhcpSettings, Settings } from '../settings/settings.ts';
import { diagnosticsAbout, type HostDiagnostic } from '../model/failure.ts';

/** Which ports this program may open. */
interface Rights {
  readonly bindService: boolean;
  /** Any user may open ports from here on. */
  readonly firstFreePort: number;
}

/** capabilities(7). */
const CAP_NET_BIND_SERVICE = 10n;

export async function rightsOf(proc: HostFiles): Promise<Rights> {
  const status = (await proc.read('/proc/self/status')) ?? '';
  const effective = /^CapEff:\s*([0-9a-f]{1,16})$/im.exec(status)?.[1] ?? '0';
  const start = (await proc.read('/proc/sys/net/ipv4/ip_unprivileged_port_start'))?.trim() ?? '';
  return {
    bindService: ((BigInt(`0x${effective}`) >> CAP_NET_BIND_SERVICE) & 1n) === 1n,
    firstFreePort: /^\d{1,5}$/.test(start) ? Number(start) : 1024,
  };
}

/** The program that has a port open. */
export interface Holder {
  readonly pid: number;
  readonly name: string;
}

const LISTENING = '0A';

/**
 * Who has the port, as far as /proc shows it: other people's programs only to root. proc(5): the local address is
 * hexadecimal `ADDRESS:PORT`, the tenth column the socket's inode, and /proc/PID/fd/N links to `socket:[INODE]`.
 */
export async function holderOf(proc: HostFiles, protocol: 'tcp' | 'udp', port: number): Promise<Holder | undefined> {
  const tables = await Promise.all(
    [protocol, `${protocol}6`].map(async (name) => await proc.read(`/proc/net/${name}`)),
  );
  const wanted = new Set(tables.flatMap((table) => inodes(table ?? '', protocol, port)).map((n) => `socket:[${n}]`));
  if (wanted.size === 0) return undefined;
  for (const pid of await proc.list('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    for (const fd of await proc.list(`/proc/${pid}/fd`)) {
      const link = await proc.link(`/proc/${pid}/fd/${fd}`);
      if (link === undefined || !wanted.has(link)) continue;
      const name = (await proc.read(`/proc/${pid}/comm`))?.trim();
      return { pid: Number(pid), name: name === undefined || name === '' ? '?' : name };
    }
  }
  return undefined;
}

function inodes(table: string, protocol: 'tcp' | 'udp', port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table.split('\n').flatMap((line) => {
    const columns = line.trim().split(/\s+/);
    const [local = '', state = '', inode = ''] = [columns[1], columns[3], columns[9]];
    const open = protocol === 'udp' || state === LISTENING;
    return local.endsWith(suffix) && open && /^[1-9]\d*$/.test(inode) ? [inode] : [];
  });
}

export interface PortProbes {
  probe(wanted: PortProbe): Promise<PortState>;
  holder(protocol: 'tcp' | 'udp', port: number): Promise<Holder | undefined>;
  rights(): Promise<Rights>;
}

interface Wanted extends PortProbe {
  readonly title: string;
  readonly setting: string;
  /** Machines have no other way, or it was asked for by name. */
  readonly required: boolean;
}

const say = diagnosticsAbout('ports');
const BOOT_SERVER_PORT = 4011;

/** Whether every port that the settings ask for can be opened, or is open already. */
export async function portDiagnostics(
  settings: Settings,
  probes: PortProbes,
  serves: boolean,
): Promise<readonly HostDiagnostic[]> {
  const server = serves ? await probes.holder('tcp', settings.http.port) : undefined;
  const diagnostics: HostDiagnostic[] = [];
  for (const wanted of wantedPorts(settings)) diagnostics.push(await lookAt(wanted, probes, serves, server));
  if (settings.tftp === undefined) diagnostics.push(say.ok('TFTP is off (PILOTLIGHT_TFTP_LISTEN)'));
  if (settings.dhcp === undefined) {
    const other = await probes.holder('udp', 67);
    const beside = other === undefined ? '' : `; UDP 67 is held by ${textOf(other)}`;
    diagnostics.push(say.ok(`DHCP is off (PILOTLIGHT_DHCP): your DHCP server must name this server${beside}`));
  }
  return diagnostics;
}

/** Whether DHCP is on for IPv4: a server may have networks of IPv6 alone. */
export function hasDhcpv4(dhcp: Settings['dhcp']): dhcp is DhcpSettings {
  return dhcp !== undefined && (dhcp.server === undefined || dhcp.server.pools.length > 0);
}

export function hasDhcpv6(dhcp: Settings['dhcp']): boolean {
  return (dhcp?.server?.networks6.length ?? 0) > 0;
}

function wantedPorts({ http, tftp, dhcp, syslog }: Settings): readonly Wanted[] {
  const wanted: Wanted[] = [];
  if (http.port !== 0) {
    const setting = 'PILOTLIGHT_HTTP_LISTEN';
    wanted.push({ title: 'HTTP', protocol: 'tcp', ...http, shared: false, setting, required: true });
  }
  if (tftp !== undefined) {
    const [setting, required] = ['PILOTLIGHT_TFTP_LISTEN', tftp.required];
    wanted.push({ title: 'TFTP', protocol: 'udp', ...tftp.listen, shared: false, setting, required });
  }
  if (hasDhcpv4(dhcp)) {
    const more = { protocol: 'udp', shared: true, setting: 'PILOTLIGHT_DHCP_LISTEN', required: true } as const;
    // As the DHCP server does: broadcasts at 67, and the boot server's port.
    const title = dhcp.server === undefined ? 'the DHCP proxy' : 'the DHCP server';
    wanted.push({ title, ...more, host: '255.255.255.255', port: dhcp.listen.port });
    wanted.push({ title, ...more, host: dhcp.listen.host, port: BOOT_SERVER_PORT });
  }
  if (hasDhcpv6(dhcp)) {
    const more = { protocol: 'udp', host: '::', port: 547, shared: false, required: true } as const;
    wanted.push({ title: 'DHCPv6', ...more, setting: 'PILOTLIGHT_DHCP_RANGE' });
  }
  if (syslog !== undefined && syslog.port !== 0) {
    const more = { title: 'syslog', ...syslog, shared: false, setting: 'PILOTLIGHT_SYSLOG', required: true };
    wanted.push({ protocol: 'udp', ...more }, { protocol: 'tcp', ...more });
  }
  return wanted;
}

async function lookAt(
  wanted: Wanted,
  probes: PortProbes,
  serves: boolean,
  server: Holder | undefined,
): Promise<HostDiagnostic> {
  const { title, protocol, host, port, setting } = wanted;
  const name = `${protocol.toUpperCase()} ${port} for ${title}`;
  switch (await probes.probe(wanted)) {
    case 'free':
      return say.ok(`${name} can be opened`);
    case 'no-address':
      return say.error(`${name}: no interface has the address ${host}`, `name an address of this host in ${setting}`);
    case 'denied':
      return denied(name, wanted, await probes.rights());
    case 'taken': {
      const holder = await probes.holder(protocol, port);
      if (holder !== undefined && holder.pid === server?.pid) return say.ok(`${name} is held by the running server`);
      if (holder === undefined && serves) {
        return say.warning(
          `${name} is taken, probably by the running server; only root can see by whom`,
          'run `pilotlight doctor` as root, or as the user that runs the server',
        );
      }
      const who = holder === undefined ? 'another program (only root can see which)' : textOf(holder);
      return say.error(`${name} is held by ${who}`, `stop that program, or set ${setting}`);
    }
  }
}

function denied(name: string, { port, required }: Wanted, rights: Rights): HostDiagnostic {
  const has = `this user may open ports from ${rights.firstFreePort} on`;
  const what = `${name} may not be opened: ${has}${rights.bindService ? '' : ', and has no CAP_NET_BIND_SERVICE'}`;
  const remedy =
    'as a service: AmbientCapabilities=CAP_NET_BIND_SERVICE (scripts/pilotlight.service has it); by hand: ' +
    `sudo, or sysctl net.ipv4.ip_unprivileged_port_start=${port}`;
  return required ? say.error(what, remedy) : say.warning(what, remedy);
}

function textOf({ name, pid }: Holder): string {
  return `${name} (pid ${pid})`;
}
