import type { DataRoot } from '../files/data-root.ts';
import { folderFault } from '../files/folder.ts';
import {
  areSame,
  distinct,
  type FileDiagnostic,
  isError,
  placeText,
  problemLine,
  unlessFailed,
} from '../model/failure.ts';
import type { SecretReader } from '../model/secret.ts';
import type { Rollouts } from '../model/rollout.ts';
import type { Log } from '../model/service.ts';
import { FILE_KINDS } from './catalog-file.ts';
import { sharedByProfiles } from './claims.ts';
import {
  aroundOf,
  type Choice,
  decide,
  type Decision,
  heldMachines,
  incomplete,
  type Slots,
  unreadKeepers,
} from './decide.ts';
import { EMPTY_FOLDER, type FolderKind, type FolderState, type IsDue, readFolder } from './folder-reader.ts';
import { createInspection, type Inspection } from './inspection.ts';
import { createProfileCheck, type ProfileCheck } from './profile-schema.ts';
import { readDocument, readKey, type Slot } from './read-document.ts';
import { IMPORT_MATCHBOX, readProfile, type ReadProfile } from './read-profile.ts';
import { readSecrets, secretFolders } from './read-secrets.ts';
import { isSameChoice as isSameRollout } from './rollout-choice.ts';
import {
  EMPTY_SNAPSHOT,
  type Inspector,
  makeSnapshot,
  namedDocuments,
  type Secrets,
  type Snapshot,
  type SourceDocument,
  type SshKey,
} from './snapshot.ts';

/** Files as they would be, by `profiles/NAME.json`, `configs/NAME`, `sshkeys/NAME.pub`; undefined: taken away. */
export type Drafts = ReadonlyMap<string, Buffer | undefined>;

/** What would follow if drafts were saved. */
export interface Attempt {
  /** With an error among them, at least one of the drafts would not come into force. */
  readonly problems: readonly FileDiagnostic[];
  readonly snapshot: () => Snapshot;
}

interface StateOptions {
  readonly files: DataRoot;
  readonly secrets: SecretReader;
  readonly inspector: Inspector;
  readonly log: Log;
  readonly now: () => number;
}

/** The folders as they were read last, and the snapshot that follows from them. Knows nothing of watching. */
export class CatalogState {
  readonly #options: StateOptions;
  readonly #inspection: Inspection;
  readonly #check = createProfileCheck();
  #profiles: FolderState<ReadProfile> = EMPTY_FOLDER;
  #documents: FolderState<SourceDocument> = EMPTY_FOLDER;
  #keys: FolderState<SshKey> = EMPTY_FOLDER;
  #secrets: Secrets = new Map();
  /** Of images/, without which nothing boots, and of folders that mean something to another server. */
  #beside: readonly FileDiagnostic[] = [];
  #change = 0;
  #turn = 0;
  #choice: Choice | undefined;
  #rollouts: Rollouts = new Map();
  #decision: Decision | undefined;
  #snapshot = EMPTY_SNAPSHOT;

