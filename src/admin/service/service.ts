import type { Office } from './operations.ts';
import { Failure } from '../../model/failure.ts';
import type { RemovedRelease } from '../../model/office-views.ts';
import type { Locked, SyncEvent } from '../../model/sync-event.ts';
import { pruneImages } from '../../releases/image-commands.ts';
import { pinProfile } from '../../releases/old-app-pin.ts';
import { rollback } from '../../releases/rollback.ts';
import { createChanges } from './changes.ts';
import type { OfficeDeps } from './deps.ts';
import { healthView } from './health-view.ts';
import { machineOffice } from './machines.ts';
import { profileOffice } from './profiles.ts';
import { releasesView } from './releases.ts';

/** Everything that people see and do, over the rooms of the house. It has no life of its own. */
export function createOffice(deps: OfficeDeps): Office {
  const changes = createChanges(deps);
  return {
    ...machineOffice(deps),
    ...profileOffice(deps),
    releases: async () => await releasesView(deps),
    syncNow: (wishes = {}) => Promise.resolve(begin(deps, wishes)),
    syncSteps: async (run, after) => await deps.sync.book.read(run, after),
    async rollback(profile, version) {
      const done = unlocked(await rollback(deps.settings, profile, version));
      await deps.catalog.refresh();
      changes.say('releases');
      deps.log.info({ ...done }, 'a profile was rolled back by an operator');
      return done;
    },
    async pin(profile, change) {
      const message = unlocked(await pinProfile(deps.settings, profile, change));
      changes.say('releases');
      deps.log.info({ profile, change, message }, 'a profile was pinned or unpinned by an operator');
      return { message };
    },
    async prune(keep = deps.settings.sync.keepReleases) {
      const removed: RemovedRelease[] = [];
      const tell = (event: SyncEvent): void => {
        if (event.kind === 'removed') removed.push({ shelf: event.shelf, size: event.size });
      };
      const { settings } = deps;
      unlocked(await pruneImages({ ...settings, sync: { ...settings.sync, keepReleases: keep } }, tell));
      changes.say('releases');
      deps.log.info({ removed }, 'releases that nobody needs were removed by an operator');
      return { removed };
    },
    health: async () => await healthView(deps),
    onChange: (listener) => changes.onChange(listener),
  };
}

function unlocked<T>(done: Locked<T>): T {
  if (done.kind === 'done') return done.value;
  // The message says who is at work, and to wait.
  throw new Failure('conflict', done.message);
}

function begin({ sync }: Pick<OfficeDeps, 'sync'>, wishes: { readonly allowDowngrade?: boolean }) {
  const started = sync.runNow(wishes);
  const run = sync.book.newest();
  return { started, ...(run === undefined ? {} : { run }) };
}
