import type { Match, Secrets, Snapshot, SourceDocument } from '../catalog/snapshot.ts';
import { adaptCloudConfig } from '../documents/adapt-cloud-config.ts';
import { checkDocument, isPacked } from '../documents/document.ts';
import { installAutoinstall, logAutoinstall } from '../documents/install-configs.ts';
import { addLogUnit, addPhoneHome } from '../documents/phone-home.ts';
import { installPreseed } from '../documents/preseed.ts';
import { Failure, failureLine, isError } from '../model/failure.ts';
import type { MachineFacts } from '../model/machine.ts';
import { type LogTarget, logTarget, type Origin } from '../model/plan.ts';
import type { DocumentKind, Json } from '../model/profile.ts';
import { secretByName, secretName, type SecretRef } from '../model/secret.ts';
import { documentText } from '../text/text.ts';
import type { LinkTokens } from './access.ts';
import { reportLinks } from './machine-plan.ts';
import {
  type ClusterLinks,
  hostKeyFor,
  type HostKeys,
  type TemplateCache,
  templateData,
  whyNoHostKey,
} from './template-data.ts';

/** Who a document is for. */
export interface Reader {
  readonly match: Match;
  readonly facts: MachineFacts;
  readonly origin: Origin;
  /** What the addresses in the document carry. */
  readonly tokens?: LinkTokens | undefined;
}

/** What `deliver` needs beside the document itself. */
export interface DeliveryRoom {
  readonly snapshot: Pick<Snapshot, 'keys' | 'secrets'>;
  readonly templates: TemplateCache;
  /** For templates that give a machine its host key. */
  readonly hostKeys?: HostKeys | undefined;
  /** For templates that give a machine its discovery URL. */
  readonly clusters?: ClusterLinks | undefined;
  /** Where logs are taken. */
  readonly syslog?: { readonly host: string; readonly port: number } | undefined;
  /** Whether a secret that cannot be read is no error: the catalog speaks of it. */
  readonly sampleSecrets?: boolean;
}

/**
 * The bytes of a document for one machine: rendered when it is a template, and adapted to what the machine's system
 * cannot do on PXE. What was made here is checked before it leaves: a document that is wrong for this one node is a
 * Failure `broken`, not a half-configured machine. A file that nothing was done to leaves byte for byte, and what is
 * added changes nothing else.
 */
export function deliver(
  document: SourceDocument,
  kind: DocumentKind | undefined,
  reader: Reader,
  room: DeliveryRoom,
): Delivered {
  if (!document.template) return { body: made(document, kind, reader, { ...room, checked: true }) };
  return madeWithSecrets(
    (secretOf, { checked }) => made(document, kind, reader, { ...room, secretOf, checked }),
    room.snapshot.secrets,
    room.sampleSecrets,
  );
}

function made(
  document: SourceDocument,
  kind: DocumentKind | undefined,
  reader: Reader,
  room: DeliveryRoom & { readonly secretOf?: SecretOf; readonly checked: boolean },
): Buffer {
  // The machine unpacks it: nothing in it can be changed, and its bytes say nothing to us.
  if (!document.template && isPacked(kind, document.bytes)) return document.bytes;
  const source = documentText(document.bytes);
  let text: string | undefined;
  if (document.template) {
    const template = room.templates.compiled(document);
    const { match, facts, origin, tokens } = reader;
    const { clusters, secretOf } = room;
    const sources = { ...room.snapshot, hostKey: hostKeyFor(match, room.hostKeys), clusters, secretOf, tokens };
    const data = templateData(match, facts, origin, sources);
    text = template.render(data, (name) =>
      name === 'ssh_host_keys' ? whyNoHostKey(match, room.hostKeys) : whyNotListed(name, match),
    );
  }
  const adapted = kind === 'cloud_config' ? adapt(text ?? source.text, document, reader) : text;
  // What the operator wrote is judged, not what we put in: that is found right by tests.
  if (room.checked && document.template && kind !== undefined && adapted !== undefined)
    refuseBroken(adapted, document, kind, reader);
  const logTo = logTarget(room.syslog, reader.origin);
  const whole = kind === undefined ? adapted : added(adapted, source.text, kind, reader, logTo);
  return whole === undefined ? document.bytes : Buffer.from(whole, source.encoding);
}

function added(
  adapted: string | undefined,
  source: string,
  kind: DocumentKind,
  reader: Reader,
  logTo: LogTarget | undefined,
): string | undefined {
  const { phone_home, install } = reader.match.profile;
  if (!phone_home && install === undefined) return adapted;
  const text = adapted ?? source;
  const whole = withAdditions(text, kind, reader, logTo);
  return whole === text ? adapted : whole;
}

/**
 * A document with what its profile asks us to put in: the unit that phones home, with it the one that sends the log where
 * logs are taken, and what lets Debian's and Ubuntu's installers write to the profile's disk and report. What cannot be put in stays out; the inspector says so when the
 * file is saved.
 */
