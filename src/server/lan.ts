import type { Trouble } from '../admin/service/deps.ts';
import type { BootService } from '../boot/boot-service.ts';
import type { AppContext } from '../context/app-context.ts';
import { createDhcpServer, type DhcpCounters, type DhcpServer, type MachineEvent } from '../dhcp/server.ts';
import type { NetbootMachine } from '../dhcp/machine.ts';
import type { BootChoice } from '../dhcp/proxy-reply.ts';
import { type FirmwareStore, programFor } from '../images/firmware.ts';
import { Failure, failureLine } from '../model/failure.ts';
import { parseMac } from '../model/mac.ts';
import type { MachineFacts } from '../model/machine.ts';
import { type BootProgram, type Origin, originFromHost } from '../model/plan.ts';
import type { Log, Service } from '../model/service.ts';
import { parseUuid } from '../model/uuid.ts';
import { createUdpDrops } from '../net/udp-socket.ts';
import type { DhcpSettings, Settings } from '../settings/settings.ts';
import { createTftpServer, type TftpServer } from '../tftp/server.ts';
import type { TransferEvent } from '../tftp/transfer-event.ts';
import type { EventBus } from './events.ts';
import { createTftpSource } from './tftp-source.ts';

/** A room that got its power back is history an hour later. */
const NEWS_MS = 3_600_000;

/** What Health says about the DHCP proxy. `now`: the clock of the counters. */
export function dhcpTroubles(
  { dhcp }: { readonly dhcp: Pick<DhcpCounters, 'dropped' | 'droppedAt'> | undefined },
  now = performance.now(),
): readonly Trouble[] {
  if (dhcp?.droppedAt === undefined || now - dhcp.droppedAt > NEWS_MS) return [];
  return [
    {
      severity: 'warning',
      what: `DHCP requests came faster than they were read: ${dhcp.dropped} were lost since the start`,
      remedy:
        'machines ask again by themselves; for a larger buffer set net.core.rmem_max=4194304 with sysctl and restart the server',
    },
  ];
}

interface FirmwareWatch extends Service {
  /** As of the last look, at most ten seconds ago. */
  has(program: BootProgram): boolean;
}

const LOOK_MS = 10_000;

/** Says at start which machines can boot and what is missing, and follows what a person installs later. */
function createFirmwareWatch(shelf: FirmwareStore, log: Log): FirmwareWatch {
  let known: ReadonlySet<string> = new Set();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;

  async function look(first: boolean): Promise<void> {
    const { found, missing } = await shelf.inventory();
    const before = known;
    known = new Set(found.map(({ program }) => program.name));
    if (!first && before.size === known.size) return;
    log.info(
      {
        boots: found.map(({ program, file }) => `${program.title}: ${file}`),
        missing: missing.map(({ title }) => title),
      },
      found.length === 0 ? 'no boot program found: install one (apt install ipxe)' : 'boot programs',
    );
  }

  return {
    name: 'firmware',
    has: (program) => known.has(program.name),
    async start() {
      await look(true);
      timer = setInterval(() => {
        looking ??= look(false)
          .catch((error: unknown) => {
            log.warn({ err: error }, 'the boot programs could not be looked for');
          })
          .finally(() => {
            looking = undefined;
          });
      }, LOOK_MS);
      timer.unref();
    },
    async stop() {
      clearInterval(timer);
      await looking;
    },
  };
}

const BOOT_SERVER_PORT = 4011;

export interface LanOptions {
  readonly settings: Settings;
  readonly appContext: AppContext;
  readonly firmware: FirmwareStore;
  readonly log: Log;
  readonly listeners: Pick<EventBus, 'transferred' | 'offered'>;
  /** Known once HTTP listens. */
  readonly httpPort: () => number;
}

export interface Lan {
  /** In the order in which they start. */
  readonly services: readonly Service[];
  /** Where TFTP listens now; undefined when it is off. */
  tftp(): readonly { readonly address: string; readonly port: number }[] | undefined;
  /** What the DHCP proxy has seen; undefined when it is off. */
  readonly dhcp: DhcpCounters | undefined;
}

