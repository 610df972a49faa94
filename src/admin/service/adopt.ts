import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { editProfile, withNode, withoutNode } from '../../catalog/edit-profile.ts';
import { canonicalAddress } from '../../model/ipv6.ts';
import { type Match, profileNamed, type Snapshot } from '../../catalog/snapshot.ts';
import { Failure, failureLine, type FileDiagnostic, isError, problemFailure } from '../../model/failure.ts';
import type { OperatorEvent } from '../../model/journal-event.ts';
import { IDENTITY_KEYS, knownBy, type MachineFacts, type MachineKey, nodeFacts } from '../../model/machine.ts';
import { isInFolder, type JsonObject, MAX_PROFILE_BYTES, type Node, type Profile } from '../../model/profile.ts';
import type { WrittenNode } from '../../model/views.ts';
import type { AdminDeps } from './deps.ts';

type Profiles = Iterable<Pick<Profile, 'file' | 'nodes'>>;

// RFC 1123, 2.1: what DNS, DHCP and libvirt take in any case. The schema lets more through; what we make up does not.
const HOST =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
/** The host name of a system that was never given one. */
const NAMELESS = /^(?:localhost|debian|ubuntu|flatcar|coreos|fedora|ipxe|none)(?:\.|$)/i;

/**
 * What a machine that is adopted is called: as it calls itself, if that is a host's name and free; else `node-` and the
 * end of its MAC. Names are free or not whatever their case: DNS, Ansible and libvirt know each only once.
 */
export function nameFor(facts: MachineFacts, profiles: Profiles): string {
  const taken = takenNames(profiles);
  const isFree = (name: string): boolean => !taken.has(name.toLowerCase());
  const { hostname } = facts;
  if (hostname !== undefined && HOST.test(hostname) && !NAMELESS.test(hostname) && isFree(hostname)) return hostname;
  const digits = (facts.mac ?? facts.uuid ?? facts.serial ?? '').toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const short = `node-${digits.slice(-6) || '1'}`;
  if (isFree(short)) return short;
  const long = `node-${digits.slice(-32)}`;
  for (let number = 2; ; number += 1) {
    const name = number === 2 && isFree(long) ? long : `${short}-${number}`;
    if (isFree(name)) return name;
  }
}

/** Throws Failure `conflict` for a name that another node has, and `invalid` for one that is none. */
export function checkName(name: string, profiles: Profiles, own: Node | undefined): void {
  if (!/^[A-Za-z0-9](?!.*\.\.)[A-Za-z0-9._-]{0,252}$/.test(name) || name.split('.').some((part) => part.length > 63)) {
    throw new Failure('invalid', 'this cannot be the name of a node', {
      remedy: "a node's name is a host name: letters, digits, dot, hyphen and underscore, at most 63 between two dots",
    });
  }
  for (const { file, nodes } of profiles) {
    const isTaken = nodes.some((node) => node !== own && node.name.toLowerCase() === name.toLowerCase());
    if (isTaken) throw new Failure('conflict', `${file} has a node ${name} already`, { remedy: 'choose another name' });
  }
}

/** Throws Failure `invalid`. */
function checkAddress(ip: string): void {
  if (canonicalAddress(ip) !== undefined) return;
  throw new Failure('invalid', `"${ip.slice(0, 80)}" is not an IPv4 or IPv6 address`, {
    remedy: 'write it as 192.168.122.2 or 2001:db8::2, without a prefix length',
  });
}

function takenNames(profiles: Profiles): ReadonlySet<string> {
  return new Set([...profiles].flatMap(({ nodes }) => nodes.map(({ name }) => name.toLowerCase())));
}

const LOOKS = 5;
const LOOK_MS = 50;

type Deps = Pick<AdminDeps, 'catalog' | 'files' | 'journal' | 'log' | 'now'>;

export interface Adoption {
  readonly key: MachineKey;
  readonly profile: string;
  /** The node's name; made of what the machine calls itself, or of its MAC, when absent. */
  readonly name?: string;
  /** The address that templates see; as it is when absent. */
  readonly ip?: string;
}

/** Which node a machine is now. */
interface InstallState {
  readonly profile: Profile;
  readonly node: Node;
}

