import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { likelyOrigin, readContext } from '../../context/app-context.ts';
import { readLeaseFile } from '../../dhcp/lease-book.ts';
import { Discovery } from '../../etcd/discovery.ts';
import type { DataRoot } from '../../files/data-root.ts';
import { NO_JOURNAL, openJournalDirectly } from '../../journal/create-journal.ts';
import type { Journal } from '../../journal/journal.ts';
import { Failure, unlessFailed } from '../../model/failure.ts';
import type { Activity, Actor } from '../../model/operator.ts';
import { SILENT } from '../../model/service.ts';
import { createPower } from '../../power/power.ts';
import type { Locked } from '../../model/sync-event.ts';
import { pruneImages } from '../../releases/image-commands.ts';
import { pinProfile, rollback } from '../../releases/rollback.ts';
import { syncOnce } from '../../releases/sync-once.ts';
import { type Settings, version } from '../../settings/settings.ts';
import { openUsers } from '../auth/users.ts';
import { nodesOf } from '../service/known-nodes.ts';
import { followEdits } from '../service/actor.ts';
import { guardOperations } from '../service/operations.ts';
import { type AdminOperations, AdminService } from '../service/service.ts';
import { createVendors } from '../service/vendors.ts';
import { type AdminClient, noToken, POLL_MS } from './client.ts';

/** Over the data directory itself, where no server runs. Says nothing by itself and leaves no file that was not there. */
export async function localClient(settings: Settings): Promise<AdminClient> {
  const { files, secrets, catalog, preview, marks, rollouts, imageStore, syncProgress } = await readContext(settings);
  let opened: Promise<{ readonly service: AdminOperations; readonly journal: Journal }> | undefined;
  // What changes releases only needs no journal.
  const open = () => (opened ??= openService());
  const actor = personHere();

  /** What changes releases does not come by the service. */
  async function told<T>(done: Locked<T>, action: string, target: string | undefined, text: (value: T) => string) {
    if (done.kind === 'done') {
      const { journal } = await open();
      journal.activity({ at: Date.now(), who: actor.who, action, target, text: text(done.value) });
    }
    return done;
  }

  async function openService() {
    const journal = await openJournalHere(settings, files);
    const adminService = new AdminService({
      settings,
      files,
      catalog,
      preview,
      journal,
      marks,
      rollouts,
      imageStore,
      accounts: { users: await openUsers({ files, log: SILENT }), sessions: NO_SESSIONS },
      deliveries: { running: () => [] },
      leases: async () => (await readLeaseFile(files, false)).leases,
      power: createPower({ secrets, allowed: settings.powerCommands }),
      sync: { progress: syncProgress, nextRun: () => undefined, runNow: () => false },
      vendorOf: createVendors(),
      log: SILENT,
      version: version(),
      now: Date.now,
      uptime: () => 0,
    });
    followEdits(files);
    const record = (activity: Activity): void => {
      journal.activity(activity);
    };
    return { service: guardOperations(adminService, { actorOf: () => actor, record }), journal };
  }

  /** The journal shows the nodes as the files have them by now. */
  async function withNodes(): Promise<AdminOperations> {
    const { service, journal } = await open();
    if (journal.status().on) {
      journal.know(nodesOf(catalog.current()));
      await journal.flushed();
    }
    return service;
  }

  /** A server that is too busy to answer has the marks in memory: what is written beside it would be lost. */
  async function alone(): Promise<AdminOperations> {
    await marks.start();
    return (await open()).service;
  }

  return {
    at: 'files',
    machines: async (query) => await (await withNodes()).machines(query),
    machine: async (key) => await (await withNodes()).machine(key, likelyOrigin(settings)),
    machineLog: async (key, query) => await (await withNodes()).machineLog(key, query),
    adopt: async (adoption) => await (await open()).service.adopt(adoption),
    reinstall: async (machine) => await (await alone()).reinstall(machine),
    cancelReinstall: async (machine) => await (await alone()).cancelReinstall(machine),
    power: async (machine, action) => await (await open()).service.power(machine, action),
    // Its installer comes from a server.
    reinstallNow: () => Promise.reject(noServer('its installer comes from there')),
    bootOnce: async (machine, profile, erase) => await (await alone()).bootOnce(machine, profile, erase),
    cancelBootOnce: async (machine) => await (await alone()).cancelBootOnce(machine),
    releaseClaim: async (machine) => await (await alone()).releaseClaim(machine),
    acceptState: async () => await (await alone()).acceptState(),
    rollback: async (profile, to) =>
      await told(
        await rollback(settings, profile, to),
        'roll back',
        profileFile(profile),
        (done) => `from ${done.from} to ${done.to}`,
      ),
    pin: async (profile, change) =>
      await told(await pinProfile(settings, profile, change), change, profileFile(profile), (line) => line),
    prune: async (_keep, emit) =>
      await told(await pruneImages(settings, emit), 'prune', undefined, () => 'images that are not needed'),
    sync: async (once) => await told(await syncOnce(settings, once), 'sync', undefined, () => 'a run of the sync'),
    rollouts: async () => await (await open()).service.rollouts(),
    rollout: async (profile, wish) => await (await open()).service.rollout(profile, wish),
    tokens: () => withTokens(settings, files, (discovery) => Promise.resolve(discovery?.all() ?? [])),
    forgetToken: (token) =>
      withTokens(settings, files, async (discovery) => {
        if (discovery === undefined || (await discovery.forget(token)).kind === 'refused') throw noToken(token);
      }),
    accounts: async () => (await open()).service.accounts,
    leases: async () => await (await open()).service.leases(),
    activities: async (query) => await (await open()).service.activities(query),
    loginLink: () => Promise.reject(noServer('a link is for its dashboard')),
    async watch(changed, signal) {
      const over = (): boolean => signal.aborted;
      while (!over()) {
        await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
        if (over()) return;
        await catalog.refresh();
        changed();
      }
    },
    async close() {
      await marks.close();
      if (opened === undefined) return;
      const { journal } = await opened;
      if (journal.status().on) await journal.flushed();
      await journal.stop(AbortSignal.timeout(POLL_MS));
    },
  };
}

