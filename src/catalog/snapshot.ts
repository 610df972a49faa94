import type { Failure, FileDiagnostic } from '../model/failure.ts';
import type { MachineFacts } from '../model/machine.ts';
import { DOCUMENT_KINDS, type DocumentKind, type Node, type Profile } from '../model/profile.ts';

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
  /** `choice`: no profile names the machine, and a person chose the profile at its screen (see boot/match-for). */
  readonly by: 'mac' | 'uuid' | 'serial' | 'default' | 'choice';
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
  /** True when any profile in force installs machines. */
  readonly installs: boolean;
  /** mac first, then uuid, then serial, then the default profile. */
  match(facts: MachineFacts): Match | undefined;
  /**
   * Why nothing matches a machine that a file on disk names: that file is broken, and no version in force names it.
   * Such a machine does not fall through to the default profile, which may be anything (an installer that wipes disks).
   */
  held(facts: MachineFacts): FileDiagnostic | undefined;
}

/** What the catalog cannot know by itself: whether documents and kernel lines are right. `app` hands it in (boot makes it). */
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
