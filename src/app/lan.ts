import { join } from 'node:path';
import { Failure, failureLine } from '../domain/failure.ts';
import type { Log } from '../domain/log.ts';
import { originFromHost, type Origin } from '../domain/origin.ts';
import type { Service } from '../domain/service.ts';
import { createDhcpDoor } from '../doors/dhcp/door.ts';
import { createTftpDoor } from '../doors/tftp/door.ts';
import { SYSTEM_FOLDERS, type FirmwareShelf } from '../firmware/firmware-shelf.ts';
import type { Settings } from '../settings/settings.ts';
import { createFirmwareWatch } from './firmware-watch.ts';
import type { House } from './house.ts';
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
  /** Known once HTTP listens. */
  readonly httpPort: () => number;
}

/** The doors of the LAN, in the order in which they start. */
export function lanServices({ settings, house, firmware, log, httpPort }: LanOptions): readonly Service[] {
  const originAt = (server: string): Origin => settings.baseUrl ?? originOf(server, httpPort());
  const watch = createFirmwareWatch(firmware, log);
  const services: Service[] = [watch];
  const { tftp, dhcp } = settings;
  if (tftp !== undefined) {
    const source = createTftpSource({ desk: house.desk, firmware, files: house.files, settings: tftp, originAt, log });
    const door = createTftpDoor(
      { ...tftp.listen, maxBlksize: tftp.maxBlksize, singlePort: tftp.singlePort },
      { source, log },
    );
    services.push(tftp.required ? door : optional(door, log));
  }
  if (dhcp !== undefined) {
    const choose = createNetbootPolicy({
      desk: house.desk,
      settings: dhcp,
      has: (program) => watch.has(program),
      originAt,
    });
    services.push(
      createDhcpDoor({ ...dhcp.listen, bootServerPort: BOOT_SERVER_PORT, relays: dhcp.relays }, { choose, log }),
    );
  }
  return services;
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
