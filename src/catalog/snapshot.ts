import { Failure, type FileDiagnostic, problemFailure } from '../model/failure.ts';
import {
  IDENTITY_KEYS,
  type IdentityKey,
  identityOf,
  inOtherByteOrder,
  knownBy,
  type MachineFacts,
} from '../model/machine.ts';
import { DOCUMENT_KINDS, type DocumentKind, type Node, type Profile } from '../model/profile.ts';
import type { Rollouts } from '../model/rollout.ts';
import { nearest } from '../model/text.ts';
import type { Claim } from './identity.ts';
import { rolloutChoice, type RolloutChoice, type RolloutPlace } from './rollout-choice.ts';

/** A file of configs/ as it was read. Never empty-handed: the bytes are those of the last good version. */
export interface SourceDocument {
  /** The file's name below configs/: `a.yml`, `worker.ign.hbs`, `lab/a.yml`. */
  readonly fileName: string;
  /** What a profile and a URL call it: `fileName` without `.hbs`. */
  readonly name: string;
  /** `configs/a.yml`. */
  readonly file: string;
  readonly template: boolean;
  readonly bytes: Buffer;
  readonly mtimeMs: number;
}

/** A public key of sshkeys/. */
export interface SshKey {
  readonly name: string;
  readonly file: string;
  /** The whole file without white space at its ends. */
  readonly text: string;
}

/** Which profile a machine boots, and because of what. */
export interface Match {
  readonly profile: Profile;
  readonly node?: Node;
  /** `choice`: no profile names the machine, and a person chose the profile at its screen (see boot/decide.ts). */
  readonly by: 'mac' | 'uuid' | 'serial' | 'default' | 'choice';
  /**
   * Not its own profile, for one boot: an operator wants that (`pending`), its script left in that way (`used`), or a
   * person at its screen chose it from the menu of tools (`chosen`).
   */
  readonly once?: 'pending' | 'used' | 'chosen';
  /** Its own profile keeps secrets and this one does not: nothing that is the machine's alone goes with it. */
  readonly bare?: true;
  /** A rollout says which version its profile has for it. */
  readonly rollout?: RolloutPlace;
}

/** The secrets that profiles ask for, by `secretName`: what each is, or why it cannot be read. For templates alone. */
export type Secrets = ReadonlyMap<string, string | Failure>;

/** What a profile is judged beside. */
export type Around = Pick<Snapshot, 'documents' | 'keys' | 'secrets'>;

/** Everything that the folder said at one moment. Immutable; a change of any file makes a new one. */
export interface Snapshot {
  /** Grows with every change in force: what was rendered for an older generation is stale. */
  readonly generation: number;
  readonly profiles: ReadonlyMap<string, Profile>;
  /** By file name. */
  readonly documents: ReadonlyMap<string, SourceDocument>;
  readonly keys: ReadonlyMap<string, SshKey>;
  readonly secrets: Secrets;
  /** The bytes of every profile in force, as the operator wrote them, by profile name. */
  readonly sources: ReadonlyMap<string, Buffer>;
  /** Everything wrong with the files as they are on disk now, also where an older good version is in force. */
  readonly problems: readonly FileDiagnostic[];
  /** The rollouts that are open, by profile: its `version` is the old one there, and a match has the machine's own. */
  readonly rollouts: ReadonlyMap<string, RolloutChoice>;
  /** True when any profile in force installs machines. */
  readonly installs: boolean;
  /** mac first, then uuid, then serial, then the default profile. */
  match(facts: MachineFacts): Match | undefined;
  /**
   * Why nothing matches a machine that a file on disk names: that file is broken, and no version in force names it.
   * Such a machine does not fall through to the default profile, which may be anything (an installer that wipes disks).
   */
  held(facts: MachineFacts): FileDiagnostic | undefined;
  /**
   * The file of profiles/ that may keep a document to its machines, and is not in force as it is on disk. Undefined for a
   * document that a profile in force gives to any client.
   */
  unreadKeeper(document: SourceDocument): string | undefined;
}

/** `text`: what the file says; absent where it could not be read. */
export interface UnreadKeeper {
  readonly file: string;
  readonly text: string | undefined;
}

/** What the catalog cannot know by itself: whether documents and kernel lines are right. The context hands it in (boot makes it). */
export interface Inspector {
  document(document: SourceDocument): readonly FileDiagnostic[];
  profile(profile: Profile, around: Around): readonly FileDiagnostic[];
  /** What is wrong for machines that get the profile without being listed in it. Keeps no file from coming into force. */
  unlisted?(profile: Profile, around: Around): readonly FileDiagnostic[];
}