/** The doors of the LAN. */
export function openLan({ settings, appContext, firmware, log, listeners, httpPort }: LanOptions): Lan {
  const originAt = (server: string): Origin => settings.baseUrl ?? originOf(server, httpPort());
  const watch = createFirmwareWatch(firmware, log);
  const services: Service[] = [watch];
  const { tftp, dhcp } = settings;
  let tftpServer: TftpServer | undefined;
  let dhcpServer: DhcpServer | undefined;
  if (tftp !== undefined) {
    const { bootService, shelf } = appContext;
    const source = createTftpSource({ bootService, firmware, shelf, settings: tftp, originAt, log });
    const onEnd = (event: TransferEvent): void => {
      listeners.transferred(event);
    };
    tftpServer = createTftpServer(
      { ...tftp.listen, maxBlksize: tftp.maxBlksize, singlePort: tftp.singlePort, perAddress: tftp.perAddress },
      { source, onEnd, log },
    );
    services.push(tftp.required ? tftpServer : optional(tftpServer, log));
  }
  if (dhcp !== undefined) {
    const choose = createNetbootPolicy({
      bootService: appContext.bootService,
      settings: dhcp,
      has: (program) => watch.has(program),
      originAt,
    });
    const onMachine = (event: MachineEvent): void => {
      listeners.offered(event);
    };
    dhcpServer = createDhcpServer(
      { ...dhcp.listen, bootServerPort: BOOT_SERVER_PORT, relays: dhcp.relays },
      { choose, onMachine, log, drops: createUdpDrops([dhcp.listen.port, BOOT_SERVER_PORT]) },
    );
    services.push(dhcpServer);
  }
  return { services, tftp: () => tftpServer?.listening(), dhcp: dhcpServer?.counters };
}

function originOf(server: string, port: number): Origin {
  const host = server.includes(':') ? `[${server.split('%')[0] ?? server}]` : server;
  const origin = originFromHost(port === 80 ? host : `${host}:${port}`);
  if (origin === undefined) throw new TypeError(`not an address: ${server}`);
  return origin;
}

/** A door that is only the default: a port that may not be bound is a warning with the remedy, not the end. */
function optional(door: Service, log: Log): Service {
  return {
    name: door.name,
    async start() {
      try {
        await door.start();
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        log.warn({ problem: failureLine(error) }, `no ${door.name} on this host: machines need another way to iPXE`);
        await door.stop(AbortSignal.abort());
      }
    },
    async stop(force) {
      await door.stop(force);
    },
  };
}

interface NetbootPolicyOptions {
  readonly bootService: Pick<BootService, 'netboot'>;
  readonly settings: Pick<DhcpSettings, 'localBoot'>;
  /** Whether this host has the program now. */
  readonly has: (program: BootProgram) => boolean;
  readonly originAt: (server: string) => Origin;
}

/** What the DHCP proxy tells a machine to load: iPXE for its kind, or, when it runs iPXE already, our start script. */
export function createNetbootPolicy({ bootService, settings, has, originAt }: NetbootPolicyOptions) {
  return (machine: NetbootMachine, server: string): BootChoice => {
    if (settings.localBoot === 'silent' && bootService.netboot(factsOf(machine)) === 'local') {
      return { silence: 'it boots its own disk' };
    }
    if (machine.ipxe) return { file: `${originAt(server)}/boot.ipxe` };
    const program = programFor(machine.target);
    if (program === undefined || !has(program)) {
      return { silence: `no boot program for ${program?.title ?? machine.target.arch}` };
    }
    return { file: machine.target.http ? `${originAt(server)}/firmware/${program.name}` : program.name };
  };
}

function factsOf(machine: NetbootMachine): MachineFacts {
  const mac = parseMac(machine.mac);
  const uuid = machine.uuid === undefined ? undefined : parseUuid(machine.uuid);
  return { mac, uuid };
}
