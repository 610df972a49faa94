import { type FileDiagnostic, isError, placeText } from '../model/failure.ts';
import { claimProblem, findConflicts, missingReferences, sharedByProfiles } from './claims.ts';
import {
  type Around,
  namedDocuments,
  type Secrets,
  type SourceDocument,
  type SshKey,
  type UnreadKeeper,
} from './snapshot.ts';
import type { Inspection } from './inspection.ts';
import { type ReadProfile } from './read-profile.ts';
import type { Slot } from './read-document.ts';

/** All that is known of the three folders, and of the secrets that profiles ask for. */
export interface Slots {
  readonly profiles: readonly Slot<ReadProfile>[];
  readonly documents: readonly Slot<SourceDocument>[];
  readonly keys: readonly Slot<SshKey>[];
  readonly secrets: Secrets;
}

/** The version of each file that shall be in force; files without one are absent. */
export interface Choice {
  readonly profiles: ReadonlyMap<Slot<ReadProfile>, ReadProfile>;
  readonly documents: ReadonlyMap<Slot<SourceDocument>, SourceDocument>;
  readonly keys: ReadonlyMap<Slot<SshKey>, SshKey>;
  readonly secrets: Secrets;
}

export interface Decision extends Choice {
  /** Everything that is wrong with the files as they are on disk. */
  readonly problems: readonly FileDiagnostic[];
  /** Files that are not in force as they are on disk although they can be read, and why: it may lie in another file. */
  readonly refused: ReadonlyMap<unknown, readonly FileDiagnostic[]>;
}

type AnySlot = Slot<ReadProfile> | Slot<SourceDocument> | Slot<SshKey>;
/** Files that are sent back to the version that was in force before, and why. */
type Offender = Map<AnySlot, FileDiagnostic[]>;

interface OffenderKind {
  readonly slot: AnySlot;
  /** Made only when it is kept: it looks up lines. */
  readonly problem: () => FileDiagnostic;
}

/**
 * Decides which version of every file is in force: the one on disk, unless it is broken by itself, contradicts another
 * file, or fails the inspection; then the one that was in force before. Starts with what is on disk and sends files
 * back one reason at a time until the rest fits together; at the latest that is what was in force before.
 */
export function decide(slots: Slots, inspection: Inspection): Decision {
  const blamed: Offender = new Map();
  for (;;) {
    const choice = choose(slots, blamed);
    const again =
      sendBack(blamed, contradictions(slots, blamed)) ||
      sendBack(blamed, brokenDocuments(choice, inspection)) ||
      sendBack(blamed, brokenProfiles(slots, choice, blamed, inspection));
    if (!again) return { ...choice, problems: problemsOf(slots, choice, blamed, inspection), refused: blamed };
  }
}

function chosen<T>(slot: Slot<T>, blamed: Offender): T | undefined {
  return blamed.has(slot as AnySlot) ? slot.inForce : (slot.latest.thing ?? slot.inForce);
}

function choose(slots: Slots, blamed: Offender): Choice {
  const { secrets } = slots;
  return { profiles: pick(slots.profiles), documents: pick(slots.documents), keys: pick(slots.keys), secrets };

  function pick<T>(from: readonly Slot<T>[]): ReadonlyMap<Slot<T>, T> {
    const picked = new Map<Slot<T>, T>();
    for (const slot of from) {
      const thing = chosen(slot, blamed);
      if (thing !== undefined) picked.set(slot, thing);
    }
    return picked;
  }
}

/** True while sending the file back would change anything. */
function canGoBack(slot: AnySlot, blamed: Offender): boolean {
  return !blamed.has(slot) && slot.latest.thing !== undefined && slot.latest.thing !== slot.inForce;
}

const MAX_BLAMES = 20;

function sendBack(blamed: Offender, blames: readonly OffenderKind[]): boolean {
  const now = new Set(blames.map(({ slot }) => slot).filter((slot) => canGoBack(slot, blamed)));
  for (const { slot, problem } of blames) {
    if (!now.has(slot)) continue;
    const problems = blamed.get(slot) ?? [];
    if (problems.length < MAX_BLAMES) problems.push(problem());
    blamed.set(slot, problems);
  }
  return now.size > 0;
}

function contradictions(slots: Slots, blamed: Offender): readonly OffenderKind[] {
  const duplicates = findConflicts(
    slots.documents,
    (slot) => chosen(slot, blamed),
    ({ name }) => [{ id: name }],
  ).map(({ loser, winner }) => ({
    slot: loser.slot,
    problem: () => duplicateProblem(loser.slot.file, winner.slot.file),
  }));
  const clashes = findConflicts(
    slots.profiles,
    (slot) => chosen(slot, blamed),
    ({ claims }) => claims,
  ).map(({ loser, winner }) => ({
    slot: loser.slot,
    problem: () => claimProblem(loser.thing, loser.claim, winner.thing, winner.claim),
  }));
  return [...duplicates, ...clashes];
}

function duplicateProblem(file: string, other: string): FileDiagnostic {
  const message = `${other} is there too: a profile that names the document could mean either`;
  return { severity: 'error', message, place: { file }, remedy: 'remove one of them' };
}

function brokenDocuments(choice: Choice, inspection: Inspection): readonly OffenderKind[] {
  return [...choice.documents].flatMap(([slot, document]) =>
    inspection
      .document(document)
      .filter(isError)
      .map((error) => ({ slot, problem: () => error })),
  );
}

