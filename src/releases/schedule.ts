import { schedule, type ScheduledTask } from 'node-cron';
import { Failure, failureLine } from '../model/failure.ts';
import type { Log, Service } from '../model/service.ts';
import type { SyncOptions } from './ports.ts';

/** A thousand servers with the same line do not ask a publisher in the same second. */
const JITTER_MS = 600_000;
/** What a profile names and what is not there is tried again sooner than with the next day. */
const FIRST_RETRY_MS = 60_000;
const LAST_RETRY_MS = 3_600_000;

/** What an operator asks of the run that he starts. */
export type RunWishes = Pick<SyncOptions, 'allowDowngrade'>;

export interface ScheduleOptions {
  /** Five fields; undefined: never by itself. */
  readonly expression: string | undefined;
  /** As the IANA database calls it; undefined: this host's. */
  readonly timezone: string | undefined;
  /** One run; how many targets failed. Throws Failure. */
  readonly run: (signal: AbortSignal, wishes: RunWishes) => Promise<number>;
  /** Whether a profile names an image that is not there and that a run could bring. */
  readonly missing: () => Promise<boolean>;
  readonly log: Log;
  /** Milliseconds. */
  readonly jitter?: number;
}

export interface SyncSchedule extends Service {
  /** Something may be missing now: a run begins if so. Cheap; runs never overlap. */
  readonly look: () => void;
  /** Begins a run now, also where no schedule is set; false when one is running or the server stops. */
  readonly runNow: (wishes?: RunWishes) => boolean;
  /** When the next run begins by itself, in milliseconds since 1970. */
  readonly nextRun: () => number | undefined;
}

/** When the sync runs by itself. No failure of a run ends the server. */
export function createSchedule({
  expression,
  timezone,
  run,
  missing,
  log,
  jitter = JITTER_MS,
}: ScheduleOptions): SyncSchedule {
  let task: ScheduledTask | undefined;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let lastRetry = 0;
  let stop = new AbortController();

  /** The one run at a time, and the only place where its failures are heard. */
  async function runOnce(wishes: RunWishes = {}): Promise<void> {
    running ??= attempt(wishes).finally(() => {
      running = undefined;
    });
    await running;
  }

  async function attempt(wishes: RunWishes): Promise<void> {
    let failed = 1;
    try {
      failed = await run(stop.signal, wishes);
    } catch (error) {
      if (stop.signal.aborted) return;
      log.error({ problem: error instanceof Failure ? failureLine(error) : error }, 'the release sync failed');
    }
    if (failed === 0) lastRetry = 0;
    else await planRetry();
  }

  async function planRetry(): Promise<void> {
    if (expression === undefined || stop.signal.aborted || !(await isMissing())) return;
    lastRetry = Math.min(LAST_RETRY_MS, lastRetry === 0 ? FIRST_RETRY_MS : lastRetry * 2);
    plan(lastRetry);
  }

  async function isMissing(): Promise<boolean> {
    try {
      return await missing();
    } catch (error) {
      log.error({ err: error }, 'what is missing could not be found out');
      return false;
    }
  }

  function plan(delay: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = undefined;
      lookNow().catch((error: unknown) => {
        log.error({ err: error }, 'the release sync could not begin');
      });
    }, delay);
    timer.unref();
  }

  async function lookNow(): Promise<void> {
    if (!stop.signal.aborted && (await isMissing())) await runOnce();
  }

  return {
    name: 'sync',
    look() {
      // After a failure the next attempt is planned: a profile that is saved every second does not hurry it.
      if (expression === undefined || stop.signal.aborted || running !== undefined || timer !== undefined) return;
      plan(0);
    },
    runNow(wishes) {
      if (running !== undefined || stop.signal.aborted) return false;
      runOnce(wishes).catch((error: unknown) => {
        log.error({ err: error }, 'the release sync could not begin');
      });
      return true;
    },
    nextRun: () => task?.getNextRun()?.getTime(),
    start() {
      stop = new AbortController();
      if (expression === undefined) {
        log.info({}, 'the release sync is off');
        return Promise.resolve();
      }
      // Not before: to look it up loads the world's time zones, which took 9 ms of every command.
      const zone = timezone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;
      task = schedule(expression, () => runOnce(), {
        name: 'release sync',
        timezone: zone,
        // Without it node-cron begins the next run beside one that takes long.
        noOverlap: true,
        maxRandomDelay: jitter,
        unref: true,
        logger: {
          debug: ignore,
          info: ignore,
          warn: (message) => {
            log.warn({ message }, 'the schedule of the release sync');
          },
          error: (message) => {
            log.error({ err: message }, 'the schedule of the release sync');
          },
        },
      });
      log.info(
        { schedule: expression, timezone: zone, next: task.getNextRun()?.toISOString() },
        'the release sync is scheduled',
      );
      plan(0);
      return Promise.resolve();
    },
    async stop() {
      stop.abort();
      clearTimeout(timer);
      timer = undefined;
      await task?.destroy();
      task = undefined;
      await running;
    },
  };
}

function ignore(): void {
  // What happens is logged by the run itself.
}
