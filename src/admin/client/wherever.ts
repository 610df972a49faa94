import { Failure, failureLine } from '../../model/failure.ts';
import type { RemovedRelease, RolledBack } from '../../model/views.ts';
import type { Locked, SyncEvent } from '../../model/sync-event.ts';
import type { Settings } from '../../settings/settings.ts';
import type { ApiClient } from './remote.ts';
import { runningApi } from './open-client.ts';

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

/** Takes away what nothing needs, and tells it. `keep`: as a person said; else the settings of who does it count. */
export async function pruneWherever(
  settings: Settings,
  keep: number | undefined,
  tell: (event: SyncEvent) => void,
): Promise<Locked<unknown>> {
  return await wherever<unknown>(
    settings,
    async (api) => {
      const answer = await api.post('/releases/prune', keep === undefined ? {} : { keep });
      const { removed } = answer as { readonly removed: readonly RemovedRelease[] };
      for (const one of removed) tell({ kind: 'removed', shelf: one.shelf, size: one.size });
    },
    async () => (await import('../../releases/image-commands.ts')).pruneImages(settings, tell),
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
    if (error instanceof Failure && error.code === 'conflict') return { kind: 'busy', message: failureLine(error) };
    throw error;
  }
}

function of(profile: string, what: string): string {
  return `/profiles/${encodeURIComponent(profile)}/${what}`;
}