function brokenProfiles(
  slots: Slots,
  choice: Choice,
  blamed: Offender,
  inspection: Inspection,
): readonly OffenderKind[] {
  const around = aroundOf(choice);
  const neighbours = new Map<string, AnySlot>([...slots.documents, ...slots.keys].map((slot) => [slot.file, slot]));
  return [...choice.profiles].flatMap(([slot, read]) =>
    inspection
      .profile(read, around)
      .filter(isError)
      .flatMap((error) => causesOf(slot, read, error).map((cause) => ({ slot: cause, problem: () => error }))),
  );

  /** Whose edit made the profile fail. None when nothing can go back: then the error is only shown. */
  function causesOf(slot: Slot<ReadProfile>, read: ReadProfile, error: FileDiagnostic): readonly AnySlot[] {
    const named = neighbours.get(error.place.file);
    if (named !== undefined && hasOlder(named)) return [named];
    const own = error.place.file === slot.file;
    if (canGoBack(slot, blamed) && (own || slot.inForce !== undefined)) return [slot];
    // The profile is as it was; so it is what it refers to that changed.
    return referred(read).filter(hasOlder);
  }

  function referred(read: ReadProfile): readonly AnySlot[] {
    const { profile } = read;
    const files: (string | undefined)[] = namedDocuments(profile, around.documents).map(
      ({ document }) => document.file,
    );
    if (profile.sshkey !== undefined) files.push(around.keys.get(profile.sshkey)?.file);
    return files.flatMap((file) => (file === undefined ? [] : (neighbours.get(file) ?? [])));
  }

  function hasOlder(slot: AnySlot): boolean {
    return canGoBack(slot, blamed) && slot.inForce !== undefined;
  }
}

function problemsOf(slots: Slots, choice: Choice, blamed: Offender, inspection: Inspection): readonly FileDiagnostic[] {
  const around = aroundOf(choice);
  const problems: FileDiagnostic[] = [...slots.profiles, ...slots.documents, ...slots.keys].flatMap(
    (slot) => slot.latest.problems,
  );
  problems.push(...[...blamed.values()].flat());
  // Problems describe the files on disk, not an older version that stands in for one.
  const documents = [...choice.documents].filter(([slot, document]) => document === slot.latest.thing);
  for (const [, document] of documents) problems.push(...inspection.document(document));
  const profiles = [...choice.profiles].filter(([slot, read]) => read === slot.latest.thing).map(([, read]) => read);
  for (const read of profiles) {
    problems.push(
      ...inspection.profile(read, around),
      ...incomplete(read, around, inspection, brokenFiles(slots, choice)),
    );
  }
  problems.push(...sharedByProfiles(profiles));
  return problems;
}

/** Errors that keep no profile from coming into force: what it lacks, and what it cannot do for machines not listed. */
export function incomplete(
  read: ReadProfile,
  around: Around,
  inspection: Inspection,
  broken?: ReadonlySet<string>,
): readonly FileDiagnostic[] {
  return [...missingReferences(read, around, broken), ...inspection.unlisted(read, around)];
}

/** Files that are on disk and in no version in force. */
function brokenFiles(slots: Slots, { documents, keys }: Choice): ReadonlySet<string> {
  const files = [
    ...slots.documents.filter((slot) => !documents.has(slot)),
    ...slots.keys.filter((slot) => !keys.has(slot)),
  ];
  return new Set(files.map(({ file }) => file));
}

export function aroundOf(choice: Choice): Around {
  return {
    documents: new Map([...choice.documents.values()].map((document) => [document.fileName, document])),
    keys: new Map([...choice.keys.values()].map((key) => [key.name, key])),
    secrets: choice.secrets,
  };
}

/** The machines named by files that are not in force as they are on disk, with the reason why they are not. */
export function heldMachines(
  slots: readonly Slot<ReadProfile>[],
  { profiles, refused }: Pick<Decision, 'profiles' | 'refused'>,
  problems: readonly FileDiagnostic[],
): ReadonlyMap<string, FileDiagnostic> {
  const held = new Map<string, FileDiagnostic>();
  for (const slot of slots) {
    const { thing, names } = slot.latest;
    if (thing !== undefined && profiles.get(slot) === thing) continue;
    const own = problems.find(({ severity, place }) => severity === 'error' && place.file === slot.file);
    const reason = own ?? refusedBecause(slot.file, refused.get(slot)?.[0]);
    if (reason === undefined) continue;
    for (const id of names ?? []) held.set(id, reason);
    for (const { id } of thing?.claims ?? []) held.set(id, reason);
  }
  return held;
}

/**
 * The files that are not in force as they are on disk and may keep documents to their machines: a missing comma opens no
 * document, also where no older version is known, after a restart. What could not be read at all may say anything.
 */
export function unreadKeepers(
  slots: readonly Slot<ReadProfile>[],
  { profiles }: Pick<Decision, 'profiles'>,
): readonly UnreadKeeper[] {
  return slots.flatMap((slot) => {
    const { file, latest } = slot;
    const { thing } = latest;
    if (thing !== undefined) {
      const keeps = thing.profile.secrets && profiles.get(slot) !== thing;
      return keeps ? [{ file, text: thing.bytes.toString('utf8') }] : [];
    }
    if (latest.problems.every((problem) => !isError(problem))) return [];
    return latest.text === undefined || /\bsecrets\b/.test(latest.text) ? [{ file, text: latest.text }] : [];
  });
}

/** The edit of a profile may be refused for what it makes of another file: the machine's screen names both. */
function refusedBecause(file: string, reason: FileDiagnostic | undefined): FileDiagnostic | undefined {
  if (reason === undefined) return undefined;
  const { severity, message, place, remedy } = reason;
  const said = `its last edit is not in force: ${placeText(place)}: ${message}`;
  return { severity, message: said, place: { file }, remedy };
}
