import { Failure } from '../model/failure.ts';
import type { DocumentKind, Node, Profile } from '../model/profile.ts';

/** A node's configuration as this server would send it. */
export interface NodeDocument {
  readonly node: Node;
  readonly profile: Profile;
  readonly kind: DocumentKind;
  readonly body: Uint8Array;
}

/**
 * The kind of document that another way than HTTP can carry to this node: the first of `kinds` that its profile names.
 * Throws Failure `invalid` for a system that does not listen there, and for a profile without such a document.
 */
export function carriedKind(profile: Profile, kinds: readonly DocumentKind[], way: string): DocumentKind {
  const kind = kinds.find((candidate) => profile[candidate] !== undefined);
  if (kind !== undefined) return kind;
  throw new Failure(
    'invalid',
    kinds.length === 0
      ? `${profile.system} reads nothing from ${way}`
      : `${profile.file} names no document that ${way} can carry`,
    {
      place: { file: profile.file },
      ...(kinds.length === 0 ? {} : { remedy: `name one of ${kinds.join(', ')}` }),
    },
  );
}
