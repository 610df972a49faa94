import { type FileDiagnostic, problemLine } from '../model/failure.ts';
import { DOCUMENT_KINDS, type Profile } from '../model/profile.ts';
import { aroundOf, decide, incomplete, type Slots } from './decide.ts';
import { findDocument, type SourceDocument } from './snapshot.ts';
import type { Inspection } from './inspection.ts';
import type { ProfileCheck } from './profile-schema.ts';
import { readProfile, type ReadProfile } from './read-profile.ts';
import type { Slot } from './read-document.ts';

/** Files of profiles/ as they would be: by `profiles/NAME.json`. */
export type Drafts = ReadonlyMap<string, Buffer>;

export interface TryOptions {
  /** The folders as they are now. */
  readonly slots: Slots;
  readonly inspection: Inspection;
  readonly check: ProfileCheck;
  /** What is wrong already. */
  readonly known: readonly FileDiagnostic[];
  /** Later than every change of a file. */
  readonly change: number;
}

/**
 * What would be wrong if these files were saved, by the same reading and the same decision as if they were: what is wrong
 * with them, with the documents that they name, and what they would break elsewhere. With an error among it, at least
 * one of them would not come into force. Nothing is read from the disk, nothing changes.
 */
export function tryProfiles(drafts: Drafts, options: TryOptions): readonly FileDiagnostic[] {
  const { slots, inspection, check, change } = options;
  const kept = slots.profiles.filter(({ file }) => !drafts.has(file));
  const tried = [...drafts].map(([file, bytes]): Slot<ReadProfile> => {
    const before = slots.profiles.find((slot) => slot.file === file);
    return { file, changed: change, latest: readProfile(file, bytes, check), inForce: before?.inForce };
  });
  const profiles = [...kept, ...tried].sort((a, b) => (a.file < b.file ? -1 : 1));
  const decision = decide({ ...slots, profiles }, inspection);
  const about = new Set(drafts.keys());
  const documents = new Map([...decision.documents.values()].map((one) => [one.fileName, one]));
  for (const { latest } of tried) {
    if (latest.thing !== undefined) for (const file of named(latest.thing.profile, documents)) about.add(file);
  }
  const known = new Set(options.known.map(problemLine));
  // What a profile lacks is an error, but does not keep it from coming into force.
  const around = aroundOf(decision);
  const lacks = new Set(
    [...decision.profiles.values()].flatMap((read) =>
      drafts.has(read.profile.file) ? incomplete(read, around, inspection).map(problemLine) : [],
    ),
  );
  const problems = decision.problems
    .filter((problem) => about.has(problem.place.file) || !known.has(problemLine(problem)))
    .map((problem): FileDiagnostic =>
      lacks.has(problemLine(problem)) ? { ...problem, severity: 'warning' } : problem,
    );
  if (problems.some(({ severity }) => severity === 'error')) return once(problems);
  const idle = tried.filter(
    (slot) => slot.latest.thing === undefined || decision.profiles.get(slot) !== slot.latest.thing,
  );
  return [...once(problems), ...idle.map(standsBack)];
}

function named(profile: Profile, documents: ReadonlyMap<string, SourceDocument>): readonly string[] {
  return DOCUMENT_KINDS.flatMap((kind) => {
    const name = profile[kind];
    return name === undefined ? [] : (findDocument(documents, kind, name)?.file ?? []);
  });
}

function once(problems: readonly FileDiagnostic[]): readonly FileDiagnostic[] {
  return [...new Map(problems.map((problem) => [problemLine(problem), problem])).values()];
}

/** A file that is left out for its name: on disk only a warning, here the reason why it would be of no use. */
function standsBack({ file, latest }: Slot<ReadProfile>): FileDiagnostic {
  const [why] = latest.problems;
  return { message: 'would not come into force', place: { file }, ...why, severity: 'error' };
}
