import type { FileDiagnostic } from '../model/failure.ts';
import { nearest } from '../model/text.ts';
import { DOCUMENT_KINDS } from '../model/profile.ts';
import { type Around, documentNames, findDocument } from './snapshot.ts';
import { type Claim, claimPath, DEFAULT_CLAIM } from './identity.ts';
import type { ReadProfile } from './read-profile.ts';
import { unreadableSecrets } from './read-secrets.ts';
import type { Slot } from './read-document.ts';
import { pathText } from '../text/text.ts';

/** Says of two profiles that they claim the same, naming both places. */
export function claimProblem(loser: ReadProfile, claim: Claim, winner: ReadProfile, theirs: Claim): FileDiagnostic {
  const { line } = winner.places.value(claimPath(theirs));
  const other = `${winner.profile.file}:${line}`;
  const [message, remedy] =
    claim.id === DEFAULT_CLAIM
      ? [`${other} is the default profile already`, 'leave "default": true in one of them']
      : [`${claim.id} is claimed by ${other} too`, 'leave the machine in one of them'];
  return { severity: 'error', message, place: placeOf(loser, claim), remedy };
}

const MAX_SHARED = 20;

/** Names that machines of several profiles share: possible, but hardly meant. An address that two have is given to none of them. */
export function sharedByProfiles(profiles: readonly ReadProfile[]): readonly FileDiagnostic[] {
  const problems: FileDiagnostic[] = [];
  const seen = new Map<string, { readonly read: ReadProfile; readonly claim: Claim }>();
  for (const read of profiles) {
    for (const claim of read.shared) {
      const other = seen.get(claim.id);
      if (other === undefined) seen.set(claim.id, { read, claim });
      else if (problems.length < MAX_SHARED) {
        const there = `${other.read.profile.file}:${other.read.places.value(claimPath(other.claim)).line}`;
        const message = `a machine in ${there} has the ${claim.id} too`;
        const isAddress = claim.key === 'ip';
        const remedy = `give every machine its own ${claim.key}${isAddress ? ': DHCP gives this one to none of them' : ''}`;
        problems.push({ severity: isAddress ? 'error' : 'warning', message, place: placeOf(read, claim), remedy });
      }
    }
  }
  return problems;
}

function placeOf(read: ReadProfile, claim: Claim): FileDiagnostic['place'] {
  const path = claimPath(claim);
  return { file: read.profile.file, key: pathText(path), ...read.places.value(path) };
}

/** One of two files that want the same. */
interface Claimant<T, C> {
  readonly slot: Slot<T>;
  readonly thing: T;
  readonly claim: C;
}

/** `loser` may not come into force as it is on disk. */
interface Conflict<T, C> {
  readonly loser: Claimant<T, C>;
  readonly winner: Claimant<T, C>;
}

/**
 * Finds what two files claim. The file whose version in force holds the claim keeps it, also through its
 * own edits; else the file that changed last loses, and of files that changed together the later name.
 */
export function findConflicts<T, C extends { readonly id: string }>(
  slots: readonly Slot<T>[],
  chosen: (slot: Slot<T>) => T | undefined,
  claimsOf: (thing: T) => readonly C[],
): readonly Conflict<T, C>[] {
  const conflicts: Conflict<T, C>[] = [];
  const owners = new Map<string, Claimant<T, C>>();
  const before = new Map<T, ReadonlySet<string>>();
  const order = [...slots].sort((a, b) => a.changed - b.changed || (a.file < b.file ? -1 : 1));
  for (const slot of order) {
    const thing = chosen(slot);
    if (thing === undefined) continue;
    for (const claim of claimsOf(thing)) {
      const ours = { slot, thing, claim };
      const owner = owners.get(claim.id);
      if (owner === undefined) owners.set(claim.id, ours);
      else if (owner.slot !== slot) {
        const [winner, loser] = !had(owner.slot, claim.id) && had(slot, claim.id) ? [ours, owner] : [owner, ours];
        owners.set(claim.id, winner);
        conflicts.push({ loser, winner });
      }
    }
  }
  return conflicts;

  function had({ inForce }: Slot<T>, id: string): boolean {
    if (inForce === undefined) return false;
    const known = before.get(inForce) ?? new Set(claimsOf(inForce).map((claim) => claim.id));
    before.set(inForce, known);
    return known.has(id);
  }
}

/**
 * What the profile names and the folders lack: errors, because its machines boot without it. The profile comes into force
 * all the same, since a folder is copied file by file. `broken` are the files of configs/ and sshkeys/ that are there and
 * not in force: those have an error of their own.
 */
export function missingReferences(
  read: ReadProfile,
  around: Around,
  broken: ReadonlySet<string> = new Set(),
): readonly FileDiagnostic[] {
  const { profile, places } = read;
  const problems: FileDiagnostic[] = [];
  for (const kind of DOCUMENT_KINDS) {
    const name = profile[kind];
    if (name === undefined || findDocument(around.documents, kind, name) !== undefined) continue;
    const names = documentNames(kind, name);
    if (names.some((one) => broken.has(`configs/${one}`) || broken.has(`configs/${one}.hbs`))) continue;
    const [file = name] = documentNames(kind, name.replace(/\.hbs$/, ''));
    // The last name is the one without ".yml" added: who wrote an ending meant it.
    const wanted = kind === 'cloud_config' && /\.ya?ml$/.test(name) ? name : file;
    const known = [...around.documents.keys()].map((one) => one.replace(/\.hbs$/, ''));
    const meant = meantBy(name, 'configs/', kind === 'cloud_config' ? '.yml' : '', known);
    add(kind, `there is no document configs/${wanted}`, meant ?? `create configs/${wanted} or configs/${wanted}.hbs`);
  }
  if (profile.sshkey !== undefined && !around.keys.has(profile.sshkey)) {
    const file = `sshkeys/${profile.sshkey}.pub`;
    const meant = meantBy(
      profile.sshkey,
      'sshkeys/',
      '.pub',
      [...around.keys.keys()].map((one) => `${one}.pub`),
    );
    if (!broken.has(file)) add('sshkey', `there is no key ${file}`, meant ?? `put the public key in ${file}`);
  }
  return [...problems, ...unreadableSecrets(read, around.secrets)];

  function add(key: string, message: string, remedy: string): void {
    const place = { file: profile.file, key, ...places.value([key]) };
    problems.push({ severity: 'error', message, place, remedy });
  }
}

/** The file that was probably meant, as the profile names it: without its folder, and without the ending that is added. */
function meantBy(name: string, folder: string, ending: string, files: readonly string[]): string | undefined {
  const plain = name.startsWith(folder) ? name.slice(folder.length) : name;
  const file = [plain, `${plain}${ending}`].find((one) => files.includes(one)) ?? nearest(plain + ending, files);
  if (file === undefined) return undefined;
  const short = ending !== '' && file.endsWith(ending) ? file.slice(0, -ending.length) : file;
  return `did you mean ${JSON.stringify(short)}?`;
}