/** The living catalog: reads, watches, keeps the last good version of every file. */
export interface Catalog {
  current(): Snapshot;
  /** Called after each new snapshot is in force; returns the function that ends it. */
  onChange(listener: (snapshot: Snapshot) => void): () => void;
}

/** A catalog of nothing: before it was read. */
export const EMPTY_SNAPSHOT: Snapshot = {
  generation: 0,
  profiles: new Map(),
  documents: new Map(),
  keys: new Map(),
  secrets: new Map(),
  sources: new Map(),
  problems: [],
  rollouts: new Map(),
  installs: false,
  match: () => undefined,
  held: () => undefined,
  unreadKeeper: () => undefined,
};

interface ProfileInForce {
  readonly profile: Profile;
  readonly bytes: Buffer;
  readonly claims: readonly Pick<Claim, 'id' | 'node'>[];
}

/** What was decided of the folders (catalog/decide.ts). */
interface InForce {
  readonly profiles: ReadonlyMap<unknown, ProfileInForce>;
  readonly documents: ReadonlyMap<unknown, SourceDocument>;
  readonly keys: ReadonlyMap<unknown, SshKey>;
  readonly secrets: Secrets;
  readonly problems: readonly FileDiagnostic[];
  /** By identity: machines that only a file which is not in force names, and why it is not. */
  readonly held: ReadonlyMap<string, FileDiagnostic>;
  readonly keepers: readonly UnreadKeeper[];
}

/** Indexes what is in force: a machine is found by one look for each of its identities. */
export function makeSnapshot(generation: number, inForce: InForce, known: Rollouts = new Map()): Snapshot {
  const { held, keepers, problems } = inForce;
  const read = [...inForce.profiles.values()];
  const profiles = read.map(({ profile }) => profile);
  const machines = inBothByteOrders(indexNodes(read));
  const waiting = inBothByteOrders(held);
  const fallback = profiles.find((profile) => profile.default);
  const rollouts = openRollouts(profiles, known);

  function heldFor(facts: MachineFacts): FileDiagnostic | undefined {
    if (held.size === 0 || node(facts) !== undefined) return undefined;
    return lookUp(waiting, facts)?.[1];
  }

  function node(facts: MachineFacts): Match | undefined {
    const [by, machine] = lookUp(machines, facts) ?? [];
    return by && machine && inRollout({ ...machine, by }, facts, rollouts);
  }

  const documents = new Map([...inForce.documents.values()].map((document) => [document.fileName, document]));

  return {
    generation,
    profiles: new Map(profiles.map((profile) => [profile.name, profile])),
    documents,
    keys: new Map([...inForce.keys.values()].map((key) => [key.name, key])),
    secrets: inForce.secrets,
    sources: new Map(read.map(({ profile, bytes }) => [profile.name, bytes])),
    problems,
    rollouts,
    installs: profiles.some(({ install, boot }) => install !== undefined && boot !== 'local'),
    match(facts) {
      const match = node(facts);
      if (match !== undefined || fallback === undefined || heldFor(facts) !== undefined) return match;
      return inRollout({ profile: fallback, by: 'default' }, facts, rollouts);
    },
    held: heldFor,
    unreadKeeper(document) {
      const keeper = keepers.find(({ text }) => text === undefined || mentions(text, document));
      const isOpen = (profile: Profile): boolean => !profile.secrets && isNamedBy(profile, document, documents);
      return keeper === undefined || profiles.some(isOpen) ? undefined : keeper.file;
    },
  };
}

/** By the most reliable thing that the machine says of itself. */
function lookUp<T>(index: ReadonlyMap<string, T>, facts: MachineFacts): readonly [IdentityKey, T] | undefined {
  for (const key of IDENTITY_KEYS) {
    const value = knownBy(facts, key);
    const thing = value === undefined ? undefined : index.get(`${key} ${value}`);
    if (thing !== undefined) return [key, thing];
  }
  return undefined;
}

/** With each UUID in the other byte order, too, in which old firmware gives it: what is listed so itself counts before. */
function inBothByteOrders<T>(index: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  const both = new Map(index);
  for (const [id, thing] of index) {
    const other = id.startsWith('uuid ') ? `uuid ${inOtherByteOrder(id.slice(5))}` : id;
    if (!both.has(other)) both.set(other, thing);
  }
  return both;
}

