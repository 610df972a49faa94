import { Failure } from '../../model/failure.ts';
import {
  factsFrom,
  keyFacts,
  type MachineFacts,
  machineKey,
  type MachineKey,
  nodeFacts,
  parseKey,
} from '../../model/machine.ts';
import type { Locked, SyncEvent } from '../../model/sync-event.ts';
import type { RecordedMachine, RemovedRelease } from '../../model/views.ts';
import { pruneImages } from '../../releases/image-commands.ts';
import { pinProfile, rollback } from '../../releases/rollback.ts';
import { adopt, installStateOf, release } from './adopt.ts';
import { createChanges } from './changes.ts';
import type { ServiceDeps } from './deps.ts';
import { healthView } from './health.ts';
import { listFromFiles, rowFromFiles, shownRow } from './machine-list.ts';
import { machineTexts } from './machine-texts.ts';
import type { AdminService, Named } from './operations.ts';
import { profileOperations } from './profiles.ts';
import { cancelReinstall, reinstall, releaseClaim } from './reinstall.ts';
import { releasesView } from './releases.ts';

/** Everything that people see and do, over the other rooms. It has no life of its own. */
export function createAdminService(deps: ServiceDeps): AdminService {
  const changes = createChanges(deps);
  return {
    ...machineOperations(deps),
    ...profileOperations(deps),
    releases: async () => await releasesView(deps),
    syncNow: (wishes = {}) => Promise.resolve(begin(deps, wishes)),
    syncSteps: async (run, after) => await deps.sync.progress.read(run, after),
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
      const emit = (event: SyncEvent): void => {
        if (event.kind === 'removed') removed.push({ shelf: event.shelf, size: event.size });
      };
      const { settings } = deps;
      unlocked(await pruneImages({ ...settings, sync: { ...settings.sync, keepReleases: keep } }, emit));
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

function begin({ sync }: Pick<ServiceDeps, 'sync'>, wishes: { readonly allowDowngrade?: boolean }) {
  const started = sync.runNow(wishes);
  const run = sync.progress.newest();
  return { started, run };
}

type Machines = Pick<
  AdminService,
  | 'acceptState'
  | 'adopt'
  | 'cancelReinstall'
  | 'machine'
  | 'machines'
  | 'reinstall'
  | 'release'
  | 'releaseClaim'
  | 'sent'
>;

/** Everything about machines. Without a journal there is still what the files tell. */
function machineOperations(deps: ServiceDeps): Machines {
  const { catalog, journal, marks } = deps;

  async function historyOf(key: MachineKey): Promise<RecordedMachine | undefined> {
    if (journal.status().on) return await journal.machine(key);
    const row = rowFromFiles(catalog.current(), marks.all(), key);
    return row === undefined ? undefined : { row, boots: [] };
  }

  async function factsOf(key: MachineKey): Promise<MachineFacts> {
    const history = await historyOf(key);
    return history === undefined ? keyFacts(key) : factsFrom(history.row);
  }

  /** The key under which its installation is remembered: what its profile knows it by. */
  async function markedAs(key: MachineKey): Promise<MachineKey> {
    const installState = installStateOf({ ...(await factsOf(key)), ...keyFacts(key) }, catalog.current());
    return (installState === undefined ? undefined : machineKey(nodeFacts(installState.node))) ?? key;
  }

  async function told(machine: string, what: typeof reinstall, text: string): Promise<Named> {
    await catalog.refresh();
    const key = parseKey(machine);
    const done = await what(deps, key === undefined ? machine : await markedAs(key));
    const action = what === reinstall ? 'reinstall' : 'assign';
    journal.record({ kind: 'operator', at: deps.now(), facts: keyFacts(done.key), action, text });
    // It never was anything else.
    if (what === cancelReinstall) journal.record({ kind: 'installed', at: deps.now(), facts: keyFacts(done.key) });
    deps.log.info({ machine: done.key, node: done.name }, text);
    return key === undefined ? done : { ...done, key };
  }

  return {
    async machines(query) {
      const page = journal.status().on
        ? await journal.machines(query)
        : listFromFiles(catalog.current(), marks.all(), query);
      return { ...page, machines: await Promise.all(page.machines.map((row) => shownRow(row, deps))) };
    },
    async machine(key, origin) {
      const history = await historyOf(key);
      if (history === undefined) throw nobody(key);
      const row = await shownRow(history.row, deps);
      const facts = { ...factsFrom(row), ...keyFacts(key) };
      return { row, boots: history.boots, ...(await machineTexts(deps, history, { facts, origin })) };
    },
    async sent(digest) {
      const text = await journal.sent(digest);
      if (text !== undefined) return Buffer.from(text).toString('utf8');
      throw new Failure('not-found', 'there is no such text any more', { remedy: 'texts are kept for 30 days' });
    },
    adopt: async (adoption) => await adopt({ ...deps, factsOf }, adoption),
    release: async (key) => await release({ ...deps, factsOf }, key),
    reinstall: (machine) =>
      told(machine, reinstall, 'its installer may run once more: it will be erased at its next boot'),
    cancelReinstall: (machine) => told(machine, cancelReinstall, 'it is not installed anew: its disk stays as it is'),
    releaseClaim: (machine) => told(machine, releaseClaim, 'the installer that left for it is let go'),
    async acceptState() {
      const accepted = await marks.accept();
      if (accepted) deps.log.warn({}, 'an operator accepted the loss of state/: machines may be installed again');
      return { accepted };
    },
  };
}

function nobody(key: MachineKey): Failure {
  return new Failure('not-found', `${key} was never seen, and no profile names it`, {
    remedy: '`pilotlight nodes` and the dashboard list all machines',
  });
}
