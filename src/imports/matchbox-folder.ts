import { readJson } from '../catalog/profile-json.ts';
import { type DataRoot, openDataRoot } from '../files/data-root.ts';
import { asFailure, Failure, type FileDiagnostic, isError, unlessFailed } from '../model/failure.ts';
import { isObject, type JsonObject, MAX_PROFILE_BYTES } from '../model/profile.ts';
import type { JsonPlaces } from '../text/json.ts';
import { type Path, pathText } from '../text/text.ts';

/** A file of groups/ or profiles/ of matchbox. */
export interface MatchboxFile {
  /** `groups/node1.json`. */
  readonly file: string;
  /** Its `id`, else its name. */
  readonly id: string;
  readonly value: JsonObject;
  readonly places: JsonPlaces;
}

/** What each document is kept in. */
export const DOCUMENT_FOLDERS = { ignition: 'ignition', cloud_config: 'cloud', generic: 'generic' } as const;
export type MatchboxDocument = keyof typeof DOCUMENT_FOLDERS;

/** A data directory of matchbox (`-data-path`), as it lies on the disk. */
export interface MatchboxFolder {
  readonly dir: string;
  /** By what a group calls it: its file's name. */
  readonly profiles: ReadonlyMap<string, MatchboxFile>;
  readonly groups: readonly MatchboxFile[];
  readonly problems: readonly FileDiagnostic[];
  /** Undefined where there is no such file. Throws Failure. */
  readonly document: (kind: MatchboxDocument, id: string) => Promise<Buffer | undefined>;
}

const MAX_DOCUMENT_BYTES = 4 * 2 ** 20;

/** Throws Failure where the folder is none of matchbox. */
export async function readMatchbox(dir: string): Promise<MatchboxFolder> {
  const root = await openDataRoot(dir).catch((error: unknown) => {
    throw new Failure(asFailure(error).code, `${dir} is no folder that can be read`, { cause: error });
  });
  const problems: FileDiagnostic[] = [];
  const groups = await readFiles(root, 'groups', problems);
  const profiles = await readFiles(root, 'profiles', problems);
  if (groups === undefined || profiles === undefined) {
    const missing = groups === undefined ? 'groups/' : 'profiles/';
    throw new Failure('invalid', `${dir} is not a data directory of matchbox: it has no ${missing}`, {
      remedy: 'name the folder of its -data-path, usually /var/lib/matchbox',
    });
  }
  return {
    dir: root.dir,
    profiles: new Map(profiles.map((profile) => [nameOf(profile.file), profile])),
    groups,
    problems,
    document: async (kind, id) => {
      const name = id.replace(/^\/+/, '');
      return await root.readIfThere(`${DOCUMENT_FOLDERS[kind]}/${name}`, MAX_DOCUMENT_BYTES);
    },
  };
}

async function readFiles(
  root: DataRoot,
  folder: 'groups' | 'profiles',
  problems: FileDiagnostic[],
): Promise<readonly MatchboxFile[] | undefined> {
  const listing = await unlessFailed(root.list(folder), 'not-found');
  if (listing === undefined) return undefined;
  for (const { name } of listing.broken) {
    if (name.startsWith('.')) continue;
    const message = 'is no file: matchbox does not look into it, and neither does this';
    problems.push({ severity: 'warning', message, place: { file: `${folder}/${name}` } });
  }
  const found: MatchboxFile[] = [];
  for (const name of listing.names.filter((one) => one.endsWith('.json'))) {
    const file = `${folder}/${name}`;
    const { bytes } = await root.read(file, MAX_PROFILE_BYTES);
    const { value, places, diagnostics } = readJson(bytes, file);
    problems.push(...diagnostics.all.filter(isError));
    if (value === undefined) continue;
    if (!isObject(value)) {
      problems.push(problemAt({ file, places }, [], 'is not a JSON object', 'matchbox does not read it, either'));
      continue;
    }
    const { id } = value;
    found.push({ file, id: typeof id === 'string' && id !== '' ? id : nameOf(file), value, places });
  }
  return found;
}

function nameOf(file: string): string {
  return file.slice(file.indexOf('/') + 1, -'.json'.length);
}

/** Something that is not converted, at its place. */
export function problemAt(
  { file, places }: Pick<MatchboxFile, 'file' | 'places'>,
  path: Path,
  message: string,
  remedy: string,
): FileDiagnostic {
  const key = path.length === 0 ? {} : { key: pathText(path) };
  return { severity: 'error', message, place: { file, ...key, ...places.value(path) }, remedy };
}
