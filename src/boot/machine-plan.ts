import { findDocument, type Match, type Snapshot } from '../catalog/snapshot.ts';
import type { ImageStore } from '../images/store.ts';
import { againUrl } from '../ipxe/boot-script.ts';
import { Failure } from '../model/failure.ts';
import { factsFrom, hasIdentity, IDENTITY_KEYS, type MachineFacts, macHyphens } from '../model/machine.ts';
import type { Artifact, LogTarget, Origin, Plan, Question } from '../model/plan.ts';
import {
  type BuiltProfile,
  builds,
  buildOf,
  DOCUMENT_KINDS,
  type DocumentKind,
  nameInUrl,
  type Profile,
} from '../model/profile.ts';
import type { InstallLinks } from '../os/system.ts';
import { SYSTEMS } from '../os/systems.ts';
import type { LinkTokens } from './access.ts';

/** For which machine a plan is made, and where that machine asks. */
export interface PlanQuestion {
  readonly facts: MachineFacts;
  readonly origin: Origin;
  readonly around: Pick<Snapshot, 'documents' | 'keys'>;
  /** The machine's own, where it is known already. */
  readonly build?: BuiltProfile | undefined;
  readonly tokens?: LinkTokens | undefined;
  readonly logTo?: LogTarget | undefined;
  /** The VLAN of machines whose profile names none. */
  readonly everyVlan?: number | undefined;
  /** This server gives machines their addresses, and names no router. */
  readonly noRouter?: boolean | undefined;
}

/**
 * What a machine boots: its profile's system, told about this machine. Throws Failure `broken` as the system does, and
 * `invalid` where the processor decides and is not known.
 */
export function machinePlan(
  match: Match,
  { facts, origin, around, tokens, logTo, everyVlan, noRouter, ...of }: PlanQuestion,
): Plan {
  const { node } = match;
  const profile = of.build ?? buildOf(match.profile, facts.arch);
  if (profile === undefined) throw new Failure('invalid', noProcessor(match.profile, facts), { remedy: SAY_PROCESSOR });
  const install = profile.install === undefined ? undefined : installLinks(match, facts, origin, tokens);
  const key = profile.sshkey === undefined ? undefined : around.keys.get(profile.sshkey);
  return SYSTEMS[profile.system].plan({
    profile,
    origin,
    facts,
    documents: documentLinks(match, facts, origin, around.documents, tokens),
    node,
    install,
    logTo,
    noRouter,
    vlan: node?.vlan ?? profile.vlan ?? everyVlan,
    sshKey: key?.text,
  });
}

/** Why no build of the profile is the machine's. */
export function noProcessor({ file }: Profile, { arch }: MachineFacts): string {
  if (arch !== undefined) return `this machine is ${arch}, ${file} boots amd64 and arm64`;
  return `${file} boots the build of the machine's own processor, and which that is was not said`;
}

export const SAY_PROCESSOR = 'boot it by /boot.ipxe, which tells it, or add arch=arm64 (or amd64) to the question';

/** The files below images/ that the boot loader fetches, in order. */
export function bootFiles(plan: Plan): readonly string[] {
  return pathsOf([plan.kernel, ...plan.initrds]);
}

function pathsOf(artifacts: readonly Artifact[]): readonly string[] {
  return artifacts.flatMap((artifact) => (artifact.kind === 'shelf' ? [artifact.path] : []));
}

/** The files below images/ that a plan names and that are not there. */
export async function missingFiles(plan: Plan, imageStore: Pick<ImageStore, 'has'>): Promise<readonly string[]> {
  const paths = [...bootFiles(plan), ...pathsOf(plan.extras)];
  const there = await Promise.all(paths.map((path) => imageStore.has(path)));
  return paths.filter((_, i) => there[i] !== true);
}

/** Milliseconds in which a file that was there counts as there. */
const SEEN_MS = 1000;
/** Profiles name few files, but a server that runs for years sees many versions of them. */
const MOST_SEEN = 1000;