/** Into a profile's `nodes`, also out of another's. Throws Failure. */
export async function adopt(deps: Deps, adoption: Adoption, facts: MachineFacts): Promise<WrittenNode> {
  // One after the other: each chooses its name, and the profile that it leaves, by what the one before has written.
  return await deps.files.edits.run('adopt', () => adoptNow(deps, adoption, facts));
}

async function adoptNow(
  deps: Deps,
  { profile: wanted, name, ip }: Adoption,
  facts: MachineFacts,
): Promise<WrittenNode> {
  if (ip !== undefined) checkAddress(ip);
  const { snapshot, profile } = await profileIn(deps, wanted);
  const now = installStateOf(facts, snapshot);
  const isSame = (name ?? now?.node.name) === now?.node.name && (ip ?? now?.node.ip) === now?.node.ip;
  if (now?.profile.name === profile.name && isSame) return { file: profile.file, name: now.node.name };
  const called = name ?? now?.node.name ?? nameFor(facts, snapshot.profiles.values());
  checkName(called, snapshot.profiles.values(), now?.node);
  const written: JsonObject = { name: called, ...(ip === undefined ? {} : { ip }) };
  if (now === undefined) await add(deps, profile.file, { ...written, ...identityOf(facts) });
  else if (now.profile.name === profile.name) await rewrite(deps, now, written);
  else await move(deps, now, profile.file, written);
  const from = now === undefined ? '' : ` from ${now.profile.file}`;
  const text = `${now === undefined ? 'adopted' : 'moved'} into ${profile.file}${from} as ${called}`;
  await record(deps, facts, now === undefined ? 'adopt' : 'assign', text);
  return { file: profile.file, name: called };
}

/**
 * A file that is broken is looked at again for a moment: an editor may be writing it in place. Throws Failure `not-found`
 * with the name that was probably meant, or `broken` with what is wrong with the file.
 */
async function profileIn({ catalog }: Deps, name: string): Promise<{ snapshot: Snapshot; profile: Profile }> {
  for (let look = 1; ; look += 1) {
    const snapshot = await catalog.refresh();
    const wrong = snapshot.problems.find(
      ({ severity, place }) => severity === 'error' && place.file === `profiles/${name}.json`,
    );
    if (wrong === undefined) return { snapshot, profile: claimant(profileNamed(snapshot, name)) };
    if (look === LOOKS) throw problemFailure(wrong);
    await sleep(LOOK_MS);
  }
}

function claimant(profile: Profile): Profile {
  if (!isInFolder(profile.name)) return profile;
  throw new Failure('invalid', 'a profile in a folder boots by its name only and claims no machines', {
    place: { file: profile.file },
    remedy: 'move the file to profiles/',
  });
}

/** Out of the `nodes` of its profile. Throws Failure `not-found` for a machine that no file names. */
export async function release(deps: Deps, key: MachineKey, facts: MachineFacts): Promise<WrittenNode> {
  return await deps.files.edits.run('adopt', () => releaseNow(deps, key, facts));
}

async function releaseNow(deps: Deps, key: MachineKey, facts: MachineFacts): Promise<WrittenNode> {
  const now = installStateOf(facts, await deps.catalog.refresh());
  if (now === undefined) {
    throw new Failure('not-found', `no profile names ${key}`, {
      remedy: '`pilotlight nodes` lists the machines that are named',
    });
  }
  const { file } = now.profile;
  await editProfile(deps.files, file, without(now.node), (bytes) => judge(deps, [[file, bytes]]));
  await record(deps, facts, 'release', `taken out of ${file}, where it was ${now.node.name}`);
  return { file, name: now.node.name };
}

async function add(deps: Deps, file: string, node: JsonObject): Promise<void> {
  const write = (text: string): string => withNode(text, node);
  try {
    await editProfile(deps.files, file, write, (bytes) => judge(deps, [[file, bytes]]));
  } catch (error) {
    if (!(error instanceof Failure) || node['ip'] !== undefined) throw error;
    const text = (await deps.files.read(file, MAX_PROFILE_BYTES)).bytes.toString('utf8');
    const tried = Buffer.from(withNode(text, { ...node, ip: SOME_ADDRESS }));
    if ((await judge(deps, [[file, tried]])).some(isError)) throw error;
    const { code, message, place } = error;
    const remedy = 'give it an address: --ip ADDRESS, or the field "Address"';
    throw new Failure(code, message, { place, remedy, cause: error });
  }
}

