import { Failure } from '../model/failure.ts';
import type { MachineFacts } from '../model/facts.ts';
import type { Origin } from '../model/origin.ts';
import type { Plan } from '../model/plan.ts';
import { DOCUMENT_KINDS, type DocumentKind } from '../model/profile.ts';
import { findDocument } from '../catalog/find-document.ts';
import type { Match, Snapshot } from '../catalog/snapshot.ts';
import { deliver, type DeliveryRoom } from './deliver.ts';
import { documentLinks } from './links.ts';
import { askedFacts } from './reasons.ts';

/**
 * Why a document that the machine is about to fetch cannot be made for it: then it had better wait at its boot loader,
 * where it can be told so, than boot without a configuration. Asks as the machine will, by what its links say of it.
 * What may be there in a moment (a host key, a discovery URL) is no reason to wait here: installers ask again.
 */
export function documentFault(
  match: Match,
  facts: MachineFacts,
  origin: Origin,
  plan: Pick<Plan, 'args'>,
  snapshot: Pick<Snapshot, 'documents' | 'keys'>,
  room: Omit<DeliveryRoom, 'snapshot'>,
): Failure | undefined {
  const asked = askedFacts(facts, match);
  for (const kind of kindsRead(match, facts, origin, plan, snapshot)) {
    const document = findDocument(snapshot.documents, kind, match.profile[kind] ?? '');
    if (document?.template !== true) continue;
    try {
      deliver(document, kind, { match, facts: asked, origin }, { ...room, snapshot });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.code === 'broken') return error;
    }
  }
  return undefined;
}

/** What the kernel line points to, and what an installer hands to the disk. */
function kindsRead(
  match: Match,
  facts: MachineFacts,
  origin: Origin,
  { args }: Pick<Plan, 'args'>,
  { documents }: Pick<Snapshot, 'documents'>,
): readonly DocumentKind[] {
  const links = documentLinks(match, facts, origin, documents);
  return DOCUMENT_KINDS.filter((kind) => {
    const link = links[kind];
    if (link === undefined) return false;
    const handed = match.profile.install !== undefined && (kind === 'ignition' || kind === 'cloud_config');
    return handed || args.some((arg) => arg.includes(link));
  });
}