/**
 * Whether images are there. A rack that starts asks for the same two files all the time, and a boot loader that does not
 * get one asks for its script again: that they were there within the last second is enough. What is missing is looked for
 * each time.
 */
export function createImageCheck(imageStore: Pick<ImageStore, 'has'>): Pick<ImageStore, 'has'> {
  const seen = new Map<string, number>();
  return {
    async has(path) {
      const asked = performance.now();
      if (asked - (seen.get(path) ?? -Infinity) < SEEN_MS) return true;
      const isThere = await imageStore.has(path);
      if (seen.size >= MOST_SEEN) seen.clear();
      if (isThere) seen.set(path, asked);
      return isThere;
    },
  };
}

/**
 * Where this machine fetches each document that its profile names. A document that configs/ lacks has its URL all the
 * same (a 404 there names the file), so that the kernel line does not depend on it.
 */
export function documentLinks(
  match: Match,
  facts: MachineFacts,
  origin: Origin,
  documents: Snapshot['documents'],
  tokens?: LinkTokens,
): Readonly<Partial<Record<DocumentKind, string>>> {
  const query = withToken(identityQuery(facts, match), tokens?.boot);
  const links: Partial<Record<DocumentKind, string>> = {};
  for (const kind of DOCUMENT_KINDS) {
    const wanted = match.profile[kind];
    if (wanted === undefined) continue;
    if (kind === 'nocloud') {
      // cloud-init appends file names to this URL, so the machine is a path segment, not a query (NoCloud, `s=`).
      const machine = machineSegment(match, facts);
      if (machine !== '') links.nocloud = `${origin}/nocloud/${machine}/${tokenSegment(tokens)}`;
    } else {
      const name = findDocument(documents, kind, wanted)?.name ?? wanted;
      links[kind] = `${origin}/configs/${nameInUrl(name)}${query}`;
    }
  }
  return links;
}

/** What the kernel line points to, and what an installer hands to the disk. */
export function kindsRead(
  { match, question, tokens }: { readonly match: Match; readonly question: Question; readonly tokens?: LinkTokens },
  { args }: Plan,
  { documents }: Snapshot,
): readonly DocumentKind[] {
  const links = documentLinks(match, question.facts, question.origin, documents, tokens);
  return DOCUMENT_KINDS.filter((kind) => {
    const link = links[kind];
    if (link === undefined) return false;
    const handed = match.profile.install !== undefined && (kind === 'ignition' || kind === 'cloud_config');
    return handed || args.some((arg) => arg.includes(link));
  });
}

/** Where an installer of this machine finds what it runs with, and where it reports; undefined for who has no identity. */
export function installLinks(
  match: Match,
  facts: MachineFacts,
  origin: Origin,
  tokens?: LinkTokens,
): InstallLinks | undefined {
  const reports = reportLinks(match, facts, origin, tokens);
  if (reports === undefined) return undefined;
  const folder = `${origin}/install/${machineSegment(match, facts)}/${tokenSegment(tokens)}`;
  return { ignition: `${folder}ignition`, cloudConfig: `${folder}cloud-config`, report: reports.installed };
}

/** Where this machine says that it is up, and that it is installed: a POST to either. */
export function reportLinks(
  match: Match,
  facts: MachineFacts,
  origin: Origin,
  tokens?: LinkTokens,
): { readonly up: string; readonly installed: string } | undefined {
  if (!hasIdentity(facts)) return undefined;
  const words = identityQuery(facts, match).slice(1);
  // The MAC in the path, because people read it and write it by hand; what else decided is the query.
  const [, query = ''] = facts.mac === undefined ? [] : (/^mac=[^&]*&?(.*)$/.exec(words) ?? []);
  const machine = facts.mac === undefined ? words : `${macHyphens(facts.mac)}${query === '' ? '' : `?${query}`}`;
  const link = (route: string, token: string | undefined): string => withToken(`${origin}/${route}/${machine}`, token);
  return { up: link('phone-home', tokens?.up), installed: link('installed', tokens?.boot) };
}

