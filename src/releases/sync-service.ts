import { machinePlan, missingFiles, typicalMachines } from '../boot/machine-plan.ts';
import type { Snapshot } from '../catalog/snapshot.ts';
import { type AppContext, likelyOrigin } from '../context/app-context.ts';
import type { SyncProgress } from '../images/sync-progress.ts';
import { Failure, failureLine, unlessFailed } from '../model/failure.ts';
import type { Recorder } from '../model/journal-event.ts';
import type { Profile } from '../model/profile.ts';
import type { SyncRunView } from '../model/release-views.ts';
import type { Log } from '../model/service.ts';
import type { SyncEvent } from '../model/sync-event.ts';
import type { Settings } from '../settings/settings.ts';
import { planSync } from './plan.ts';
import { createSchedule, type RunWishes, type SyncSchedule } from './schedule.ts';
import { syncInChild } from './sync-child.ts';
import { syncHere } from './sync-once.ts';
import { readState } from './sync-state.ts';

export interface SyncServiceOptions {
  readonly settings: Settings;
  readonly appContext: Pick<AppContext, 'files' | 'catalog' | 'rollouts' | 'imageStore' | 'syncProgress'>;
  readonly recorder: Pick<Recorder, 'sync'>;
  /** Of the journal: what an earlier process did last. */
  readonly lastRun?: () => Promise<SyncRunView | undefined>;
  readonly log: Log;
  /** How this program is started: then each run is a process of its own. */
  readonly self?: readonly string[] | undefined;
}

export interface SyncService extends SyncSchedule {
  readonly progress: SyncProgress;
}

/** The release sync as a part of the server: on its schedule, at start, and when a profile names what is not there. */
export function createSyncService({
  settings,
  appContext,
  recorder,
  lastRun,
  log,
  self,
}: SyncServiceOptions): SyncService {
  const { files, catalog, rollouts, imageStore, syncProgress: progress } = appContext;

  /** The one road of a run's events: to the log, to commands, pages and machines that follow, and to the journal. */
  async function run(signal: AbortSignal, wishes: RunWishes): Promise<number> {
    const { run: begun, emit: follow, end } = progress.begin(Date.now());
    const emit = (event: SyncEvent): void => {
      logEvent(event, log);
      follow(event);
      if (event.kind === 'rollout') rolloutBegan();
      // How far a download is is no step of its history.
      if (event.kind !== 'download') recorder.sync({ at: Date.now(), run: begun, event });
    };
    try {
      const done =
        self === undefined
          ? await syncHere(
              appContext,
              { what: 'the sync of a server', log, signal, emit, options: wishes },
              settings.sync,
            )
          : await syncInChild({ self, settings, wishes, emit, signal, log });
      if (done.kind === 'done') {
        end({ kind: 'done' });
        return done.value.failed;
      }
      end(done);
      log.info({ why: done.message }, 'the release sync waits for the next time');
      // What is missing is looked for again soon: the holder of the lock may be about something else, or dead.
      return 1;
    } catch (error) {
      const message = error instanceof Failure ? failureLine(error) : 'the log of the server says why';
      end({ kind: 'broken', message });
      throw error;
    }
  }

  /** By the sync, in a process of its own. */
  function rolloutBegan(): void {
    rollouts
      .reload()
      .then(() => rollouts.look())
      .catch((error: unknown) => {
        log.error({ err: error }, 'a rollout that began could not be read');
      });
  }

  async function missing(): Promise<boolean> {
    const snapshot = catalog.current();
    const { targets } = planSync(snapshot.profiles.values(), (await readState(files, log)).holds);
    for (const profile of targets.flatMap((target) => target.profiles))
      if ((await unlessFailed(lacksImages(profile, snapshot))) === true) return true;
    return false;
  }

  // It fails where there is no plan: the inspector has said why, and no release would mend it.
  async function lacksImages(profile: Profile, snapshot: Snapshot): Promise<boolean> {
    for (const { match, facts } of typicalMachines(profile)) {
      const plan = machinePlan(match, { facts, origin: likelyOrigin(settings), around: snapshot });
      if ((await missingFiles(plan, imageStore)).length > 0) return true;
    }
    return false;
  }

  const { schedule: expression, timezone } = settings.sync;
  const schedule = createSchedule({ expression, timezone, run, missing, log });
  let end: (() => void) | undefined;
  return {
    ...schedule,
    progress,
    async start() {
      const last = await unlessFailed(lastRun?.() ?? Promise.resolve(undefined));
      if (last !== undefined) {
        const steps = last.steps.map(({ event }) => event);
        progress.recall(last.run, steps, last.endedAt !== undefined);
      }
      end = catalog.onChange(schedule.look);
      await schedule.start();
    },
    async stop(force) {
      end?.();
      await schedule.stop(force);
    },
  };
}

function logEvent(event: SyncEvent, log: Log): void {
  const { kind, ...fields } = event;
  if (kind === 'failed') log.warn(fields, 'sync: failed');
  else if (kind === 'published') log.info(fields, 'sync: published');
  else if (kind === 'rewritten') log.info(fields, 'sync: a profile boots another version');
  else if (kind === 'rollout') log.info(fields, 'sync: a release is rolled out');
  else if (kind === 'removed') log.info(fields, 'sync: removed a release that nothing needs');
  else if (kind === 'note') log.warn(fields, 'sync: note');
  else if (kind === 'verified' || kind === 'kept' || kind === 'found') log.info(fields, `sync: ${kind}`);
}
