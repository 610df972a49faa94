import type {
  LeasesView,
  LogPage,
  LogQuery,
  NamedMachine,
  PoweredMachine,
  ReinstallingMachine,
} from '../../model/machine-views.ts';
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
import type { Origin } from '../../model/plan.ts';
import type { PowerAction } from '../../model/power.ts';
import type { FilesView, FileView, Preview, VersionPreview } from '../../model/file-views.ts';
import type { ReleasesView, RolledBack, SyncStarted, SyncSteps } from '../../model/release-views.ts';
import type {
  HealthView,
  RecordedMachine,
  MachinePage,
  MachineQuery,
  MachineView,
  ProfileRow,
  ProfileView,
  WrittenNode,
} from '../../model/views.ts';
import type { PoweredNode } from '../../power/power.ts';
import { pinProfile, rollback } from '../../releases/rollback.ts';
import type { ActivityQuery } from '../../model/operator.ts';
import type { ActivityPage } from '../../model/operator-views.ts';
import { type AccountOperations, createAccountOperations } from './accounts.ts';
import { adopt, type Adoption, installStateOf, release } from './adopt.ts';
import { type Change, createChanges } from './changes.ts';
import type { AdminDeps } from './deps.ts';
import { type FileName, filesView, fileVersion, fileView, previewFile, restoreFile, saveFile } from './files.ts';
import { healthView, journalOff } from './health.ts';
import { leasesInUse, leasesView, listFromFiles, rowFromFiles, shownRow, tagsOf } from './machine-list.ts';
import { machineTexts } from './machine-texts.ts';
import { profileRows, profileView } from './profiles.ts';
import { type Action, bootOnce, factsOfNode, INSTALL_ACTIONS, type InstallAction, onceChoices } from './reinstall.ts';
import { reinstallNow, switchPower } from './power.ts';
import { createReleaseOperations, type ReleaseOperations, unlocked } from './release-operations.ts';
import { releasesView } from './releases.ts';
import { createUploadOperations, type UploadOperations } from './uploads.ts';

/** What the API, the pages and the command line ask; tests give their own. */
export type AdminOperations = Pick<AdminService, keyof AdminService>;

/**
 * Everything that operators see and do, over the other rooms: the API, the pages and the command line are its three
 * faces. It has no life of its own. Throws Failure: `not-found`, `invalid`, `conflict` (the file was changed meanwhile,
 * or a sync runs), `broken`, `unavailable` (the journal is off).
 */
export class AdminService {
  /** Users, their API tokens and sessions. */
  readonly accounts: AccountOperations;
  readonly beginUpload!: UploadOperations['beginUpload'];
  readonly uploadPiece!: UploadOperations['uploadPiece'];
  readonly importUpload!: UploadOperations['importUpload'];
  readonly rollouts!: ReleaseOperations['rollouts'];
  readonly rollout!: ReleaseOperations['rollout'];
  readonly prune!: ReleaseOperations['prune'];
  readonly #deps: AdminDeps;
  readonly #changes: ReturnType<typeof createChanges>;

