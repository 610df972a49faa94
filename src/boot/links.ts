import { macHyphens } from '../model/mac.ts';
import type { MachineFacts } from '../model/facts.ts';
import type { Origin } from '../model/origin.ts';
import { DOCUMENT_KINDS, type DocumentKind } from '../model/profile.ts';
import { findDocument } from '../catalog/find-document.ts';
import type { Match, Snapshot } from '../catalog/snapshot.ts';
import type { InstallLinks } from '../os/system.ts';
import { nameInUrl } from '../model/name.ts';
import { hasIdentity, identityQuery } from './reasons.ts';

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
      const machine = machineSegment(match, facts);
      if (machine !== '') links.nocloud = `${origin}/nocloud/${machine}/`;
    } else {
      const name = findDocument(documents, kind, wanted)?.name ?? wanted;
      links[kind] = `${origin}/configs/${nameInUrl(name)}${query}`;
    }
  }
  return links;
}

/** Where an installer of this machine finds what it runs with, and where it reports; undefined for who has no identity. */
export function installLinks(match: Match, facts: MachineFacts, origin: Origin): InstallLinks | undefined {
  const reports = reportLinks(match, facts, origin);
  if (reports === undefined) return undefined;
  const folder = `${origin}/install/${machineSegment(match, facts)}`;
  return { ignition: `${folder}/ignition`, cloudConfig: `${folder}/cloud-config`, report: reports.installed };
}

/** Where this machine says that it is up, and that it is installed: a POST to either. */
export function reportLinks(
  match: Match,
  facts: MachineFacts,
  origin: Origin,
): { readonly up: string; readonly installed: string } | undefined {
  if (!hasIdentity(facts)) return undefined;
  const words = identityQuery(facts, match).slice(1);
  // The MAC in the path, because people read it and write it by hand; what else decided is the query.
  const [, query = ''] = facts.mac === undefined ? [] : (/^mac=[^&]*&?(.*)$/.exec(words) ?? []);
  const machine = facts.mac === undefined ? words : `${macHyphens(facts.mac)}${query === '' ? '' : `?${query}`}`;
  return { up: `${origin}/phone-home/${machine}`, installed: `${origin}/installed/${machine}` };
}

/**
 * The machine as a segment of a path. What decided must be in it: by the MAC alone nobody finds a node that its profile
 * lists by UUID or serial.
 */
function machineSegment(match: Match, facts: MachineFacts): string {
  if (facts.mac !== undefined && (match.by === 'mac' || match.by === 'default')) return macHyphens(facts.mac);
  return identityQuery(facts, match).slice(1);
}
