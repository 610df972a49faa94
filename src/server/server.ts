import { Failure, failureLine, problemLine } from '../model/failure.ts';
import type { Service } from '../model/service.ts';
import { Incidents } from '../boot/incidents.ts';
import { createNetworks } from '../net/addresses.ts';
import { createNeighbours } from '../net/neighbours.ts';
import type { HttpServer } from './http-server.ts';
import { openLog } from '../telemetry/log.ts';
import { type Settings, version } from '../settings/settings.ts';
import { compose, type Composed } from './compose.ts';
import { openContext } from '../context/app-context.ts';
import type { FaultSource } from './last-resort.ts';

export interface ServerOptions {
  /** Where the log goes; a file descriptor. */
  readonly logFd: number;
  /** How this program is started: then the release sync runs in a process of its own. */
  readonly self?: readonly string[];
  /** Where faults arrive that nothing caught: `process`, where this has one of its own. */
  readonly faults?: FaultSource;
}

export interface PilotlightServer extends Service {
  /** Where HTTP listens; undefined before `start` and after `stop`. */
  address(): ReturnType<HttpServer['address']>;
  /** Where operators are served, when that is elsewhere. */
  operatorAddress(): ReturnType<HttpServer['address']>;
  /** Whether the token was made at this start: an operator must be told how to get in. */
  isNew(): boolean;
  /** How to get into the dashboard for the first time, once; undefined when the token was there before. */
  firstLinks(): readonly string[];
  /** Rejects when the server cannot go on; never resolves. */
  readonly failed: Promise<never>;
}

/** The whole server as one Service: started in order, stopped in reverse, also after a half start. */
export function createServer(settings: Settings, options: ServerOptions): PilotlightServer {
  const { log, flush } = openLog({ level: settings.logLevel, format: settings.logFormat, fd: options.logFd });
  const started: Service[] = [];
  let composed: Composed | undefined;
  let giveUp: ((why: Failure) => void) | undefined;
  const failed = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  // A caller that does not wait for it is told by `start` and `stop`.
  failed.catch(() => undefined);
  return {
    name: 'server',
    failed,
    address: () => composed?.http.address(),
    operatorAddress: () => composed?.operators?.address(),
    isNew: () => composed?.isNew === true,
    firstLinks: () => composed?.firstLinks() ?? [],
    async start() {
      for (const mistake of settings.mistakes ?? [])
        log.warn({ problem: problemLine(mistake) }, 'a setting looks like a mistake');
      const incidents = new Incidents(log);
      const neighbours = createNeighbours(log);
      const appContext = await openContext(settings, log, {
        macOf: (address) => neighbours.macOf(address),
        leasedTo: (address) => composed?.leasedTo(address),
        isRouted: createNetworks(settings.routed ?? []),
        onIncident: (incident) => {
          incidents.happened(incident);
        },
      });
      const { self, faults } = options;
      composed = await compose({ settings, appContext, incidents, neighbours, log, self, faults, giveUp });
      for (const service of composed.services) {
        started.push(service);
        await service.start();
      }
      if (appContext.catalog.current().profiles.size === 0)
        log.warn({}, 'no profile in profiles/: every machine will be told that it is unknown');
      log.info(
        {
          version: version(),
          data_dir: settings.dataDir,
          http: composed.http.address(),
          operators: composed.operators?.address(),
        },
        'pilotlight serves',
      );
    },
    async stop(force) {
      if (started.length > 0) log.info({}, 'stopping: what runs may finish, a second signal cuts it');
      // What a part waits for may keep no process alive (a thread of its own): it would end before the journal is written.
      const alive = setInterval(() => undefined, 60_000);
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
      clearInterval(alive);
      log.info({}, 'stopped');
      flush();
    },
  };
}
