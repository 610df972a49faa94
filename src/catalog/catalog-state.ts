import type { Log } from '../model/service.ts';
import { placeText, type FileDiagnostic, problemLine } from '../model/failure.ts';
import { MAX_PROFILE_BYTES } from '../model/profile.ts';
import type { DataRoot } from '../files/data-root.ts';
import { folderFault } from '../files/folder.ts';
import { type Choice, decide, type Slots } from './decide.ts';
import { EMPTY_FOLDER, type FolderKind, type FolderState, readFolder } from './folder-reader.ts';
import { createInspection, type Inspection } from './inspection.ts';
import { EMPTY_SNAPSHOT, makeSnapshot } from './make-snapshot.ts';
import { createProfileCheck, type ProfileCheck } from './profile-schema.ts';
import { readDocument, readKey, type Slot } from './read-document.ts';
import { readProfile, type ReadProfile } from './read-profile.ts';
import type { Inspector, Snapshot, SourceDocument, SshKey } from './snapshot.ts';
import { type Drafts, tryProfiles } from './try-profile.ts';

/** What the catalog reads, below the data directory. */
export const FOLDERS = ['profiles', 'configs', 'sshkeys'] as const;

const MIB = 1024 * 1024;

interface StateOptions {
  readonly files: DataRoot;
  readonly inspector: Inspector;
  readonly log: Log;
  readonly now: () => number;
}

/** The folders as they were read last, and the snapshot that follows from them. Knows nothing of watching. */
export class CatalogState {
  readonly #options: StateOptions;
  readonly #inspection: Inspection;
  #check: ProfileCheck | undefined;
  #kinds: ReturnType<typeof kindsOf> | undefined;
  #profiles: FolderState<ReadProfile> = EMPTY_FOLDER;
  #documents: FolderState<SourceDocument> = EMPTY_FOLDER;
  #keys: FolderState<SshKey> = EMPTY_FOLDER;
  /** Without them nothing boots, so what is wrong with their folder is said with the rest. */
  #images: FileDiagnostic | undefined;
  #change = 0;
  #choice: Choice | undefined;
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

  /** The folders in those folders. */
  get inside(): readonly string[] {
    return [this.#profiles, this.#documents, this.#keys].flatMap(({ inside }) => inside);
  }

  /** What would be wrong if these files were saved on top of what was read last. */
  attempt(drafts: Drafts): readonly FileDiagnostic[] {
    this.#check ??= createProfileCheck();
    const { problems: known } = this.#snapshot;
    return tryProfiles(drafts, {
      slots: this.#slots(),
      inspection: this.#inspection,
      check: this.#check,
      known,
      change: this.#change + 1,
    });
  }

  /** Reads what changed; true when there is a new snapshot. Not to be called while a call is running. */
  async look(): Promise<boolean> {
    const { files, now } = this.#options;
    const kinds = (this.#kinds ??= kindsOf((this.#check ??= createProfileCheck())));
    this.#change += 1;
    const stamp = { change: this.#change, now };
    this.#profiles = await readFolder(files, kinds.profiles, this.#profiles, stamp);
    this.#documents = await readFolder(files, kinds.documents, this.#documents, stamp);
    this.#keys = await readFolder(files, kinds.keys, this.#keys, stamp);
    const folders = [this.#profiles, this.#documents, this.#keys];
    const images = await imagesProblem(files);
    const isSame = images?.message === this.#images?.message;
    this.#images = images;
    if (this.#choice !== undefined && isSame && !folders.some(({ changed }) => changed)) return false;
    return this.#decide([...folders.flatMap(({ problems }) => problems), ...(images === undefined ? [] : [images])]);
  }

  #decide(ofFolders: readonly FileDiagnostic[]): boolean {
    const slots = this.#slots();
    const { problems: ofFiles, ...choice } = decide(slots, this.#inspection);
    const problems = inOrder([...ofFolders, ...ofFiles]);
    const before = this.#choice;
    this.#choice = choice;
    settle(slots.profiles, choice.profiles);
    settle(slots.documents, choice.documents);
    settle(slots.keys, choice.keys);
    if (before !== undefined && isSameChoice(before, choice) && isSameList(problems, this.#snapshot.problems))
      return false;
    this.#report(problems);
    this.#snapshot = makeSnapshot(this.#snapshot.generation + 1, slots, { ...choice, problems });
    return true;
  }

  #slots(): Slots {
    return { profiles: sorted(this.#profiles), documents: sorted(this.#documents), keys: sorted(this.#keys) };
  }

  /** Says what is new and what is over, once. */
  #report(problems: readonly FileDiagnostic[]): void {
    const { log } = this.#options;
    const known = new Set(this.#snapshot.problems.map(problemLine));
    const now = new Set(problems.map(problemLine));
    for (const problem of problems) {
      if (known.has(problemLine(problem))) continue;
      const { severity, message, place, remedy } = problem;
      log.warn({ severity, place: placeText(place), problem: message, remedy }, 'problem in the catalog');
    }
    for (const problem of this.#snapshot.problems) {
      if (now.has(problemLine(problem))) continue;
      log.info({ place: placeText(problem.place), problem: problem.message }, 'problem in the catalog is over');
    }
  }
}

async function imagesProblem(files: DataRoot): Promise<FileDiagnostic | undefined> {
  const fault = await folderFault(files, 'images');
  if (fault === undefined) return undefined;
  const { message, remedy } = fault;
  return { severity: 'error', message, place: { file: 'images' }, remedy };
}

function kindsOf(check: ProfileCheck): {
  readonly profiles: FolderKind<ReadProfile>;
  readonly documents: FolderKind<SourceDocument>;
  readonly keys: FolderKind<SshKey>;
} {
  return {
    profiles: {
      folder: 'profiles',
      ending: '.json',
      nearly: /\.(?:json[5c]?|ya?ml|toml)$/i,
      maxBytes: MAX_PROFILE_BYTES,
      parse: (file, { bytes }) => readProfile(file, bytes, check),
    },
    documents: {
      folder: 'configs',
      ending: '',
      maxBytes: 4 * MIB,
      parse: (file, { bytes, mtimeMs }) => readDocument(file, bytes, mtimeMs),
    },
    keys: {
      folder: 'sshkeys',
      ending: '.pub',
      nearly: /\.(?:pub|pub\.txt|pem)$/i,
      maxBytes: MIB / 16,
      parse: (file, { bytes }) => readKey(file, bytes),
    },
  };
}

function sorted<T>(folder: FolderState<T>): readonly Slot<T>[] {
  return [...folder.entries.values()].map(({ slot }) => slot).sort((a, b) => (a.file < b.file ? -1 : 1));
}

function settle<T>(slots: readonly Slot<T>[], choice: ReadonlyMap<Slot<T>, T>): void {
  for (const slot of slots) slot.inForce = choice.get(slot);
}

/** By file and line; what is said twice (by two profiles of one document) is said once. */
function inOrder(problems: readonly FileDiagnostic[]): readonly FileDiagnostic[] {
  const once = [...new Map(problems.map((problem) => [problemLine(problem), problem])).values()];
  return once.sort(
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
  return (['profiles', 'documents', 'keys'] as const).every((kind) => {
    const [old, now] = [[...a[kind].values()], [...b[kind].values()]];
    return old.length === now.length && old.every((thing, index) => thing === now[index]);
  });
}

function isSameList(a: readonly FileDiagnostic[], b: readonly FileDiagnostic[]): boolean {
  return (
    a.length === b.length && a.every((problem, index) => problemLine(problem) === problemLine(b[index] ?? problem))
  );
}
