import type { Question } from '../boot/boot-service.ts';
import { Failure } from '../model/failure.ts';
import { parseLabel, type MachineFacts } from '../model/facts.ts';
import type { Origin } from '../model/origin.ts';
import type { DocumentKind, Node, SystemId } from '../model/profile.ts';
import { findNode } from './find-node.ts';
import { carriedKind, type NodeDocument } from './node-document.ts';
import { nodesWithKeys } from '../machines/identities.ts';
import type { House } from '../context/app-context.ts';

export interface ExportedDocument extends NodeDocument {
  /** The text of the SSH key that the profile names. */
  readonly sshKey?: string;
  /** NoCloud's meta-data; empty for every other kind. */
  readonly metaData: string;
}

/** The document of one node, from the desk: what the server would send it over HTTP. */
export async function documentFor(
  house: House,
  origin: Origin,
  name: string,
  kinds: Readonly<Record<SystemId, readonly DocumentKind[]>>,
  way: string,
): Promise<ExportedDocument> {
  const snapshot = house.catalog.current();
  const { profile, node } = findNode(snapshot.profiles.values(), name);
  const kind = carriedKind(profile, kinds[profile.system], way);
  if (profile.ssh_host_keys) await house.identities.ensure([node.name]);
  const question: Question = { facts: factsOf(node), origin };
  const { body } = await house.desk.documentOf(kind, question);
  const metaData = kind === 'nocloud' ? (await house.desk.nocloud('meta-data', question)).body.toString() : '';
  const key = profile.sshkey === undefined ? undefined : snapshot.keys.get(profile.sshkey)?.text;
  return { node, profile, kind, body, metaData, ...(key === undefined ? {} : { sshKey: key }) };
}

/** The public keys of all nodes that have one, made where they are not there yet. */
export async function publicKeys({ catalog, identities }: House): Promise<(node: string) => string | undefined> {
  await identities.ensure(nodesWithKeys(catalog.current().profiles.values()));
  return (node) => identities.keyOf(node)?.publicKey;
}

/** What the machine says of itself when it asks. */
function factsOf({ name, mac, uuid, serial }: Node): MachineFacts {
  const label = serial === undefined ? undefined : parseLabel(serial);
  if (mac === undefined && uuid === undefined && label === undefined) {
    throw new Failure('broken', `nothing says which machine ${name} is`);
  }
  return {
    ...(mac === undefined ? {} : { mac }),
    ...(uuid === undefined ? {} : { uuid }),
    ...(label === undefined ? {} : { serial: label }),
  };
}
