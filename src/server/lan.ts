import { randomInt } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import type { BootOffer, BootPrograms } from '../boot/boot-programs.ts';
import type { Catalog, Snapshot } from '../catalog/snapshot.ts';
import { askableNetworks, discoverOffers } from '../dhcp/discover.ts';
import type { Lease } from '../dhcp/lease-book.ts';
import { createLeaseServer, type LeaseServer } from '../dhcp/lease-server.ts';
import { type KnownMachines, knownMachines } from '../dhcp/reservations.ts';
import { createDhcp6Server, type Dhcp6Server } from '../dhcp/dhcpv6-server.ts';
import { createDhcpServer, DhcpCounters, type DhcpServer, type MachineEvent } from '../dhcp/server.ts';
import type { NetbootMachine } from '../dhcp/machine.ts';
import { kernelPackets } from '../dhcp/packet-transport.ts';
import type { DataRoot } from '../files/data-root.ts';
import type { ImageStore } from '../images/store.ts';
import { asFailure, type Diagnostic, failureLine } from '../model/failure.ts';
import type { NetworkFacts } from '../model/ipv4.ts';
import type { Mac } from '../model/machine.ts';
import { type Origin, originFromHost } from '../model/plan.ts';
import type { Log, Service } from '../model/service.ts';
import { createNeighbours } from '../net/neighbours.ts';
import { createUdpDrops, type Endpoint } from '../net/udp-socket.ts';
import type { Settings } from '../settings/settings.ts';
import { createTftpServer, type TftpServer } from '../tftp/server.ts';
import { createTransferThread } from '../tftp/thread.ts';
import { createTftpSource } from '../tftp/source.ts';
import type { TransferEvent } from '../tftp/transfer-event.ts';
import { createSyslogServer, type SyslogCounters } from '../syslog/server.ts';
import type { EventBus } from './events.ts';
import type { createLogRecorder } from './log-recorder.ts';

const BOOT_SERVER_PORT = 4011;

export interface LanOptions {
  readonly settings: Settings;
  readonly files: DataRoot;
  readonly catalog: Catalog;
  readonly imageStore: ImageStore;
  readonly bootPrograms: BootPrograms;
  readonly log: Log;
  readonly listeners: Pick<EventBus, 'transferred' | 'offered'>;
  readonly logRecorder: ReturnType<typeof createLogRecorder>;
  /** Known once HTTP listens. */
  readonly httpPort: () => number;
}

export interface Lan {
  /** In the order in which they start. */
  readonly services: readonly Service[];
  /** For the Health page. */
  diagnostics(): readonly Diagnostic[];
  /** What the DHCP proxy has seen; undefined when it is off. */
  readonly dhcp: DhcpCounters | undefined;
  /** The addresses that were given out; undefined where this server gives none. */
  /** The card to which it gave an address. */
  leasedTo(address: string): Mac | undefined;
  readonly leases: (() => readonly Lease[]) | undefined;
}

/** The servers of the LAN: TFTP, DHCP and syslog. */
export function openLan(options: LanOptions): Lan {
  const { settings, imageStore, bootPrograms, log, listeners, logRecorder, httpPort } = options;
  const origins = new Map<string, Origin>();
  const originAt = (server: string): Origin => {
    const key = `${server} ${httpPort()}`;
    const origin = settings.baseUrl ?? origins.get(key) ?? originOf(server, httpPort());
    // Every answer of DHCP asks; an address that comes and goes is one of few.
    origins.set(key, origin);
    return origin;
  };
  const services: Service[] = [];
  const { tftp, dhcp } = settings;
  let tftpServer: TftpServer | undefined;
  let dhcpServer: DhcpServer | undefined;
  let counters: DhcpCounters | undefined;
  let leaseServer: LeaseServer | undefined;
  let dhcp6Server: Dhcp6Server | undefined;
  if (tftp !== undefined) {
    const source = createTftpSource({ bootPrograms, imageStore, settings: tftp, originAt, log });
    const onEnd = (event: TransferEvent): void => {
      listeners.transferred(event);
    };
    tftpServer = createTftpServer(
      { ...tftp.listen, maxBlksize: tftp.maxBlksize, singlePort: tftp.singlePort, perAddress: tftp.perAddress },
      { source, onEnd, log, ...(settings.native !== false && { thread: createTransferThread(log) }) },
    );
    services.push(tftp.required ? tftpServer : optional(tftpServer, log));
  }
  if (dhcp !== undefined) {
    const choose = (machine: NetbootMachine, server: string): BootOffer =>
      machine.raspberryPi === undefined
        ? bootPrograms.offer(machine, originAt(server))
        : bootPrograms.offerPi(machine.raspberryPi);
    const onMachine = (event: MachineEvent): void => {
      listeners.offered(event);
    };
    const machines = knownNow(options.catalog);
    const proxy = { ...dhcp.listen, bootServerPort: BOOT_SERVER_PORT, relays: dhcp.relays.filter(isIPv4) };
    const drops = createUdpDrops([dhcp.listen.port, BOOT_SERVER_PORT]);
    const { server } = dhcp;
    const native = settings.native !== false && {
      native: async (everybody: Endpoint) => await kernelPackets(log, everybody),
    };
    if (server !== undefined && server.pools.length > 0) {
      const neighbours = createNeighbours(log);
      leaseServer = createLeaseServer(
        { ...proxy, ...server, network: ipv4Facts(server) },
        {
          ...{ choose, onMachine, log, drops, files: options.files, ...native },
          machines,
          macOf: (address) => neighbours.macOf(address),
          discover: async (at) => await discoverOffers(at, { xid: () => randomInt(1, 2 ** 32 - 1) }),
          networks: askableNetworks,
        },
      );
    }
    if (server === undefined) dhcpServer = createDhcpServer(proxy, { choose, onMachine, log, drops, ...native });
    else dhcpServer = leaseServer;
    counters = dhcpServer?.counters ?? new DhcpCounters();
    if (dhcpServer !== undefined) services.push(dhcpServer);
    if (server !== undefined && server.networks6.length > 0) {
      dhcp6Server = createDhcp6Server(
        { ...server, networks: server.networks6, relays: dhcp.relays.filter(isIPv6), facts: server },
        { ...{ choose, onMachine, log, machines, counters } },
      );
      services.push(dhcp6Server);
    }
  }
  // Asked for by name: a port that may not be bound stops the start.
  const syslogServer =
    settings.syslog &&
    createSyslogServer(settings.syslog, { log, hide: logRecorder.hide, onMessage: logRecorder.logged });
  if (syslogServer !== undefined) services.push(syslogServer);
  const silent = (): boolean => tftpServer !== undefined && tftpServer.listening().length === 0;
  return {
    services,
    diagnostics: () => [
      ...(silent() ? [tftpDiagnostic(settings)] : []),
      ...dhcpDiagnostics(counters),
      ...(leaseServer?.diagnostics() ?? []),
      ...(dhcp6Server?.diagnostics() ?? []),
      ...syslogDiagnostics(syslogServer?.counters),
    ],
    dhcp: counters,
    leases:
      leaseServer === undefined && dhcp6Server === undefined
        ? undefined
        : () => [...(leaseServer?.leases() ?? []), ...(dhcp6Server?.leases() ?? [])],
    leasedTo: (address) => leaseServer?.leasedTo(address),
  };
}

