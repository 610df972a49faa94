import { bytesText } from '../model/text.ts';
import { Failure } from '../model/failure.ts';
import type { SyncEvent } from '../model/sync-event.ts';
import type { SyncEnd, SyncSteps } from '../model/release-views.ts';

/** How long a question waits for the next step: less than most proxies wait for an answer. */
const WAIT_MS = 10_000;

/** What a run does, or did, for one target. */
export interface TargetProgress {
  readonly profiles: readonly string[];
  readonly state: 'waiting' | 'fetching' | 'verifying' | 'published' | 'failed';
  readonly version?: string;
  readonly received: number;
  /** Bytes of the files that were begun; 0 where the size of one is not known. */
  readonly size: number;
  readonly message?: string;
}

/** The newest run of the release sync in this process: what commands follow, pages show and waiting machines read. */
export interface SyncProgress {
  /** A run begins, and the one before is forgotten. Its number is the moment, or a later one: each has its own. */
  begin(at: number): {
    readonly run: number;
    readonly emit: (event: SyncEvent) => void;
    readonly end: (how: SyncEnd) => void;
  };
  /** The last run of an earlier process; forgotten where one of this process has begun. */
  recall(run: number, events: readonly SyncEvent[], isOver: boolean): void;
  newest(): number | undefined;
  isRunning(): boolean;
  /** By target. */
  targets(): ReadonlyMap<string, TargetProgress>;
  /** For the screen of a machine that waits for an image of this profile. */
  linesFor(profile: string): readonly string[];
  /** The steps after `after`; waits for one where there is none. Throws Failure `not-found` for another run. */
  read(run: number, after: number): Promise<SyncSteps>;
  /** Calls at every step and at the end of a run, until the answer is called. */
  onStep(listener: () => void): () => void;
}

interface Run {
  readonly number: number;
  /** Of a download only the last one: how far it is. */
  readonly steps: Map<string, { readonly id: number; readonly event: SyncEvent }>;
  last: number;
  end?: SyncEnd;
}

export function createSyncProgress(waitMs = WAIT_MS): SyncProgress {
  let current: Run | undefined;
  const listeners = new Set<() => void>();

  function changed(): void {
    for (const listener of [...listeners]) listener();
  }

  function onStep(listener: () => void): () => void {
    const mine = (): void => {
      listener();
    };
    listeners.add(mine);
    return () => listeners.delete(mine);
  }

  async function nextStep(): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        stop();
        resolve();
      };
      const stop = onStep(done);
      const timer = setTimeout(done, waitMs).unref();
    });
  }

  const targets = (): ReadonlyMap<string, TargetProgress> =>
    targetsOf([...(current?.steps.values() ?? [])].map(({ event }) => event));

  return {
    begin(at) {
      const run: Run = { number: Math.max(at, (current?.number ?? 0) + 1), steps: new Map(), last: 0 };
      current = run;
      return {
        run: run.number,
        emit(event) {
          const id = ++run.last;
          const key = event.kind === 'download' ? `${event.target} ${event.file}` : String(id);
          run.steps.delete(key);
          run.steps.set(key, { id, event });
          changed();
        },
        end(how) {
          run.end ??= how;
          changed();
        },
      };
    },
    recall(number, events, isOver) {
      if (current !== undefined) return;
      const steps = new Map(events.map((event, index) => [String(index), { id: index + 1, event }]));
      const end: SyncEnd = isOver ? { kind: 'done' } : { kind: 'broken', message: 'the server was ended meanwhile' };
      current = { number, steps, last: events.length, end };
      changed();
    },
    newest: () => current?.number,
    isRunning: () => current !== undefined && current.end === undefined,
    targets,
    linesFor(profile) {
      const target = [...targets().values()].find(({ profiles }) => profiles.includes(profile));
      return target === undefined ? [] : linesOf(target, current?.end);
    },
    async read(number, after) {
      const run = current;
      if (run?.number !== number) {
        throw new Failure('not-found', 'this is not the newest run of the release sync', {
          remedy: 'the Releases page and GET /api/v1/releases show the older ones',
        });
      }
      if (run.last <= after && run.end === undefined) await nextStep();
      const steps = [...run.steps.values()].flatMap(({ id, event }) => (id > after ? [event] : []));
      return { steps, last: run.last, end: run.end };
    },
    onStep,
  };
}

interface Target extends Pick<TargetProgress, 'profiles'> {
  state: TargetProgress['state'];
  version?: string;
  message?: string;
  /** How many files the release has. */
  count: number;
  /** Those that were begun. */
  readonly files: Map<string, { readonly received: number; readonly size: number | undefined }>;
}

/** What the steps of a run come to, by target. */
function targetsOf(events: readonly SyncEvent[]): ReadonlyMap<string, TargetProgress> {
  const targets = new Map<string, Target>();
  for (const event of events) {
    if (event.kind === 'plan') {
      for (const { target, profiles } of event.targets)
        targets.set(target, { profiles, state: 'waiting', count: 0, files: new Map() });
    } else if ('target' in event) {
      const target = targets.get(event.target);
      if (target !== undefined) follow(target, event);
    }
  }
  return new Map([...targets].map(([name, target]) => [name, progressOf(target)]));
}

function follow(target: Target, event: SyncEvent): void {
  if (event.kind === 'found') {
    target.version = event.version;
    target.count = event.files;
    target.state = 'fetching';
  } else if (event.kind === 'download' || event.kind === 'verified') {
    const { file, size } = event;
    target.files.set(file, { size, received: event.kind === 'verified' ? event.size : event.received });
    const whole = [...target.files.values()].every((one) => one.received === one.size);
    target.state = whole && target.files.size >= target.count ? 'verifying' : 'fetching';
  } else if (event.kind === 'published') target.state = 'published';
  else if (event.kind === 'failed') {
    target.state = 'failed';
    target.message = event.message;
  }
}

function progressOf({ profiles, state, version, message, files }: Target): TargetProgress {
  const begun = [...files.values()];
  return {
    profiles,
    state,
    version,
    message,
    received: begun.reduce((sum, { received }) => sum + received, 0),
    // A part of the whole would be a wrong percentage.
    size: begun.some(({ size }) => size === undefined) ? 0 : begun.reduce((sum, { size = 0 }) => sum + size, 0),
  };
}

/** `end` is undefined while the run is under way. */
function linesOf({ state, version = '', received, size, message = '' }: TargetProgress, end?: SyncEnd): readonly string[] {
  if (state === 'failed') return [`The ${end === undefined ? '' : 'last '}release sync failed: ${message}`];
  if (end !== undefined) return end.kind === 'done' ? [] : ['The last release sync did not finish.'];
  switch (state) {
    case 'waiting':
      return ['The release sync is at work and will come to this one.'];
    case 'fetching':
      return [`The release sync fetches version ${version}: ${percent(received, size)}`];
    case 'verifying':
      return [`The release sync verifies version ${version}.`];
    case 'published':
      return [`The release sync has published version ${version}.`];
  }
}

function percent(received: number, size: number): string {
  return size === 0 ? bytesText(received) : `${Math.floor((received / size) * 100)} % of ${bytesText(size)}`;
}