function openRollouts(profiles: readonly Profile[], known: Rollouts): Snapshot['rollouts'] {
  const open = profiles.flatMap((profile) => {
    const choice = known.size === 0 ? undefined : rolloutChoice(profile, known.get(profile.name));
    return choice === undefined ? [] : [[profile.name, choice] as const];
  });
  return new Map(open);
}

/** With the version that the machine gets. */
function inRollout(match: Match, facts: MachineFacts, rollouts: Snapshot['rollouts']): Match {
  const choice = rollouts.size === 0 ? undefined : rollouts.get(match.profile.name);
  if (choice === undefined) return match;
  const machine = match.node?.name ?? identityOf(facts, match)?.key;
  // What says nothing of itself belongs to no wave.
  if (machine === undefined) return match;
  const rollout = choice.place(machine);
  return { ...match, rollout, profile: rollout.gets === 'new' ? choice.profile : match.profile };
}

/** By the spelling alone: as a profile names it, or the file that it stands beside. */
function mentions(text: string, { name }: SourceDocument): boolean {
  return text.includes(name.replace(/\.(?:yml|meta-data|vendor-data|network-config)$/, ''));
}

interface Machine {
  readonly profile: Profile;
  readonly node: Node;
}

function indexNodes(profiles: Iterable<ProfileInForce>): ReadonlyMap<string, Machine> {
  const machines = new Map<string, Machine>();
  for (const { profile, claims } of profiles) {
    for (const { id, node: index } of claims) {
      const node = profile.nodes[index];
      if (node !== undefined) machines.set(id, { profile, node });
    }
  }
  return machines;
}

type Documents = ReadonlyMap<string, SourceDocument>;

/**
 * The document that a profile names: without `.hbs`, and a cloud-config also without `.yml`. For a cloud-config the
 * longer name is tried first, because coreos-ipxe-server always added `.yml`.
 */
export function findDocument(documents: Documents, kind: DocumentKind, name: string): SourceDocument | undefined {
  for (const candidate of documentNames(kind, name)) {
    const found = documentNamed(documents, candidate);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The document that a URL names: `a.yml` is configs/a.yml or configs/a.yml.hbs. */
export function documentNamed(documents: Documents, name: string): SourceDocument | undefined {
  return documents.get(name) ?? documents.get(`${name}.hbs`);
}

/** What the document may be called in configs/, without `.hbs`, in the order in which it is looked for. */
export function documentNames(kind: DocumentKind, name: string): readonly string[] {
  return kind === 'cloud_config' ? [`${name}.yml`, name] : [name];
}

/** A document that a profile names, and as what. */
export interface NamedDocument {
  readonly kind: DocumentKind;
  readonly document: SourceDocument;
}

/** As far as they are there. */
export function namedDocuments(profile: Profile, documents: Documents): readonly NamedDocument[] {
  return DOCUMENT_KINDS.flatMap((kind) => {
    const document = findDocument(documents, kind, profile[kind] ?? '');
    return document === undefined ? [] : [{ kind, document }];
  });
}

/** The files that NoCloud reads beside the one that a profile names. */
const BESIDE = ['meta-data', 'vendor-data', 'network-config'] as const;

/** Whether it is one of the profile's documents, or one of the files that NoCloud reads beside it. */
export function isNamedBy(profile: Profile, document: SourceDocument, documents: Documents): boolean {
  if (namedDocuments(profile, documents).some((named) => named.document === document)) return true;
  const { nocloud } = profile;
  return nocloud !== undefined && BESIDE.some((file) => documentNamed(documents, `${nocloud}.${file}`) === document);
}

/** The profile of that name. Throws Failure: what is wrong with its file, or `not-found`, with the one that was probably meant. */
export function profileNamed({ profiles, problems }: Pick<Snapshot, 'profiles' | 'problems'>, name: string): Profile {
  const profile = profiles.get(name);
  if (profile !== undefined) return profile;
  const file = `profiles/${name}.json`;
  const problem = problems.find(({ severity, place }) => severity === 'error' && place.file === file);
  if (problem !== undefined) throw problemFailure(problem);
  const near = nearest(name, profiles.keys());
  const remedy = near === undefined ? `create ${file.slice(0, 120)}` : `did you mean "${near}"?`;
  throw new Failure('not-found', `there is no profile "${name.slice(0, 80)}"`, { remedy });
}
