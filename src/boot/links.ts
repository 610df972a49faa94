import { macHyphens } from '../domain/mac.ts';
import type { MachineFacts } from '../domain/facts.ts';
import type { Origin } from '../domain/origin.ts';
import { DOCUMENT_KINDS, type DocumentKind } from '../domain/profile.ts';
import { findDocument } from '../catalog/find-document.ts';
import type { Match, Snapshot } from '../catalog/snapshot.ts';
import { identityQuery } from './reasons.ts';

/**
 * Where this machine fetches each document that its profile names. A document that configs/ lacks has its URL all the
 * same (a 404 there names the file), so that the kernel line does not depend on it.
 */
export function documentLinks(
  match: Match,
  facts: MachineFacts,
  origin: Origin,
  documents: Snapshot['documents'],
): Readonly<Partial<Record<DocumentKind, string>>> {
  const query = identityQuery(facts, match);
  const links: Partial<Record<DocumentKind, string>> = {};
  for (const kind of DOCUMENT_KINDS) {
    const wanted = match.profile[kind];
    if (wanted === undefined) continue;
    if (kind === 'nocloud') {
      // cloud-init appends file names to this URL, so the machine is a path segment, not a query (NoCloud, `s=`).
      // What decided must be in it: by the MAC alone nobody finds a node that its profile lists by UUID or serial.
      const byMac = facts.mac !== undefined && (match.by === 'mac' || match.by === 'default');
      const machine = byMac ? macHyphens(facts.mac) : query.slice(1);
      if (machine !== '') links.nocloud = `${origin}/nocloud/${machine}/`;
    } else {
      const name = findDocument(documents, kind, wanted)?.name ?? wanted;
      links[kind] = `${origin}/configs/${encodeURIComponent(name)}${query}`;
    }
  }
  return links;
}
