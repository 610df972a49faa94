import type { Log, Service } from '../model/service.ts';
import type { DataRoot } from '../files/data-root.ts';
import { openSecrets } from '../files/secret-file.ts';
import type { SecretReader } from '../model/secret.ts';
import { FOLDERS } from './catalog-file.ts';
import { type Attempt, CatalogState, type Drafts } from './catalog-state.ts';
import { createFolderWatch, type FolderWatch, systemWatch, type Watch } from './folder-watch.ts';
import { type Catalog, EMPTY_SNAPSHOT, type Inspector, type Snapshot } from './snapshot.ts';

export interface CatalogOptions {
  readonly files: DataRoot;
  readonly inspector: Inspector;
  /** Without credentials of systemd unless another is handed in. */
  readonly secrets?: SecretReader;
  readonly log: Log;
  /** The system's watchers unless a test brings its own. */
  readonly watch?: Watch;
  /** The wall clock in milliseconds, to be compared with the times of files. */
  readonly now?: () => number;
  /** How often everything is looked at again although no watcher reported a change. */
  readonly pollMs?: number;
}

/** The catalog with its life. Before `start` it is empty. */
export interface LivingCatalog extends Catalog, Service {
  /** Looks at the folders now; resolves when what is there is in force. */
  refresh(): Promise<Snapshot>;
  /** What would follow if these files were saved, on top of what was read last. */
  attempt(drafts: Drafts): Attempt;
}

// Editors write in several steps: wait until no more changes are reported, but not for ever.
const QUIET_MS = 50;
const LONGEST_MS = 300;
const POLL_MS = 10_000;
// Where no watcher works, looking often is all there is.
const BLIND_POLL_MS = 1_000;

/** Opens the catalog of a data directory. Nothing is read before `start`. */
export function openCatalog(options: CatalogOptions): LivingCatalog {
  const { files, inspector, log, pollMs = POLL_MS, secrets = openSecrets(files, undefined), now = Date.now } = options;
  const state = new CatalogState({ files, inspector, secrets, log, now });
  const listeners = new Set<(snapshot: Snapshot) => void>();
  let current = EMPTY_SNAPSHOT;
  let watching: FolderWatch | undefined;
  let timer: NodeJS.Timeout | undefined;
  let reportedAt: number | undefined;
  let running: Promise<unknown> | undefined;
  let stopped = true;

  /** One look at a time: the next begins when this one is done, and sees what came meanwhile. */
  async function refresh(): Promise<Snapshot> {
    const before = running;
    const mine = (async () => {
      await before?.catch(() => undefined);
      await watching?.refresh();
      const known = state.inside.join('\n');
      let changed = await state.look();
      if (watching !== undefined && state.inside.join('\n') !== known) {
        // A folder that is new was not watched while it was read: what came in the meantime was not reported.
        await watching.refresh();
        changed = (await state.look()) || changed;
      }
      if (!changed) return;
      current = state.snapshot;
      for (const listener of [...listeners]) tell(listener);
    })();
    running = mine;
    try {
      await mine;
    } finally {
      if (running === mine) running = undefined;
    }
    return current;
  }

  function tell(listener: (snapshot: Snapshot) => void): void {
    try {
      listener(current);
    } catch (error) {
      log.error({ err: error }, 'a listener of the catalog failed');
    }
  }

  function onReport(): void {
    if (stopped) return;
    const now = performance.now();
    reportedAt ??= now;
    schedule(Math.max(0, Math.min(QUIET_MS, reportedAt + LONGEST_MS - now)));
  }

  function schedule(delay: number): void {
    clearTimeout(timer);
    timer = setTimeout(wake, delay);
    timer.unref();
  }

  /** The next look although nothing was reported. What was reported is planned already, and sooner. */
  function planPoll(): void {
    if (stopped || reportedAt !== undefined) return;
    const often = watching?.isBlind() === true || state.hasLinks;
    schedule(often ? Math.min(BLIND_POLL_MS, pollMs) : pollMs);
  }

  /** The owner of all looks in the background: it logs their failures, and always plans the next look. */
  function wake(): void {
    reportedAt = undefined;
    refresh()
      .catch((error: unknown) => {
        log.error({ err: error }, 'the catalog could not be read again');
      })
      .finally(planPoll);
  }

  return {
    name: 'catalog',
    async start() {
      stopped = false;
      // First the watchers, then the files: an edit in between is reported.
      watching = createFolderWatch(files, () => [...FOLDERS, ...state.inside], options.watch ?? systemWatch, onReport);
      await refresh();
      const { generation, profiles, problems } = current;
      log.info({ generation, profiles: profiles.size, problems: problems.length }, 'catalog read');
      planPoll();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      watching?.close();
      await running?.catch(() => undefined);
    },
    current: () => current,
    onChange(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    refresh,
    attempt: (drafts) => state.attempt(drafts),
  };
}
