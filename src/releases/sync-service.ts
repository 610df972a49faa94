import { machinePlan, missingFiles, typicalMachine } from '../boot/machine-plan.ts';
import type { Snapshot } from '../catalog/snapshot.ts';
import { Failure, failureLine } from '../model/failure.ts';
import type { Recorder } from '../model/journal-event.ts';
import type { Log } from '../model/service.ts';
import type { Profile } from '../model/profile.ts';
import type { Locked, SyncEvent } from '../model/sync-event.ts';
import type { Settings } from '../settings/settings.ts';
import { runSync, underLock } from './sync-runner.ts';
import { planSync } from './plan.ts';
import { writeProgress } from '../images/download-progress.ts';
import { createSchedule, type RunWishes, type SyncSchedule } from './schedule.ts';
import { readState } from './state-file.ts';
import { type AppContext, likelyOrigin } from '../context/app-context.ts';
import { createRunBook, type RunBook } from './run-book.ts';
import { syncInChild } from './sync-child.ts';
import { syncPorts } from './sync-ports.ts';

export interface SyncServiceOptions {
  readonly settings: Settings;
  readonly appContext: Pick<AppContext, 'files' | 'catalog' | 'shelf'>;
  readonly recorder: Pick<Recorder, 'sync'>;
  readonly log: Log;
  /** How this program is started: then each run is a process of its own. */
  readonly self?: readonly string[] | undefined;
}

export interface SyncService extends SyncSchedule {
  /** The steps of the newest run. */
  readonly book: Pick<RunBook, 'newest' | 'read'>;
}

/** The release sync as a part of the server: on its schedule, at start, and when a profile names what is not there. */
export function createSyncService({ settings, appContext, recorder, log, self }: SyncServiceOptions): SyncService {
  const book = createRunBook();
  const { files, catalog } = appContext;
  const profiles = async (): Promise<Snapshot> => await catalog.refresh();

  async function run(signal: AbortSignal, wishes: RunWishes): Promise<number> {
    const { run: begun, tell: note, end } = book.begin(Date.now());
    try {
      const done = await oneRun(signal, wishes, begun, note);
      end(done.kind === 'done' ? { kind: 'done' } : done);
      if (done.kind === 'done') return done.value;
      log.info({ why: done.message }, 'the release sync waits for the next time');
      // What is missing is looked for again soon: the holder of the lock may be about something else, or dead.
      return 1;
    } catch (error) {
      end({
        kind: 'broken',
        message: error instanceof Failure ? failureLine(error) : 'the log of the server says why',
      });
      throw error;
    }
  }

  async function oneRun(
    signal: AbortSignal,
    wishes: RunWishes,
    begun: number,
    note: (event: SyncEvent) => void,
  ): Promise<Locked<number>> {
    const tell = (event: SyncEvent): void => {
      logEvent(event, log);
      note(event);
      // How far a download is is no step of its history.
      if (event.kind !== 'download') recorder.sync({ at: Date.now(), run: begun, event });
    };
    return await (self === undefined
      ? runHere(signal, wishes, tell)
      : syncInChild({ self, settings, wishes, tell, signal, log }));
  }

  async function runHere(
    signal: AbortSignal,
    wishes: RunWishes,
    tell: (event: SyncEvent) => void,
  ): Promise<Locked<number>> {
    return await underLock(files, 'the sync of a server', async () => {
      const note = writeProgress(files, Date.now, (error) => {
        log.debug({ err: error }, 'the progress of the sync could not be written');
      });
      const both = (event: SyncEvent): void => {
        note.on(event);
        tell(event);
      };
      try {
        const ports = await syncPorts({ settings: settings.sync, files, profiles, log, signal, tell: both });
        return (await runSync(ports, wishes)).failed;
      } finally {
        await note.stop();
      }
    });
  }

  async function missing(): Promise<boolean> {
    const snapshot = catalog.current();
    const { targets } = planSync(snapshot.profiles.values(), (await readState(files, log)).holds);
    for (const profile of targets.flatMap((target) => target.profiles))
      if (await lacksImages(profile, snapshot)) return true;
    return false;
  }

  async function lacksImages(profile: Profile, snapshot: Snapshot): Promise<boolean> {
    const { match, facts } = typicalMachine(profile);
    try {
      const plan = machinePlan(match, facts, likelyOrigin(settings), snapshot);
      return (await missingFiles(plan, appContext.shelf)).length > 0;
    } catch (error) {
      // What the plan cannot say has been said by the inspector, and no release would mend it.
      if (error instanceof Failure) return false;
      throw error;
    }
  }

  const { schedule: expression, timezone } = settings.sync;
  const service = createSchedule({ expression, timezone, run, missing, log });
  let end: (() => void) | undefined;
  return {
    ...service,
    book,
    async start() {
      end = catalog.onChange(service.look);
      await service.start();
    },
    async stop(force) {
      end?.();
      await service.stop(force);
    },
  };
}

function logEvent(event: SyncEvent, log: Log): void {
  const { kind, ...fields } = event;
  if (kind === 'failed') log.warn(fields, 'sync: failed');
  else if (kind === 'published') log.info(fields, 'sync: published');
  else if (kind === 'rewritten') log.info(fields, 'sync: a profile boots another version');
  else if (kind === 'removed') log.info(fields, 'sync: removed a release that nobody needs');
  else if (kind === 'note') log.warn(fields, 'sync: note');
  else if (kind === 'verified' || kind === 'kept' || kind === 'found') log.info(fields, `sync: ${kind}`);
}