/** Of no network (RFC 5737): would an address be all that is missing? */
const SOME_ADDRESS = '192.0.2.254';

async function rewrite(deps: Deps, { profile: { file }, node }: InstallState, written: JsonObject): Promise<void> {
  const change = (text: string): string => {
    const taken = withoutNode(text, (raw) => isNode(raw, node));
    return taken === undefined ? text : withNode(taken.text, { ...taken.node, ...written });
  };
  await editProfile(deps.files, file, change, (bytes) => judge(deps, [[file, bytes]]));
}

/**
 * First in, then out: while both files name the machine, the one that had it keeps it, so at no moment does it fall
 * through to the default profile, which may be an installer. If it cannot be taken out there, it goes out here again.
 */
async function move(deps: Deps, { profile: { file: old }, node }: InstallState, file: string, written: JsonObject) {
  const { files, log } = deps;
  const before = (await files.read(old, MAX_PROFILE_BYTES)).bytes.toString('utf8').replace(/^\uFEFF/, '');
  const taken = withoutNode(before, (raw) => isNode(raw, node));
  if (taken === undefined) {
    throw changed(old);
  }
  const there = { ...taken.node, ...written };
  const rest = Buffer.from(taken.text);
  await editProfile(
    files,
    file,
    (text) => withNode(text, there),
    (bytes) => judge(deps, [[old, rest], [file, bytes]]), // prettier-ignore
  );
  try {
    const leave = (text: string): string => {
      const left = withoutNode(text, (raw) => isNode(raw, node));
      // What was written there meanwhile would be gone with it.
      if (left !== undefined && !isDeepStrictEqual(left.node, taken.node)) throw changed(old);
      return left?.text ?? text;
    };
    await editProfile(files, old, leave, (bytes) => judge(deps, [[old, bytes]]));
  } catch (error) {
    await editProfile(files, file, without(node), () => Promise.resolve([])).catch((second: unknown) => {
      const why = second instanceof Failure ? failureLine(second) : second;
      log.error(
        { problem: why, file, remedy: `take ${node.name} out of ${file} by hand` },
        'a machine is in two profiles',
      );
    });
    throw error;
  }
}

function changed(file: string): Failure {
  return new Failure('conflict', 'was changed by another person or program just now', {
    place: { file },
    remedy: 'try again',
  });
}

function without(node: Node): (text: string) => string {
  return (text) => withoutNode(text, (raw) => isNode(raw, node))?.text ?? text;
}

/** On top of what the operator has saved by now. */
async function judge(deps: Deps, drafts: readonly (readonly [string, Buffer])[]): Promise<readonly FileDiagnostic[]> {
  await deps.catalog.refresh();
  return deps.catalog.attempt(new Map(drafts)).problems;
}

async function record(deps: Deps, facts: MachineFacts, action: OperatorEvent['action'], text: string) {
  // In force before the answer: the next request sees it.
  await deps.catalog.refresh();
  deps.journal.record({ kind: 'operator', at: deps.now(), facts, action, text });
  deps.log.info({ mac: facts.mac, action }, text);
}

/** Which node the machine is. Throws Failure `broken` for one that a file names which cannot be read. */
export function installStateOf(
  facts: MachineFacts,
  snapshot: Pick<Snapshot, 'held' | 'match'>,
): InstallState | undefined {
  const held = snapshot.held(facts);
  if (held !== undefined) throw problemFailure(held);
  const match: Match | undefined = snapshot.match(facts);
  return match?.node === undefined ? undefined : { profile: match.profile, node: match.node };
}

/** No two nodes share one of these, so one is enough. */
function isNode(raw: JsonObject, node: Node): boolean {
  const text = (key: string): string => (typeof raw[key] === 'string' ? raw[key].trim() : '');
  const said = nodeFacts({ mac: text('mac'), uuid: text('uuid'), serial: text('serial') });
  return IDENTITY_KEYS.some((key) => said[key] !== undefined && knownBy(said, key) === knownBy(node, key));
}

/** By what the profile knows it from now on: the MAC, else what there is. */
function identityOf({ mac, uuid, serial }: MachineFacts): JsonObject {
  if (mac !== undefined) return { mac };
  if (uuid !== undefined) return { uuid };
  if (serial !== undefined) return { serial };
  throw new Failure('invalid', 'machine has no MAC, UUID or serial number: cannot adopt it');
}