/** An address, or the query of one, with the token behind what it says already. */
function withToken(url: string, token: string | undefined): string {
  return token === undefined ? url : `${url}${url.includes('?') ? '&' : '?'}token=${token}`;
}

/** Of a folder whose files are asked for by name: a query would end up before it. */
function tokenSegment(tokens: LinkTokens | undefined): string {
  return tokens === undefined ? '' : `${tokens.boot}/`;
}

/**
 * The machine as a segment of a path. What decided must be in it: by the MAC alone a node that its profile lists by UUID
 * or serial is not found.
 */
function machineSegment(match: Match, facts: MachineFacts): string {
  const alone = match.once === undefined && (match.by === 'mac' || match.by === 'default');
  if (match.profile.arch === 'auto') return identityQuery(facts, match).slice(1);
  if (facts.mac !== undefined && alone) return macHyphens(facts.mac);
  return identityQuery(facts, match).slice(1);
}

/**
 * The query by which a later request of the same machine finds the same profile again: the MAC, because people read it,
 * and whatever else decided (see boot/decide for the profile that was chosen at a screen), its processor too, where the
 * profile leaves that to the machine. Empty for a machine without any identity.
 */
export function identityQuery(facts: MachineFacts, match: Match): string {
  const { mac, uuid, serial, arch } = askedFacts(facts, match);
  const parts: string[] = [];
  if (mac !== undefined) parts.push(`mac=${macHyphens(mac)}`);
  if (uuid !== undefined) parts.push(`uuid=${uuid}`);
  if (serial !== undefined) parts.push(`serial=${encodeURIComponent(serial)}`);
  if (arch !== undefined && parts.length > 0) parts.push(`arch=${arch}`);
  if (isElsewhere(match)) parts.push(`profile=${encodeURIComponent(match.profile.name)}`);
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

/** Where the machine asks once more: as what it was matched. */
export function againOf({ facts, origin }: Question, match: Match): string {
  return againUrl(origin, facts, isElsewhere(match) ? match.profile.name : undefined);
}

/** The machine's identity alone would not lead back to this profile. */
function isElsewhere({ by, once }: Match): boolean {
  return by === 'choice' || once !== undefined;
}

/** What a machine says of itself when it follows a link that was made by `identityQuery`. */
export function askedFacts(
  { mac, uuid, serial, arch }: MachineFacts,
  { by, profile }: Pick<Match, 'by' | 'profile'>,
): MachineFacts {
  const saysUuid = uuid !== undefined && (by === 'uuid' || mac === undefined);
  const saysSerial = serial !== undefined && (by === 'serial' || (mac === undefined && !saysUuid));
  return {
    mac,
    uuid: saysUuid ? uuid : undefined,
    serial: saysSerial ? serial : undefined,
    arch: profile.arch === 'auto' ? arch : undefined,
  };
}

/**
 * Machines that stand for all machines of a profile, one for each processor, when its kernel line is measured and its
 * files are looked for: MACs and UUIDs have one length, so one line tells the length of all. A profile whose nodes are
 * matched by something else than the MAC gets the longest.
 */
export function typicalMachines(profile: Profile): readonly { readonly match: Match; readonly facts: MachineFacts }[] {
  const node = profile.nodes.find((candidate) => candidate.mac === undefined) ?? profile.nodes[0];
  const by = node === undefined ? 'default' : (IDENTITY_KEYS.find((key) => node[key] !== undefined) ?? 'serial');
  return builds(profile).map((build) => ({
    match: { profile: build, by, node },
    facts: factsFrom({ mac: '525400000000', uuid: '11111111-1111-1111-1111-111111111111', serial: node?.serial }),
  }));
}
