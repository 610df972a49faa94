import { failureLine, Failure } from '../domain/failure.ts';
import { NO_RECORDER } from '../domain/journal-event.ts';
import type { Log } from '../domain/log.ts';
import { problemLine } from '../domain/problem.ts';
import type { Service } from '../domain/service.ts';
import { createHttpDoor, type HttpDoor } from '../doors/http/http-door.ts';
import { openLog } from '../observe/logger.ts';
import type { Settings } from '../settings/settings.ts';
import { version } from '../settings/version.ts';
import { openFirmwareShelf, readProgram, type FirmwareShelf } from '../firmware/firmware-shelf.ts';
import { healthOf } from './health.ts';
import { firmwareFolders, lanServices } from './lan.ts';
import { openHouse, type House } from './house.ts';
import { overviewOf } from './overview.ts';
import { createBootWatch, type BootWatch } from './boot-watch.ts';
import { createSyncService } from './sync-service.ts';

export interface ServerOptions {
  /** Where the log goes; a file descriptor. */
  readonly logFd: number;
  /** What looks like a mistake in the settings. */
  readonly warnings: readonly string[];
  /** How this program is started: then the release sync runs in a process of its own. */
  readonly self?: readonly string[];
}

export interface PilotlightServer extends Service {
  /** Where HTTP listens; undefined before `start` and after `stop`. */
  address(): ReturnType<HttpDoor['address']>;
}

/** The whole server as one Service: started in order, stopped in reverse, also after a half start. */
export function createServer(settings: Settings, options: ServerOptions): PilotlightServer {
  const { log, flush } = openLog({ level: settings.logLevel, format: settings.logFormat, fd: options.logFd });
  const started: Service[] = [];
  let http: HttpDoor | undefined;
  return {
    name: 'server',
    address: () => http?.address(),
    async start() {
      for (const warning of options.warnings) log.warn({ warning }, 'a setting looks like a mistake');
      const house = await openHouse(settings, log);
      const firmware = openFirmwareShelf(firmwareFolders(settings));
      const boots = createBootWatch(house, log);
      const door = createDoor(settings, house, firmware, boots.answered, log);
      http = door;
      const lan = lanServices({
        settings,
        house,
        firmware,
        log,
        httpPort: () => door.address()?.port ?? settings.http.port,
      });
      for (const service of [
        house.catalog,
        boots,
        door,
        ...lan,
        createSyncService({ settings, house, recorder: NO_RECORDER, log, self: options.self }),
      ]) {
        started.push(service);
        await service.start();
      }
      tellProblems(house, log);
      log.info({ version: version(), data_dir: settings.dataDir, http: door.address() }, 'pilotlight serves');
    },
    async stop(force) {
      if (started.length > 0) log.info({}, 'stopping: what runs may finish, a second signal cuts it');
      for (const service of started.splice(0).toReversed()) {
        try {
          await service.stop(force);
        } catch (error) {
          // The others must be stopped all the same.
          log.error(
            { service: service.name, problem: error instanceof Failure ? failureLine(error) : error },
            'a part did not stop well',
          );
        }
      }
      log.info({}, 'stopped');
      flush();
    },
  };
}

function createDoor(
  settings: Settings,
  house: House,
  firmware: FirmwareShelf,
  onAnswer: BootWatch['answered'],
  log: Log,
) {
  const bornAt = performance.now();
  const release = version();
  return createHttpDoor({
    listen: settings.http,
    baseUrl: settings.baseUrl,
    desk: house.desk,
    shelf: house.shelf,
    firmware: async (program) => await readProgram(firmware, program),
    log,
    onAnswer,
    health: () => healthOf(house.catalog.current(), release, Math.round((performance.now() - bornAt) / 1000)),
    overview: () => overviewOf(house.catalog.current(), release),
  });
}

function tellProblems(house: House, log: Log): void {
  const { problems, profiles } = house.catalog.current();
  for (const problem of problems) {
    log[problem.severity === 'error' ? 'error' : 'warn']({ problem: problemLine(problem) }, 'a file has a problem');
  }
  if (profiles.size === 0) log.warn({}, 'no profile in profiles/: every machine will be told that nobody knows it');
}