  constructor(options: StateOptions) {
    this.#options = options;
    this.#inspection = createInspection(options.inspector, options.log);
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Whether any file lies elsewhere, behind a link. */
  get hasLinks(): boolean {
    return [this.#profiles, this.#documents, this.#keys].some(({ entries }) =>
      [...entries.values()].some(({ linked }) => linked),
    );
  }

  /** The folders in those folders, and those that hold secrets. */
  get inside(): readonly string[] {
    const inside = [this.#profiles, this.#documents, this.#keys].flatMap((folder) => folder.inside);
    return [...inside, ...secretFolders(this.#secrets)];
  }

  /**
   * What would follow if these files were saved on top of what was read last, by the same reading and the same decision
   * as if they were: what is wrong with them, with the documents that they name, and what they would break elsewhere.
   * Nothing is read from the disk.
   */
  attempt(drafts: Drafts): Attempt {
    const slots = this.#slots();
    const kinds = kindsOf(this.#check);
    const [change, now] = [this.#change + 1, this.#options.now()];
    const profiles = withDrafts(slots.profiles, kinds.profiles, drafts, { change, now });
    const documents = withDrafts(slots.documents, kinds.documents, drafts, { change, now });
    const keys = withDrafts(slots.keys, kinds.keys, drafts, { change, now });
    const tried = { ...slots, profiles: profiles.all, documents: documents.all, keys: keys.all };
    const decision = decide(tried, this.#inspection);
    const around = aroundOf(decision);
    const about = new Set(drafts.keys());
    // What a profile lacks, or shares, is an error, but does not keep it from coming into force.
    const lacks = new Set<string>();
    for (const read of profiles.drafted.flatMap(({ latest }) => latest.thing ?? [])) {
      for (const { document } of namedDocuments(read.profile, around.documents)) about.add(document.file);
    }
    for (const problem of sharedByProfiles([...decision.profiles.values()])) lacks.add(problemLine(problem));
    for (const read of decision.profiles.values()) {
      if (!drafts.has(read.profile.file)) continue;
      for (const problem of incomplete(read, around, this.#inspection)) lacks.add(problemLine(problem));
    }
    const known = new Set(this.#snapshot.problems.map(problemLine));
    const found = decision.problems
      .filter((problem) => about.has(problem.place.file) || !known.has(problemLine(problem)))
      .map((problem) => (lacks.has(problemLine(problem)) ? { ...problem, severity: 'warning' as const } : problem));
    const idle = [
      ...idleAmong(profiles.drafted, decision.profiles),
      ...idleAmong(documents.drafted, decision.documents),
      ...idleAmong(keys.drafted, decision.keys),
    ];
    const problems = [...distinct(found), ...(found.some(isError) ? [] : idle)];
    const snapshot = (): Snapshot =>
      snapshotOf(this.#snapshot.generation + 1, tried.profiles, decision, this.#rollouts);
    return { problems, snapshot };
  }

  /** Some of the files, others at each call, all of them in turn. */
  someFiles(count: number): ReadonlySet<string> {
    const files = [this.#profiles, this.#documents, this.#keys]
      .flatMap(({ entries }) => [...entries.values()].map(({ slot }) => slot.file))
      .sort();
    if (this.#turn >= files.length) this.#turn = 0;
    const some = files.slice(this.#turn, this.#turn + count);
    this.#turn += count;
    return new Set(some);
  }

  /** Reads what changed; true when there is a new snapshot. Not to be called while a call is running. */
  async look(isDue: IsDue = () => true): Promise<boolean> {
    const { files, now, secrets: reader } = this.#options;
    const kinds = kindsOf(this.#check);
    this.#change += 1;
    const stamp = { change: this.#change, now, isDue };
    this.#profiles = await readFolder(files, kinds.profiles, this.#profiles, stamp);
    this.#documents = await readFolder(files, kinds.documents, this.#documents, stamp);
    this.#keys = await readFolder(files, kinds.keys, this.#keys, stamp);
    const folders = [this.#profiles, this.#documents, this.#keys];
    const profiles = [...this.#profiles.entries.values()].flatMap(({ slot: { latest, inForce } }) => [
      ...(latest.thing === undefined ? [] : [latest.thing]),
      ...(inForce === undefined || inForce === latest.thing ? [] : [inForce]),
    ]);
    const secrets = await readSecrets(reader, profiles, this.#secrets);
    const beside = [...(await imagesProblem(files)), ...(await matchboxGroups(files))];
    const isSame = areSame(beside, this.#beside) && secrets === this.#secrets;
    this.#beside = beside;
    this.#secrets = secrets;
    if (this.#choice !== undefined && isSame && !folders.some(({ changed }) => changed)) return false;
    return this.#decide([...folders.flatMap(({ problems }) => problems), ...beside]);
  }

  #decide(ofFolders: readonly FileDiagnostic[]): boolean {
    const slots = this.#slots();
    const { problems: ofFiles, ...choice } = decide(slots, this.#inspection);
    const problems = inOrder([...ofFolders, ...ofFiles]);
    this.#decision = { ...choice, problems };
    const before = this.#choice;
    this.#choice = choice;
    settle(slots.profiles, choice.profiles);
    settle(slots.documents, choice.documents);
    settle(slots.keys, choice.keys);
    const isSame = before !== undefined && isSameChoice(before, choice);
    if (isSame && areSame(problems, this.#snapshot.problems)) return false;
    this.#report(problems);
    this.#snapshot = snapshotOf(this.#snapshot.generation + 1, slots.profiles, this.#decision, this.#rollouts);
    return true;
  }

  /** True when there is a new snapshot: which version a machine gets is part of its generation. */
  follow(rollouts: Rollouts): boolean {
    const names = new Set([...this.#rollouts.keys(), ...rollouts.keys()]);
    const isSame = [...names].every((name) => isSameRollout(this.#rollouts.get(name), rollouts.get(name)));
    this.#rollouts = rollouts;
    if (isSame || this.#decision === undefined) return false;
    this.#snapshot = snapshotOf(this.#snapshot.generation + 1, this.#slots().profiles, this.#decision, rollouts);
    return true;
  }

  #slots(): Slots {
    return {
      profiles: slotsOf(this.#profiles),
      documents: slotsOf(this.#documents),
      keys: slotsOf(this.#keys),
      secrets: this.#secrets,
    };
  }

  /** Says what is new and what is over, once. */
  #report(problems: readonly FileDiagnostic[]): void {
    const { log } = this.#options;
    const known = new Set(this.#snapshot.problems.map(problemLine));
    const now = new Set(problems.map(problemLine));
    for (const problem of problems) {
      if (known.has(problemLine(problem))) continue;
      const { severity, message, place, remedy } = problem;
      const level = severity === 'error' ? 'error' : 'warn';
      log[level]({ place: placeText(place), problem: message, remedy }, 'a file has a problem');
    }
    for (const problem of this.#snapshot.problems) {
      if (now.has(problemLine(problem))) continue;
      log.info({ place: placeText(problem.place), problem: problem.message }, 'a problem of a file is over');
    }
  }
}

function snapshotOf(
  generation: number,
  profiles: readonly Slot<ReadProfile>[],
  decision: Decision,
  rollouts: Rollouts,
): Snapshot {
  const held = heldMachines(profiles, decision, decision.problems);
  return makeSnapshot(generation, { ...decision, held, keepers: unreadKeepers(profiles, decision) }, rollouts);
}

/** The files of a folder as they would be, and those among them that are drafts. */
function withDrafts<T>(
  slots: readonly Slot<T>[],
  kind: FolderKind<T>,
  drafts: Drafts,
  { change, now }: { readonly change: number; readonly now: number },
): { readonly all: readonly Slot<T>[]; readonly drafted: readonly Slot<T>[] } {
  const drafted = [...drafts].flatMap(([file, bytes]): Slot<T>[] => {
    if (bytes === undefined || !file.startsWith(`${kind.folder}/`)) return [];
    const before = slots.find((slot) => slot.file === file);
    return [{ file, changed: change, latest: kind.parse(file, { bytes, mtimeMs: now }), inForce: before?.inForce }];
  });
  return { all: byFile([...slots.filter(({ file }) => !drafts.has(file)), ...drafted]), drafted };
}

/** Drafts that would not come into force although nothing says why. */
function idleAmong<T>(drafted: readonly Slot<T>[], inForce: ReadonlyMap<Slot<T>, unknown>): readonly FileDiagnostic[] {
  return drafted
    .filter((slot) => slot.latest.thing === undefined || inForce.get(slot) !== slot.latest.thing)
    .map(notInForce);
}

async function imagesProblem(files: DataRoot): Promise<readonly FileDiagnostic[]> {
  const fault = await folderFault(files, 'images');
  if (fault === undefined) return [];
  const { message, remedy } = fault;
  return [{ severity: 'error', message, place: { file: 'images' }, remedy }];
}

async function matchboxGroups(files: DataRoot): Promise<readonly FileDiagnostic[]> {
  const listing = await unlessFailed(files.list('groups'));
  if (listing?.names.some((name) => name.endsWith('.json')) !== true) return [];
  const message = 'is a folder of matchbox, and nothing here reads it: its groups select no machine';
  return [{ severity: 'warning', message, place: { file: 'groups' }, remedy: IMPORT_MATCHBOX }];
}

function kindsOf(check: ProfileCheck): {
  readonly profiles: FolderKind<ReadProfile>;
  readonly documents: FolderKind<SourceDocument>;
  readonly keys: FolderKind<SshKey>;
} {
  return {
    profiles: {
      folder: 'profiles',
      ...FILE_KINDS.profiles,
      nearly: /\.(?:json[5c]?|json\.txt|ya?ml|toml)$/i,
      parse: (file, { bytes }) => readProfile(file, bytes, check),
    },
    documents: {
      folder: 'configs',
      ...FILE_KINDS.configs,
      parse: (file, { bytes, mtimeMs }) => readDocument(file, bytes, mtimeMs),
    },
    keys: {
      folder: 'sshkeys',
      ...FILE_KINDS.sshkeys,
      nearly: /\.(?:pub|pub\.txt|pem)$/i,
      parse: (file, { bytes }) => readKey(file, bytes),
    },
  };
}

function slotsOf<T>(folder: FolderState<T>): readonly Slot<T>[] {
  return byFile([...folder.entries.values()].map(({ slot }) => slot));
}

function byFile<T>(slots: readonly Slot<T>[]): readonly Slot<T>[] {
  return slots.toSorted((a, b) => (a.file < b.file ? -1 : 1));
}

function settle<T>(slots: readonly Slot<T>[], choice: ReadonlyMap<Slot<T>, T>): void {
  for (const slot of slots) slot.inForce = choice.get(slot);
}

/** By file and line. */
function inOrder(problems: readonly FileDiagnostic[]): readonly FileDiagnostic[] {
  return distinct(problems).toSorted(
    (a, b) =>
      compare(a.place.file, b.place.file) ||
      compare(a.place.line ?? 0, b.place.line ?? 0) ||
      compare(a.place.column ?? 0, b.place.column ?? 0) ||
      compare(a.message, b.message),
  );
}

function compare<T>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isSameChoice(a: Choice, b: Choice): boolean {
  if (a.secrets !== b.secrets) return false;
  return (['profiles', 'documents', 'keys'] as const).every((kind) => {
    const [old, now] = [[...a[kind].values()], [...b[kind].values()]];
    return old.length === now.length && old.every((thing, index) => thing === now[index]);
  });
}

/** A file that is left out for its name: on disk only a warning, here the reason why it would be of no use. */
function notInForce({ file, latest }: Slot<unknown>): FileDiagnostic {
  const [why] = latest.problems;
  return { message: 'would not come into force', place: { file }, ...why, severity: 'error' };
}
