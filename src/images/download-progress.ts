import type { DataRoot } from '../files/data-root.ts';
import { makeFolder } from '../files/publish.ts';
import { replaceFile } from '../files/replace.ts';
import { Failure } from '../model/failure.ts';
import type { SyncEvent } from '../model/sync-event.ts';

const FILE = 'state/sync-progress.json';
const EVERY_MS = 1000;
/** Of a run that was killed: it writes at least this often while it lives. */
const STALE_MS = 15_000;

/** What a run is doing for one target. */
export interface TargetProgress {
  readonly profiles: readonly string[];
  readonly state: 'waiting' | 'fetching' | 'verifying' | 'published' | 'failed';
  readonly version?: string;
  readonly received: number;
  /** Bytes of the files that were begun; 0 when nobody knows. */
  readonly size: number;
  readonly message?: string;
}

/** Shared by processes: a machine that waits sees what a sync in another process does. */
export interface ProgressNote {
  readonly running: boolean;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly targets: Readonly<Record<string, TargetProgress>>;
}

/** Collects a run's events. */
export function createProgress(): { on(event: SyncEvent): void; targets(): ProgressNote['targets'] } {
  const targets = new Map<string, TargetProgress>();
  const files = new Map<string, Map<string, { readonly received: number; readonly size: number | undefined }>>();
  const counts = new Map<string, number>();

  function change(target: string, changes: Partial<TargetProgress>): void {
    const before = targets.get(target) ?? { profiles: [], state: 'waiting', received: 0, size: 0 };
    targets.set(target, { ...before, ...changes });
  }

  function file(target: string, name: string, received: number, size: number | undefined): void {
    const known = files.get(target) ?? new Map<string, never>();
    files.set(target, known);
    known.set(name, { received, size });
    const list = [...known.values()];
    const all = list.length >= (counts.get(target) ?? 0);
    change(target, {
      state: all && list.every((one) => one.received === one.size) ? 'verifying' : 'fetching',
      received: list.reduce((sum, one) => sum + one.received, 0),
      // A part of the whole would be a wrong percentage.
      size: list.some((one) => one.size === undefined) ? 0 : list.reduce((sum, one) => sum + (one.size ?? 0), 0),
    });
  }

  return {
    targets: () => Object.fromEntries(targets),
    on(event) {
      switch (event.kind) {
        case 'plan':
          for (const { target, profiles } of event.targets) change(target, { profiles });
          break;
        case 'found':
          counts.set(event.target, event.files);
          change(event.target, { version: event.version, state: 'fetching' });
          break;
        case 'download':
          file(event.target, event.file, event.received, event.size);
          break;
        case 'verified':
          file(event.target, event.file, event.size, event.size);
          break;
        case 'published':
          change(event.target, { state: 'published' });
          break;
        case 'failed':
          change(event.target, { state: 'failed', message: event.message });
          break;
        case 'retry':
        case 'rewritten':
        case 'kept':
        case 'note':
        case 'removed':
        case 'done':
          break;
      }
    },
  };
}

interface ProgressWriter {
  on(event: SyncEvent): void;
  /** Says that the run is over; resolves when that is written. */
  stop(): Promise<void>;
}

/** Writes what a run does to a small file, at most once a second. That it cannot be written stops nothing. */
export function writeProgress(root: DataRoot, now: () => number, failed: (error: unknown) => void): ProgressWriter {
  const progress = createProgress();
  let writing = Promise.resolve();
  const write = (running: boolean): void => {
    const note: ProgressNote = { running, at: now(), targets: progress.targets() };
    writing = writing.then(() => save(root, note)).catch(failed);
  };
  const timer = setInterval(() => {
    write(true);
  }, EVERY_MS);
  timer.unref();
  return {
    on(event) {
      progress.on(event);
      if (event.kind === 'plan' || event.kind === 'found') write(true);
    },
    async stop() {
      clearInterval(timer);
      write(false);
      await writing;
    },
  };
}

async function save(root: DataRoot, note: ProgressNote): Promise<void> {
  await makeFolder(root, 'state');
  await replaceFile(root, FILE, JSON.stringify(note));
}

/** What the run under way, or the last one, says; undefined when there was none. A killed run counts as over. */
export async function readProgress(root: DataRoot, now: number): Promise<ProgressNote | undefined> {
  try {
    const value: unknown = JSON.parse((await root.read(FILE, 1024 * 1024)).bytes.toString('utf8'));
    if (!isNote(value)) return undefined;
    return { ...value, running: value.running && Math.abs(now - value.at) < STALE_MS };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Failure) return undefined;
    throw error;
  }
}

function isNote(value: unknown): value is ProgressNote {
  return (
    typeof value === 'object' &&
    value !== null &&
    'running' in value &&
    typeof value.running === 'boolean' &&
    'at' in value &&
    typeof value.at === 'number' &&
    'targets' in value &&
    typeof value.targets === 'object' &&
    value.targets !== null
  );
}

const FRESH_MS = 1000;

/** Tells a machine that waits what the release sync does about it, in whichever process that runs. */
export function createDownloadProgress(files: DataRoot, now: () => number): (profile: string) => Promise<readonly string[]> {
  let note: Promise<ProgressNote | undefined> | undefined;
  let readAt = 0;
  return async (profile) => {
    const at = now();
    // A hundred machines that wait read the file once a second, not each.
    if (note === undefined || Math.abs(at - readAt) >= FRESH_MS) {
      readAt = at;
      note = readProgress(files, at);
    }
    const known = await note;
    const target = Object.values(known?.targets ?? {}).find(({ profiles }) => profiles.includes(profile));
    return known === undefined || target === undefined ? [] : linesOf(known.running, target);
  };
}

function linesOf(running: boolean, { state, version, received, size, message }: TargetProgress): readonly string[] {
  const what = `version ${version ?? ''}`.trim();
  if (state === 'failed') return [`The ${running ? '' : 'last '}release sync failed: ${message ?? ''}`];
  if (!running) return state === 'published' ? [] : ['The last release sync did not finish.'];
  switch (state) {
    case 'waiting':
      return ['The release sync is at work and will come to this one.'];
    case 'fetching':
      return [`The release sync fetches ${what}: ${percent(received, size)}`];
    case 'verifying':
      return [`The release sync verifies ${what}.`];
    case 'published':
      return [`The release sync has published ${what}.`];
  }
}

function percent(received: number, size: number): string {
  const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
  return size === 0 ? mib(received) : `${Math.floor((received / size) * 100)} % of ${mib(size)}`;
}
