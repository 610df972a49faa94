import { asFailure, Failure, failureLine, type FileDiagnostic } from '../model/failure.ts';
import { secretName, type SecretReader, type SecretRef } from '../model/secret.ts';
import { pathText } from '../text/text.ts';
import { inBatches } from './folder-reader.ts';
import type { ReadProfile } from './read-profile.ts';
import type { Secrets } from './snapshot.ts';

/** Looks at every secret that these profiles ask for. Gives `before` itself where nothing changed. */
export async function readSecrets(
  reader: SecretReader,
  profiles: readonly ReadProfile[],
  before: Secrets,
): Promise<Secrets> {
  const refs = new Map<string, SecretRef>();
  for (const { secrets } of profiles) for (const { ref } of secrets) refs.set(secretName(ref), ref);
  const found = new Map<string, string | Failure>();
  await inBatches([...refs], async ([name, ref]) => {
    found.set(name, await reader.read(ref).catch(asFailure));
  });
  const isSame = found.size === before.size && [...found].every(([name, now]) => areEqual(now, before.get(name)));
  return isSame ? before : found;
}

function areEqual(a: string | Failure, b: string | Failure | undefined): boolean {
  return a instanceof Failure && b instanceof Failure ? failureLine(a) === failureLine(b) : a === b;
}

/**
 * The secrets of a profile that cannot be read: its documents that name them are refused, the others leave. One that was
 * not looked at yet (the profile is being written) is no problem.
 */
export function unreadableSecrets(
  { profile: { file }, places, secrets }: ReadProfile,
  known: Secrets,
): readonly FileDiagnostic[] {
  return secrets.flatMap(({ ref, path }) => {
    const failure = known.get(secretName(ref));
    if (!(failure instanceof Failure)) return [];
    const place = { file, key: pathText(path), ...places.value(path) };
    return [{ severity: 'error' as const, message: failure.message, place, remedy: failure.remedy }];
  });
}

/** The folders in which they lie, to be watched. */
export function secretFolders(secrets: Secrets): readonly string[] {
  const files = [...secrets.keys()].filter((name) => name.startsWith('secrets/'));
  return [...new Set(files.map((name) => name.slice(0, name.lastIndexOf('/'))))];
}