  constructor(deps: AdminDeps) {
    this.#deps = deps;
    this.#changes = createChanges(deps);
    Object.assign(this, createUploadOperations(deps, this.#changes), createReleaseOperations(deps, this.#changes));
    this.accounts = createAccountOperations(deps);
  }

  // ---- machines; without a journal, what the files tell

  async machines(query: MachineQuery): Promise<MachinePage> {
    const { catalog, journal, marks } = this.#deps;
    const page = journal.status().on
      ? await journal.machines(query)
      : listFromFiles(catalog.current(), marks.all(), query);
    const noJournal = journalOff(this.#deps);
    const machines = await Promise.all(page.machines.map((row) => shownRow(row, this.#deps)));
    const tags = tagsOf(catalog.current());
    return { ...page, machines, tags, ...(await leasesInUse(this.#deps)), ...(noJournal && { noJournal }) };
  }

  /** `origin`: the server's address as the client sees it, because scripts name it. */
  async machine(key: MachineKey, origin: Origin): Promise<MachineView> {
    const history = await this.#historyOf(key);
    if (history === undefined) throw neverSeen(key);
    const row = await shownRow(history.row, this.#deps);
    const facts = { ...factsFrom(row), ...keyFacts(key) };
    const snapshot = this.#deps.catalog.current();
    const texts = await machineTexts(this.#deps, history, { facts, origin });
    const once = onceChoices(snapshot, facts, snapshot.match(facts));
    return { row, boots: history.boots, ...texts, ...(once.length > 0 && { once }) };
  }

  /** What the machine and its installer logged: the newest lines, or those after one. */
  async machineLog(key: MachineKey, query: LogQuery): Promise<LogPage> {
    const { journal, settings } = this.#deps;
    if (!journal.status().on) {
      const off = journalOff(this.#deps) ?? 'nothing is written down (PILOTLIGHT_JOURNAL)';
      return { lines: [], last: query.after ?? 0, off };
    }
    const page = await journal.logLines(key, query);
    if (page === undefined) throw neverSeen(key);
    return settings.syslog === undefined ? { ...page, off: 'no logs are taken: set PILOTLIGHT_SYSLOG, to 514' } : page;
  }

  /** A text that a machine was sent. */
  async sent(digest: string): Promise<string> {
    const text = await this.#deps.journal.sent(digest);
    if (text !== undefined) return Buffer.from(text).toString('utf8');
    throw new Failure('not-found', 'there is no such text any more', { remedy: 'texts are kept for 30 days' });
  }

  /** Writes the machine into the profile's `nodes`, also out of another profile's. Gives what was written. */
  async adopt(adoption: Adoption): Promise<WrittenNode> {
    return await adopt(this.#deps, adoption, await this.#factsOf(adoption.key));
  }

  /** Takes the machine out of its profile's `nodes`. */
  async release(key: MachineKey): Promise<WrittenNode> {
    return await release(this.#deps, key, await this.#factsOf(key));
  }

  /** Lets the installer run once more at the machine's next boot. This and the next two take its key or its node's name. */
  async reinstall(machine: string): Promise<NamedMachine> {
    return await this.#decide('reinstall', machine);
  }

  /** Takes that back. */
  async cancelReinstall(machine: string): Promise<NamedMachine> {
    return await this.#decide('cancelReinstall', machine);
  }

  /**
   * The machine's next boot is this profile's, the one after that its own again. `erase`: where it installs, everything on
   * that disk may go.
   */
  async bootOnce(machine: string, profile: string, erase = false): Promise<NamedMachine> {
    const act: Action['act'] = (deps, named) => bootOnce(deps, named, profile, erase);
    return await this.#enact({ act, action: 'assign', text: `its next boot is ${profile}, once` }, machine);
  }

  /** Takes that back. */
  async cancelBootOnce(machine: string): Promise<NamedMachine> {
    return await this.#decide('cancelBootOnce', machine);
  }

  /** Lets go of an installer that left and has not reported, and of its tries. */
  async releaseClaim(machine: string): Promise<NamedMachine> {
    return await this.#decide('releaseClaim', machine);
  }

  /** Switches the machine on or off, or asks whether it is on. This and the next take its key or its node's name. */
  async power(machine: string, action: PowerAction): Promise<PoweredMachine> {
    return await switchPower(this.#deps, await this.#poweredNode(machine), action);
  }

  /** `reinstall`, the next boot from the network, and the power off and on: no hand is needed. */
  async reinstallNow(machine: string): Promise<ReinstallingMachine> {
    return await reinstallNow(this.#deps, await this.#poweredNode(machine), () => this.#decide('reinstall', machine));
  }

  /** After state/ was lost: what it says now is all there is. False when it was not lost. */
  async acceptState(): Promise<{ readonly accepted: boolean }> {
    const { log, marks } = this.#deps;
    const accepted = await marks.accept();
    if (accepted) log.warn({}, 'an operator accepted the loss of state/: machines may be installed again');
    return { accepted };
  }

  // ---- profiles

  async profiles(): Promise<readonly ProfileRow[]> {
    return await profileRows(this.#deps);
  }

  async profile(name: string): Promise<ProfileView> {
    return await profileView(this.#deps, name);
  }

  // ---- files of profiles, configs and keys; by folder and name

  async files(): Promise<FilesView> {
    return await filesView(this.#deps);
  }

  async file(file: FileName): Promise<FileView> {
    return await fileView(this.#deps, file);
  }

  /** `text` undefined, here and below: it is removed. */
  async previewFile(file: FileName, text: string | undefined): Promise<Preview> {
    return await previewFile(this.#deps, file, text);
  }

  /** `revision` is the one of the text that the change began with; undefined creates the file. */
  async saveFile(file: FileName, text: string | undefined, revision: string | undefined): Promise<Preview> {
    return await saveFile(this.#deps, file, text, revision);
  }

  async fileVersion(file: FileName, version: string): Promise<VersionPreview> {
    return await fileVersion(this.#deps, file, version);
  }

  async restoreFile(file: FileName, version: string, revision: string | undefined): Promise<Preview> {
    return await restoreFile(this.#deps, file, version, revision);
  }

  // ---- releases; the last two throw Failure `conflict` while a sync runs

  async releases(): Promise<ReleasesView> {
    return await releasesView(this.#deps);
  }

  /** Begins a run of the release sync unless one is running. `run` is the one that began, or the one under way. */
  async syncNow(wishes: { readonly allowDowngrade?: boolean } = {}): Promise<SyncStarted> {
    const { sync } = this.#deps;
    return await Promise.resolve({ started: sync.runNow(wishes), run: sync.progress.newest() });
  }

  /**
   * What the newest run has told after step `after` (0: all of it). Waits a few seconds for the next step where there
   * is none. Throws `not-found` for a run that is not the newest.
   */
  async syncSteps(run: number, after: number): Promise<SyncSteps> {
    return await this.#deps.sync.progress.read(run, after);
  }

  async rollback(profile: string, version?: string): Promise<RolledBack> {
    const { catalog, log, settings } = this.#deps;
    const done = unlocked(await rollback(settings, profile, version));
    await catalog.refresh();
    this.#changes.emit('releases');
    log.info({ ...done }, 'a profile was rolled back by an operator');
    return done;
  }

  /** Lets a profile keep its version, or follow its channel again. Gives a line for people. */
  async pin(profile: string, change: 'pin' | 'unpin'): Promise<{ readonly message: string }> {
    const message = unlocked(await pinProfile(this.#deps.settings, profile, change));
    this.#changes.emit('releases');
    this.#deps.log.info({ profile, change, message }, 'a profile was pinned or unpinned by an operator');
    return { message };
  }

  // ---- the server

  /** What operators changed, newest first; `next` is the `after` of the next page. */
  async activities(query: ActivityQuery): Promise<ActivityPage> {
    const noJournal = journalOff(this.#deps);
    if (noJournal !== undefined) return { activities: [], noJournal };
    const activities = await this.#deps.journal.activities(query);
    const last = activities.length === query.limit ? activities.at(-1) : undefined;
    return { activities, ...(last && { next: last.id }) };
  }

  /** The addresses that the DHCP server gave out. */
  async leases(): Promise<LeasesView> {
    return await leasesView(this.#deps);
  }

  async health(): Promise<HealthView> {
    return await healthView(this.#deps);
  }

  /** Called when pages may look different, at most a few times a second; returns what ends it. */
  onChange(listener: (what: Change) => void): () => void {
    return this.#changes.onChange(listener);
  }

  async #historyOf(key: MachineKey): Promise<RecordedMachine | undefined> {
    const { catalog, journal, marks } = this.#deps;
    if (journal.status().on) return await journal.machine(key);
    const row = rowFromFiles(catalog.current(), marks.all(), key);
    return row && { row, boots: [] };
  }

  async #factsOf(key: MachineKey): Promise<MachineFacts> {
    const history = await this.#historyOf(key);
    return { ...(history && factsFrom(history.row)), ...keyFacts(key) };
  }

  async #decide(what: InstallAction, machine: string): Promise<NamedMachine> {
    const { journal, now } = this.#deps;
    const done = await this.#enact(INSTALL_ACTIONS[what], machine);
    // It never was anything else.
    if (what === 'cancelReinstall') journal.record({ kind: 'installed', at: now(), facts: keyFacts(done.key) });
    return done;
  }

  async #enact({ act, action, text }: Action, machine: string): Promise<NamedMachine> {
    const { catalog, journal, log, now } = this.#deps;
    await catalog.refresh();
    const key = parseKey(machine);
    const done = await act(this.#deps, key === undefined ? machine : await this.#markedAs(key));
    const facts = keyFacts(done.key);
    journal.record({ kind: 'operator', at: now(), facts, action, text });
    log.info({ machine: done.key, node: done.name }, text);
    return key === undefined ? done : { ...done, key };
  }

  async #poweredNode(machine: string): Promise<PoweredNode> {
    const snapshot = await this.#deps.catalog.refresh();
    const key = parseKey(machine);
    const named = key === undefined ? factsOfNode(machine, snapshot) : await this.#factsOf(key);
    const found = installStateOf(named, snapshot);
    if (found !== undefined) return found;
    throw new Failure('conflict', `no profile names ${machine.slice(0, 80)}, so its power switch is unknown`, {
      remedy: `\`pilotlight adopt ${key ?? 'MAC'} --profile P\`, and add "power" to the node`,
    });
  }

  /** The key under which its installation is remembered: what its profile knows it by. */
  async #markedAs(key: MachineKey): Promise<MachineKey> {
    const installState = installStateOf(await this.#factsOf(key), this.#deps.catalog.current());
    return (installState && machineKey(nodeFacts(installState.node))) ?? key;
  }
}

function neverSeen(key: MachineKey): Failure {
  return new Failure('not-found', `${key} was never seen, and no profile names it`, {
    remedy: '`pilotlight nodes` and the dashboard list all machines',
  });
}
