import { join } from 'node:path';
import { Failure, failureLine } from '../model/failure.ts';
import type { Log } from '../model/log.ts';
import { originFromHost, type Origin } from '../model/origin.ts';
import type { Service } from '../model/service.ts';
import type { DhcpCounters } from '../dhcp/counters.ts';
import { createDhcpDoor, type DhcpDoor, type MachineEvent } from '../dhcp/server.ts';
import { createTftpDoor, type TftpDoor } from '../tftp/server.ts';
import type { TransferEvent } from '../tftp/transfer-event.ts';
import { createUdpDrops } from '../net/udp-drops.ts';
import { SYSTEM_FOLDERS, type FirmwareShelf } from '../images/firmware.ts';
import type { Settings } from '../settings/settings.ts';
import { createFirmwareWatch } from './firmware-watch.ts';
import type { House } from '../context/app-context.ts';
import type { Listeners } from './events.ts';
import { createNetbootPolicy } from './netboot-policy.ts';
import { createTftpSource } from './tftp-source.ts';

const BOOT_SERVER_PORT = 4011;

/** Where boot programs are looked for: the operator's folder first, the distribution's last. */
export function firmwareFolders(settings: Settings): readonly string[] {
  const own = settings.firmwareDir === undefined ? [] : [settings.firmwareDir];
  return [...own, join(settings.dataDir, 'firmware'), ...SYSTEM_FOLDERS];
}

export interface LanOptions {
  readonly settings: Settings;
  readonly house: House;
  readonly firmware: FirmwareShelf;
  readonly log: Log;
  readonly listeners: Pick<Listeners, 'transferred' | 'offered'>;
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
export function openLan({ settings, house, firmware, log, listeners, httpPort }: LanOptions): Lan {
  const originAt = (server: string): Origin => settings.baseUrl ?? originOf(server, httpPort());
  const watch = createFirmwareWatch(firmware, log);
  const services: Service[] = [watch];
  const { tftp, dhcp } = settings;
  let tftpDoor: TftpDoor | undefined;
  let dhcpDoor: DhcpDoor | undefined;
  if (tftp !== undefined) {
    const { desk, shelf } = house;
    const source = createTftpSource({ desk, firmware, shelf, settings: tftp, originAt, log });
    const onEnd = (event: TransferEvent): void => {
      listeners.transferred(event);
    };
    tftpDoor = createTftpDoor(
      { ...tftp.listen, maxBlksize: tftp.maxBlksize, singlePort: tftp.singlePort, perAddress: tftp.perAddress },
      { source, onEnd, log },
    );
    services.push(tftp.required ? tftpDoor : optional(tftpDoor, log));
  }
  if (dhcp !== undefined) {
    const choose = createNetbootPolicy({
      desk: house.desk,
      settings: dhcp,
      has: (program) => watch.has(program),
      originAt,
    });
    const onMachine = (event: MachineEvent): void => {
      listeners.offered(event);
    };
    dhcpDoor = createDhcpDoor(
      { ...dhcp.listen, bootServerPort: BOOT_SERVER_PORT, relays: dhcp.relays },
      { choose, onMachine, log, drops: createUdpDrops([dhcp.listen.port, BOOT_SERVER_PORT]) },
    );
    services.push(dhcpDoor);
  }
  return { services, tftp: () => tftpDoor?.listening(), dhcp: dhcpDoor?.counters };
}

function originOf(server: string, port: number): Origin {
  const host = server.includes(':') ? `[${server.split('%')[0] ?? server}]` : server;
  const origin = originFromHost(port === 80 ? host : `${host}:${String(port)}`);
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