/** What DHCPv4 can say of what is set for both. */
function ipv4Facts(facts: NetworkFacts): NetworkFacts {
  const [nameServers, timeServers] = [facts.nameServers.filter(isIPv4), facts.timeServers.filter(isIPv4)];
  return { ...facts, nameServers, timeServers };
}

/** What the profiles in force say, made once for each version of them. */
function knownNow(catalog: Catalog): () => KnownMachines {
  let of: Snapshot | undefined;
  let known: KnownMachines | undefined;
  return () => {
    const snapshot = catalog.current();
    if (known === undefined || of !== snapshot) known = knownMachines(snapshot);
    of = snapshot;
    return known;
  };
}

function originOf(server: string, port: number): Origin {
  const host = server.includes(':') ? `[${server.split('%')[0] ?? server}]` : server;
  const origin = originFromHost(port === 80 ? host : `${host}:${port}`);
  if (origin === undefined) throw new TypeError(`not an address: ${server}`);
  return origin;
}

/** A server that is only the default: a port that may not be bound is a warning with the remedy, not the end. */
function optional(server: Service, log: Log): Service {
  return {
    name: server.name,
    async start() {
      try {
        await server.start();
      } catch (error) {
        log.warn(
          { problem: failureLine(asFailure(error)) },
          `no ${server.name} on this host: machines need another way to iPXE`,
        );
        await server.stop(AbortSignal.abort());
      }
    },
    async stop(force) {
      await server.stop(force);
    },
  };
}

function tftpDiagnostic({ tftp }: Settings): Diagnostic {
  return {
    severity: 'warning',
    message: `TFTP does not listen on port ${tftp?.listen.port ?? 69}`,
    remedy:
      'run it as root or with CAP_NET_BIND_SERVICE, or set PILOTLIGHT_TFTP_LISTEN to off; see `pilotlight doctor`',
  };
}

/** A room that got its power back is history an hour later. */
const NEWS_MS = 3_600_000;

/** Of the DHCP proxy. `now`: the clock of the counters. */
export function dhcpDiagnostics(
  counters: Pick<DhcpCounters, 'dropped' | 'droppedAt'> | undefined,
  now = performance.now(),
): readonly Diagnostic[] {
  if (counters?.droppedAt === undefined || now - counters.droppedAt > NEWS_MS) return [];
  return [
    {
      severity: 'warning',
      message: `DHCP requests came faster than they were read: ${counters.dropped} were lost since the start`,
      remedy:
        'machines ask again by themselves; for a larger buffer set net.core.rmem_max=4194304 with sysctl and restart the server',
    },
  ];
}

/** Of the syslog receiver. `now`: the clock of the counters. */
export function syslogDiagnostics(
  counters: Omit<SyslogCounters, 'taken'> | undefined,
  now = performance.now(),
): readonly Diagnostic[] {
  if (counters === undefined) return [];
  const {
    dropped,
    droppedAt = -Infinity,
    droppedFrom = 'an unknown address',
    refused,
    refusedAt = -Infinity,
  } = counters;
  const found: Diagnostic[] = [];
  if (now - droppedAt <= NEWS_MS) {
    found.push({
      severity: 'warning',
      message: `log lines came faster than they are taken: ${dropped} were lost since the start, the last from ${droppedFrom}`,
      remedy: 'look at what logs so much there; a machine may say a thousand lines in a second',
    });
  }
  if (now - refusedAt <= NEWS_MS) {
    found.push({
      severity: 'warning',
      message: `more log connections came than there is room for: ${refused} were closed since the start`,
      remedy: 'see what has them open: `ss -tn` on this host; machines that log over UDP need none',
    });
  }
  return found;
}
