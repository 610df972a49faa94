import type { Log } from '../model/service.ts';
import type { FileDiagnostic } from '../model/failure.ts';
import { DOCUMENT_KINDS } from '../model/profile.ts';
import { type Around, documentNames, type Inspector, type SourceDocument } from './snapshot.ts';
import { type ReadProfile } from './read-profile.ts';
import { secretName } from '../model/secret.ts';
import { parsePath } from '../text/text.ts';

/** The inspector, asked once for each version of a file and whatever it depends on. */
export interface Inspection {
  document(document: SourceDocument): readonly FileDiagnostic[];
  profile(read: ReadProfile, around: Around): readonly FileDiagnostic[];
  unlisted(read: ReadProfile, around: Around): readonly FileDiagnostic[];
}

interface Remembered {
  readonly depends: readonly unknown[];
  readonly problems: readonly FileDiagnostic[];
}

/** Enough for the versions of a document that one decision tries in turn. */
const KEPT = 4;

export function createInspection(inspector: Inspector, log: Log): Inspection {
  const documents = new WeakMap<SourceDocument, readonly FileDiagnostic[]>();
  const profiles = new WeakMap<ReadProfile, readonly Remembered[]>();

  return {
    document(document) {
      let problems = documents.get(document);
      if (problems === undefined) {
        problems = guarded(document.file, () => inspector.document(document));
        documents.set(document, problems);
      }
      return problems;
    },
    profile(read, around) {
      const depends = dependencies(read, around);
      const kept = profiles.get(read) ?? [];
      const known = kept.find((entry) => isSame(entry.depends, depends));
      if (known !== undefined) return known.problems;
      const problems = guarded(read.profile.file, () =>
        inspector.profile(read.profile, around).map((problem) => located(problem, read)),
      );
      profiles.set(read, [{ depends, problems }, ...kept].slice(0, KEPT));
      return problems;
    },
    unlisted({ profile }, around) {
      return guarded(profile.file, () => inspector.unlisted?.(profile, around) ?? []);
    },
  };

  /** A bug in a check must not stop the catalog: the file counts as unchecked. */
  function guarded(file: string, work: () => readonly FileDiagnostic[]): readonly FileDiagnostic[] {
    try {
      return work();
    } catch (error) {
      log.error({ err: error, file }, 'a check of the catalog failed');
      return [{ severity: 'warning', message: 'could not be checked: the log says why', place: { file } }];
    }
  }
}

/** The documents that the profile may mean, its secrets, and all keys: templates can name any of them. */
function dependencies(read: ReadProfile, around: Around): readonly unknown[] {
  const found: unknown[] = [];
  for (const kind of DOCUMENT_KINDS) {
    const named = read.profile[kind];
    if (named === undefined) continue;
    for (const name of documentNames(kind, named)) {
      found.push(around.documents.get(name), around.documents.get(`${name}.hbs`));
    }
  }
  found.push(...around.keys.values(), ...read.secrets.map(({ ref }) => around.secrets.get(secretName(ref))));
  return found;
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((thing, index) => thing === b[index]);
}

/** The inspector sees no text: what it says about a key of the profile gets its line here. */
function located(problem: FileDiagnostic, read: ReadProfile): FileDiagnostic {
  const { file, key, line } = problem.place;
  if (file !== read.profile.file || line !== undefined) return problem;
  const path = key === undefined ? [] : parsePath(key);
  return path === undefined ? problem : { ...problem, place: { ...problem.place, ...read.places.value(path) } };
}