function withAdditions(
  text: string,
  kind: DocumentKind,
  { match, facts, origin, tokens }: Reader,
  logTo: LogTarget | undefined,
): string {
  const { profile } = match;
  const reports = reportLinks(match, facts, origin, tokens);
  if (reports === undefined) return text;
  const up = profile.phone_home ? (addPhoneHome(kind, text, profile.system, reports.up) ?? text) : text;
  const told = logTo !== undefined && profile.phone_home ? (addLogUnit(kind, up, profile.system, logTo) ?? up) : up;
  if (profile.install === undefined) return told;
  const { disk } = profile.install;
  const install = { disk, report: reports.installed };
  if (kind === 'preseed' && profile.system === 'debian') return installPreseed(told, install);
  if (kind === 'nocloud' && profile.system === 'ubuntu') {
    const logged = logTo === undefined ? told : (logAutoinstall(told, logTo) ?? told);
    return installAutoinstall(logged, install) ?? logged;
  }
  return told;
}

/**
 * On PXE $private_ipv4 is not filled (it becomes the empty string), and Flatcar's cloud-config parser silently drops
 * hyphenated keys since 3913.0.0: both are mended here, for nodes that a profile lists.
 */
function adapt(text: string, document: SourceDocument, reader: Reader): string | undefined {
  const { node, profile } = reader.match;
  if (node === undefined) return document.template ? text : undefined;
  const adapted = adaptCloudConfig(text, {
    underscoreKeys: profile.system === 'flatcar',
    ip: node.ip,
  });
  return adapted === text && !document.template ? undefined : adapted;
}

function refuseBroken(text: string, document: SourceDocument, kind: DocumentKind, reader: Reader): void {
  const { profile, node: known } = reader.match;
  const diagnostics = checkDocument(kind, text, {
    file: document.file,
    system: profile.system,
    version: profile.version,
    node: known,
  });
  const wrong = diagnostics.find(isError);
  if (wrong === undefined) return;
  const { message, place, remedy } = wrong;
  throw new Failure('broken', `${renderedFor(known)}${message}`, { place, remedy });
}

/** What only a profile's `nodes` can say of a machine. */
const OF_NODES: readonly string[] = ['node.name', 'node.hostname', 'node.ip', 'node.vars'];

function whyNotListed(name: string, { node, profile }: Match): Failure | undefined {
  if (node !== undefined || !OF_NODES.some((known) => name === known || name.startsWith(`${known}.`))) return undefined;
  return new Failure('broken', 'no profile lists this machine', {
    remedy: `add it to "nodes" of ${profile.file}, or write {{lookup node "${name.split('.')[1] ?? ''}" default=...}}`,
  });
}

/** What stands before an error that is in what was made of a template, not in the template. */
export function renderedFor(node: Match['node']): string {
  return `rendered for ${node?.name ?? 'this machine'}: `;
}

/** Looks a secret up for a document. Throws Failure where it cannot be read. */
type SecretOf = (ref: SecretRef) => Json;

/** A document for its machine, and how it may be shown. */
export interface Delivered {
  readonly body: Buffer;
  /** Without secrets. Absent where there is none in it. */
  readonly shown?: () => Buffer;
}

/**
 * Makes a document with its secrets. What is kept and shown of it is made a second time with each secret's name in its
 * place: no search for secrets in what was sent can miss one, however a template packs it. An error that came of a
 * secret's own text is said without it. `samples`: a secret that cannot be read is its name, for looking at a template.
 */
function madeWithSecrets(
  make: (secretOf: SecretOf, options: { readonly checked: boolean }) => Buffer,
  known: Secrets,
  samples = false,
): Delivered {
  const used = new Set<string>();
  let unreadable: Failure | undefined;
  const secretOf = (ref: SecretRef): string => {
    const name = secretName(ref);
    const found = known.get(name);
    if (typeof found !== 'string') {
      if (samples) return secretByName(ref);
      throw (unreadable = whyUnreadable(name, found));
    }
    used.add(name);
    return found;
  };
  try {
    const body = make(secretOf, { checked: true });
    return used.size === 0 ? { body } : { body, shown: () => shownOf(make) };
  } catch (error) {
    if (!(error instanceof Failure) || used.size === 0 || error === unreadable) throw error;
    throw withoutSecrets(make, error, [...used]);
  }
}

function whyUnreadable(name: string, found: Failure | undefined): Failure {
  if (found === undefined) return new Failure('unavailable', `${name} is not read yet`, { remedy: 'ask again' });
  const { message, remedy } = found;
  return new Failure('broken', `a secret cannot be read: ${message}`, { remedy });
}

type Make = Parameters<typeof madeWithSecrets>[0];

function shownOf(make: Make): Buffer {
  try {
    return make(secretByName, { checked: false });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return Buffer.from(`(left out: without its secrets it cannot be made: ${failureLine(error)})\n`);
  }
}

/** The error that the document has anyhow, or that there is one. */
function withoutSecrets(make: Make, { code, place }: Failure, names: readonly string[]): Failure {
  try {
    make(secretByName, { checked: true });
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  const where = place === undefined ? {} : { place: { file: place.file, line: place.line } };
  return new Failure(code, `it is wrong with what is in ${names.join(', ')}, and right without`, {
    ...where,
    remedy: 'look for quotes and line ends in the secret, and write it by {{json ...}} or {{indent ... 4}}',
  });
}
