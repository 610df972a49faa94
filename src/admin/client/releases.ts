import { setTimeout as sleep } from 'node:timers/promises';
import { asFailure, Failure, failureLine } from '../../model/failure.ts';
import { type Locked, parseSyncEvent, type SyncEvent, type SyncReport } from '../../model/sync-event.ts';
import type { RemovedRelease, RolledBack, SyncEnd, SyncSteps } from '../../model/views.ts';
import type { SyncOnce } from '../../releases/sync-once.ts';
import type { Settings } from '../../settings/settings.ts';
import { runningApi } from './open-client.ts';
import type { ApiClient } from './remote.ts';

// What changes releases and what holds them: by the server that runs on the data directory, so that its log and its
// pages have it, else by this process.

/** Lets a profile boot the release before, or the named one. */
export async function rollbackWherever(
  settings: Settings,
  profile: string,
  version: string | undefined,
): Promise<Locked<RolledBack>> {
  return await wherever(
    settings,
    async (api) => (await api.post(of(profile, 'rollback'), version === undefined ? {} : { version })) as RolledBack,
    async () => (await import('../../releases/rollback.ts')).rollback(settings, profile, version),
  );
}

/** Lets a profile keep its version, or follow its channel again. Gives one line for people. */
export async function pinWherever(
  settings: Settings,
  profile: string,
  change: 'pin' | 'unpin',
): Promise<Locked<string>> {
  return await wherever(
    settings,
    async (api) => ((await api.post(of(profile, change), {})) as { readonly message: string }).message,
    async () => (await import('../../releases/rollback.ts')).pinProfile(settings, profile, change),
  );
}

/** Takes away what nothing needs. `keep`: as the command line said; else the settings of the process that does it count. */
export async function pruneWherever(
  settings: Settings,
  keep: number | undefined,
  emit: (event: SyncEvent) => void,
): Promise<Locked<unknown>> {
  return await wherever<unknown>(
    settings,
    async (api) => {
      const answer = await api.post('/releases/prune', keep === undefined ? {} : { keep });
      const { removed } = answer as { readonly removed: readonly RemovedRelease[] };
      for (const one of removed) emit({ kind: 'removed', shelf: one.shelf, size: one.size });
    },
    async () => (await import('../../releases/image-commands.ts')).pruneImages(settings, emit),
  );
}

async function wherever<T>(
  settings: Settings,
  there: (api: ApiClient) => Promise<T>,
  here: () => Promise<Locked<T>>,
): Promise<Locked<T>> {
  const api = await runningApi(settings);
  if (api === undefined) return await here();
  try {
    return { kind: 'done', value: await there(api) };
  } catch (error) {
    // Another process is at it: a script may try again later.
    const failure = asFailure(error);
    if (failure.code !== 'conflict') throw error;
    return { kind: 'busy', message: failureLine(failure) };
  }
}

function of(profile: string, what: string): string {
  return `/profiles/${encodeURIComponent(profile)}/${what}`;
}

/** `left`: the person no longer watches; the run goes on. */
export type FollowedSync = Locked<SyncReport> | { readonly kind: 'left' };

/** Between two answers: a download of many chunks is not followed chunk by chunk. */
const APART_MS = 200;

/** Has the server that runs make a run of the sync, and tells its steps until its end. Throws Failure as the run did. */
export async function followSync(
  api: Pick<ApiClient, 'get' | 'post'>,
  { signal, emit, options: { allowDowngrade } }: Pick<SyncOnce, 'options' | 'signal' | 'emit'>,
): Promise<FollowedSync> {
  const begun = (await api.post('/sync', allowDowngrade === true ? { allowDowngrade } : {})) as Begun;
  const { started, run } = begun;
  if (!started || run === undefined) return { kind: 'busy', message: busyText(begun) };
  let report: SyncReport | undefined;
  let after = 0;
  for (;;) {
    const news = await unlessLeft(signal, () => api.get(`/sync/steps?run=${run}&after=${after}`, signal));
    if (news === undefined) return { kind: 'left' };
    const { steps, last, end } = news as SyncSteps;
    for (const step of steps) {
      const event = parseSyncEvent(step);
      if (event === undefined) continue;
      emit(event);
      if (event.kind === 'done') report = event.report;
    }
    after = last;
    if (end !== undefined) return ended(end, report);
    await unlessLeft(signal, () => sleep(APART_MS, undefined, { signal }));
  }
}

interface Begun {
  readonly started: boolean;
  readonly run?: number;
}

function busyText({ run }: Begun): string {
  if (run === undefined) return 'the server begins no sync now: it is stopping';
  return `a sync of the server is running already, since ${new Date(run).toISOString()}`;
}

function ended(end: SyncEnd, report: SyncReport | undefined): Locked<SyncReport> {
  if (end.kind === 'busy') return { kind: 'busy', message: end.message };
  if (end.kind === 'done' && report !== undefined) return { kind: 'done', value: report };
  throw new Failure(
    'unavailable',
    `the sync of the server ended early: ${end.kind === 'done' ? 'no report' : end.message}`,
  );
}

async function unlessLeft(signal: AbortSignal, work: () => Promise<unknown>): Promise<unknown> {
  try {
    return signal.aborted ? undefined : await work();
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}
