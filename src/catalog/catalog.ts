import type { Rollouts } from '../model/rollout.ts';
import type { Log, Service } from '../model/service.ts';
import type { DataRoot } from '../files/data-root.ts';
import { openSecrets } from '../files/secret-file.ts';
import type { SecretReader } from '../model/secret.ts';
import { FOLDERS } from './catalog-file.ts';
import { type Attempt, CatalogState, type Drafts } from './catalog-state.ts';
import type { IsDue } from './folder-reader.ts';
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
  /** The rollouts that say which version a machine gets, from now on. */
  follow(rollouts: Rollouts): void;
}

// Editors write in several steps: wait until no more changes are reported, but not for ever.
const QUIET_MS = 50;
const LONGEST_MS = 300;
const POLL_MS = 10_000;
// Where no watcher works, looking often is all there is.
const BLIND_POLL_MS = 1_000;

// Files that are looked at in a poll: 10,000 have had their turn after some minutes, for less than a hundredth of a core.
const AT_POLL = 256;
const AT_LINK_POLL = 32;
/** With so many changes at once others were probably lost. */
const MANY = 1000;

/** Opens the catalog of a data directory. Nothing is read before `start`. */
export function openCatalog(options: CatalogOptions): LivingCatalog {
  const { files, inspector, log, pollMs = POLL_MS, secrets = openSecrets(files, undefined), now = Date.now } = options;
  const state = new CatalogState({ files, inspector, secrets, log, now });
  const listeners = new Set<(snapshot: Snapshot) => void>();
  let current = EMPTY_SNAPSHOT;
  let watching: FolderWatch | undefined;
  let timer: NodeJS.Timeout | undefined;
  let reportedAt: number | undefined;
  let reported = new Reports();
  let running: Promise<unknown> | undefined;
  let stopped = true;

  /** One look at a time: the next begins when this one is done, and sees what came meanwhile. */
  async function refresh(isDue?: IsDue): Promise<Snapshot> {
    const before = running;
    const mine = (async () => {
      await before?.catch(() => undefined);
      // Of a folder that was not watched nothing was reported.
      const isNew = await watching?.refresh();
      const known = state.inside.join('\n');
      let changed = await state.look(isNew === true ? undefined : isDue);
      if (watching !== undefined && state.inside.join('\n') !== known) {
        // A folder that is new was not watched while it was read: what came in the meantime was not reported.
        await watching.refresh();
        changed = (await state.look()) || changed;
      }
      if (changed) publish();
    })();
    running = mine;
    try {
      await mine;
    } finally {
      if (running === mine) running = undefined;
    }
    return current;
  }

  function publish(): void {
    current = state.snapshot;
    for (const listener of [...listeners]) tell(listener);
  }

  function tell(listener: (snapshot: Snapshot) => void): void {
    try {
      listener(current);
    } catch (error) {
      log.error({ err: error }, 'a listener of the catalog failed');
    }
  }

  function onReport(file: string | undefined): void {
    if (stopped) return;
    reported.add(file);
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

  /** Watchers lose changes (a queue that overflows, a network's file system), so every file gets its turn. */
  function dueAtPoll(): IsDue | undefined {
    if (watching?.isBlind() === true) return undefined;
    const some = state.someFiles(state.hasLinks ? AT_LINK_POLL : AT_POLL);
    return (file) => some.has(file);
  }

  /** The owner of all looks in the background: it logs their failures, and always plans the next look. */
  function wake(): void {
    const isReport = reportedAt !== undefined;
    const { isDue } = reported;
    reportedAt = undefined;
    reported = new Reports();
    refresh(isReport ? isDue : dueAtPoll())
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
    refresh: () => refresh(),
    attempt: (drafts) => state.attempt(drafts),
    follow(rollouts) {
      if (state.follow(rollouts)) publish();
    },
  };
}

/** What watchers said since the last look. */
class Reports {
  readonly #files = new Set<string>();
  #all = false;

  add(file: string | undefined): void {
    if (file === undefined || this.#files.size >= MANY) this.#all = true;
    else this.#files.add(file);
  }

  /** A folder that was reported may be another one now, with other files of the same names. */
  readonly isDue: IsDue = (file) =>
    this.#all || this.#files.has(file) || foldersOf(file).some((folder) => this.#files.has(folder));
}

/** `profiles/lab/a.json`: `profiles`, `profiles/lab`. */
function foldersOf(file: string): readonly string[] {
  const steps = file.split('/').slice(0, -1);
  return steps.map((_, at) => steps.slice(0, at + 1).join('/'));
}
