import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../model/failure.ts';
import type { SyncEnd, SyncSteps } from '../../model/views.ts';
import type { Locked, SyncReport } from '../../model/sync-event.ts';
import type { ApiClient } from './remote.ts';
import type { SyncOnce } from '../../releases/sync-once.ts';
import { parseSyncEvent } from '../../releases/sync-child.ts';

/** `left`: the person no longer watches; the run goes on. */
export type FollowedSync = Locked<SyncReport> | { readonly kind: 'left' };

/** Between two answers: a download of many chunks is not followed chunk by chunk. */
const APART_MS = 200;

/** Has the server that runs make a run of the sync, and tells its steps until its end. Throws Failure as the run did. */
export async function followSync(
  api: Pick<ApiClient, 'get' | 'post'>,
  { signal, tell, options: { allowDowngrade } }: Pick<SyncOnce, 'options' | 'signal' | 'tell'>,
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
      tell(event);
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