function profileFile(profile: string): string {
  return `profiles/${profile}.json`;
}

/** Sessions are a server's. */
const NO_SESSIONS = { list: () => [], end: () => Promise.resolve() };

/** Who may read the data directory is its admin. */
function personHere(): Actor {
  return { role: 'admin', who: `${loginName()} on this host`, by: 'admin token' };
}

/** A container may run under a number that has no name. */
function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${String(process.getuid?.())}`;
  }
}

function noServer(why: string): Failure {
  return new Failure('unavailable', 'no server runs on this data directory', {
    remedy: `start it with \`pilotlight serve\`; ${why}`,
  });
}

const DATABASE = 'state/pilotlight.db';

/**
 * The journal for a command that looks once. Never a new one: a database that root made could not be written by the
 * server's user.
 */
export async function openJournalHere({ journal }: Pick<Settings, 'journal'>, files: DataRoot): Promise<Journal> {
  if (!journal.on || !(await isThere(files))) return NO_JOURNAL;
  return await openJournalDirectly({ file: files.path(DATABASE), days: journal.days, log: SILENT });
}

/** The discovery tokens in the database; undefined where there is none. */
async function withTokens<T>(
  { journal }: Settings,
  files: DataRoot,
  work: (discovery: Discovery | undefined) => Promise<T>,
): Promise<T> {
  if (!(await isThere(files))) return await work(undefined);
  const database = await openJournalDirectly({ file: files.path(DATABASE), days: journal.days, log: SILENT });
  try {
    const discovery = new Discovery({ store: database.discovery, now: Date.now, random: () => '' });
    await discovery.load();
    return await work(discovery);
  } finally {
    await database.stop(new AbortController().signal);
  }
}

async function isThere(files: DataRoot): Promise<boolean> {
  return (await unlessFailed(files.stat(DATABASE))) !== undefined;
}
