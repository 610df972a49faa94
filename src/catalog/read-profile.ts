import { type FileDiagnostic, isError } from '../model/failure.ts';
import { canonicalAddress } from '../model/ipv6.ts';
import { comparableSerial, IDENTITY_KEYS, knownBy, parseMac, parseUuid } from '../model/machine.ts';
import { isInFolder, type Json, type JsonObject, NAME_RULE, parseName, type Profile } from '../model/profile.ts';
import { type SecretPlace, secretsIn } from '../model/secret.ts';
import type { JsonPlaces } from '../text/json.ts';
import type { Path } from '../text/text.ts';
import { buildProfile, readLegacyKeys } from './build-profile.ts';
import { type Claim, claimPath, exclusiveClaims, sharedClaims } from './identity.ts';
import { readJson } from './profile-json.ts';
import type { ProfileCheck, SchemaFault } from './profile-schema.ts';
import type { Reading } from './read-document.ts';

/** A good version of a profile's file. */
export interface ReadProfile {
  readonly profile: Profile;
  readonly bytes: Buffer;
  readonly places: JsonPlaces;
  /** What no other profile may have. */
  readonly claims: readonly Claim[];
  /** What other profiles should not have. */
  readonly shared: readonly Claim[];
  /** The secrets that its `vars` and those of its nodes ask for. */
  readonly secrets: readonly SecretPlace[];
}

const MAX_PROBLEMS = 20;

/** Reads a profile's file completely: text, schema, and what a profile must be by itself. */
export function readProfile(file: string, bytes: Buffer, check: ProfileCheck): Reading<ReadProfile> {
  const name = parseName(file.slice(file.indexOf('/') + 1, -'.json'.length));
  if (name === undefined) {
    const message = 'is left out: this cannot be a profile’s name';
    return { problems: [{ severity: 'warning', message, place: { file }, remedy: `rename it: ${NAME_RULE}` }] };
  }
  const inFolder = isInFolder(name);
  const { value, diagnostics, places } = readJson(bytes, file);
  if (value === undefined) return refused();
  const matchbox = matchboxFile(value);
  if (matchbox !== undefined) {
    tell({ severity: 'error', path: [], atKey: false, ...matchbox });
    return refused();
  }
  const legacy = readLegacyKeys(value, check);
  for (const fault of legacy.faults) tell(fault);
  for (const fault of check(legacy.value, (path) => places.source(asSpelled(path))))
    tell({ severity: 'error', ...fault, path: asSpelled(fault.path) });
  if (diagnostics.hasError()) return refused();
  const raw = legacy.value as JsonObject;
  const kept = inFolder ? byNameOnly(raw) : raw;
  for (const key of Object.keys(raw).filter((one) => !Object.hasOwn(kept, one))) {
    const message = `\`${key}\` is not looked at in a folder of profiles/: such a profile boots by its name only`;
    tell({ severity: 'warning', path: [key], atKey: true, message, remedy: 'move the file to profiles/' });
  }
  const profile = buildProfile(name, file, kept);
  for (const fault of checkProfile(profile)) {
    const also = fault.other === undefined ? '' : ` (also in line ${places.value(fault.other).line})`;
    tell({ ...fault, path: asSpelled(fault.path), message: fault.message + also, atKey: false });
    if (diagnostics.all.length > MAX_PROBLEMS) break;
  }
  if (diagnostics.hasError()) return refused();
  const claims = exclusiveClaims(profile);
  const thing = { profile, bytes, places, claims, shared: sharedClaims(profile), secrets: secretsOf(profile) };
  return { thing, problems: capped(diagnostics.all, file) };

  /** A file in a folder claims no machine, so it holds none back either. */
  function refused(): Reading<ReadProfile> {
    const text = bytes.toString('utf8');
    return { problems: capped(diagnostics.all, file), names: inFolder ? [] : namesIn(text), text };
  }

  function asSpelled(path: Path): Path {
    const [first, ...rest] = path;
    const spelled = typeof first === 'string' ? legacy.spelled.get(first) : undefined;
    return spelled === undefined ? path : [spelled, ...rest];
  }

  function tell({ severity, path, atKey, message, remedy }: SchemaFault & Pick<FileDiagnostic, 'severity'>): void {
    const offset = atKey ? places.keyOffset(path) : places.offset(path);
    diagnostics.add(severity, message, { path, offset, remedy });
  }
}

function secretsOf({ vars, nodes }: Profile): readonly SecretPlace[] {
  const ofNodes = nodes.flatMap((node, index) => secretsIn(node.vars, ['nodes', index, 'vars']));
  return [...secretsIn(vars, ['vars']), ...ofNodes];
}

/** What to do about files of matchbox. */
export const IMPORT_MATCHBOX =
  'convert the folder: `pilotlight import matchbox DIR --to ANOTHER-DIR`, see docs/from-matchbox.md';

/** One answer for a file of another server, in the place of one for each of its keys. */
function matchboxFile(value: Json): Pick<SchemaFault, 'message' | 'remedy'> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { boot, selector, profile, id } = value as JsonObject;
  const isProfile =
    (typeof boot === 'object' && boot !== null) ||
    ['ignition_id', 'cloud_id', 'generic_id'].some((key) => key in value);
  const isGroup = typeof selector === 'object' || (typeof profile === 'string' && typeof id === 'string');
  if (!isProfile && !isGroup) return undefined;
  return isProfile
    ? {
        message: 'is a matchbox profile',
        remedy: IMPORT_MATCHBOX,
      }
    : {
        message: 'is a matchbox group',
        remedy: IMPORT_MATCHBOX,
      };
}

/** What says which machines boot a profile. */
const MACHINE_KEYS: ReadonlySet<string> = new Set(['nodes', 'default', 'menu']);

/**
 * coreos-ipxe-server's folders held what was asked for by name. Folders are also where people put profiles aside: such a
 * file must not take machines over, least of all with an installer.
 */
function byNameOnly(raw: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(raw).filter(([key]) => !MACHINE_KEYS.has(key)));
}

/** A file that a broken script made must not fill the log. */
function capped(problems: readonly FileDiagnostic[], file: string): readonly FileDiagnostic[] {
  if (problems.length <= MAX_PROBLEMS) return problems;
  const severity = problems.some(isError) ? 'error' : 'warning';
  const more: FileDiagnostic = { severity, message: 'has more problems than are shown', place: { file } };
  const errorsFirst = [...problems.filter(isError), ...problems.filter((problem) => !isError(problem))];
  return [...errorsFirst.slice(0, MAX_PROBLEMS), more];
}

/** Something wrong in one profile that its schema cannot say. */
interface ProfileFault {
  readonly severity: 'error' | 'warning';
  readonly path: Path;
  readonly message: string;
  readonly remedy: string;
  /** Where the other half of a contradiction is. */
  readonly other?: Path;
}

/** Checks a profile that passed the schema, by itself: no other file is looked at. */
export function checkProfile(profile: Profile): readonly ProfileFault[] {
  return [...checkSystem(profile), ...checkNodes(profile), ...checkDuplicates(profile), ...checkRollout(profile)];
}

function checkSystem(profile: Profile): ProfileFault[] {
  const faults: ProfileFault[] = [];
  const custom = profile.system === 'custom';
  if (custom && profile.kernel === undefined && profile.boot === 'image') {
    const remedy = 'add "kernel": a path below images/ or a URL';
    faults.push({ severity: 'error', path: [], message: 'the system custom needs a `kernel`', remedy });
  }
  for (const key of ['kernel', 'initrd'] as const) {
    if (custom || profile.raw[key] === undefined) continue;
    const message = `\`${key}\` is ignored: the system ${profile.system} knows its own files`;
    faults.push({ severity: 'warning', path: [key], message, remedy: `remove it, or set "system": "custom"` });
  }
  return faults;
}

// What boards report whose maker wrote no serial number (dmidecode's collections are full of them).
const NO_SERIAL = new Set([
  '0',
  'none',
  'n/a',
  'not specified',
  'default string',
  'system serial number',
  'to be filled by o.e.m.',
  '0123456789',
  '123456789',
]);

function checkNodes(profile: Profile): ProfileFault[] {
  return profile.nodes.flatMap((node, index) => {
    const path = ['nodes', index];
    const faults: ProfileFault[] = [];
    if (IDENTITY_KEYS.every((key) => node[key] === undefined)) {
      const message = `the node ${node.name} has neither mac, uuid nor serial, so no machine can match it`;
      faults.push({ severity: 'error', path, message, remedy: 'add one of them, best "mac"' });
    }
    if (node.ip !== undefined && canonicalAddress(node.ip) === undefined) {
      const message = `"${node.ip}" is not an IPv4 or IPv6 address`;
      const remedy = 'write it as 192.168.122.2 or 2001:db8::2, without a prefix length';
      faults.push({ severity: 'error', path: [...path, 'ip'], message, remedy });
    }
    if (node.serial !== undefined && NO_SERIAL.has(knownBy(node, 'serial') ?? '')) {
      const message = `the serial "${node.serial}" is what boards without one report: many machines may match`;
      faults.push({ severity: 'warning', path: [...path, 'serial'], message, remedy: 'use "mac" instead' });
    }
    return faults;
  });
}

/** What two nodes of one profile may not share. */
function checkDuplicates(profile: Profile): ProfileFault[] {
  const faults: ProfileFault[] = [];
  const seen = new Map<string, Path>();
  for (const claim of [...exclusiveClaims(profile), ...sharedClaims(profile)]) {
    const path = claimPath(claim);
    const other = seen.get(claim.id);
    if (other === undefined) seen.set(claim.id, path);
    else {
      const message = `the ${claim.id} belongs to two nodes of this profile`;
      faults.push({ severity: 'error', path, message, remedy: 'give it to one of them', other });
    }
  }
  return faults;
}

const QUOTED = /"([0-9A-Fa-f:.-]{12,36})"|"serial"\s{0,20}:\s{0,20}"([ -~]{1,128}?)"/g;

/**
 * The machines that a file seems to name which cannot be read as a profile: found by their spelling alone, since a
 * missing comma is what most broken files have.
 */
export function namesIn(text: string): readonly string[] {
  const found: string[] = [];
  for (const [, word = '', serial = ''] of text.matchAll(QUOTED)) {
    const mac = parseMac(word);
    const uuid = parseUuid(word);
    const known = comparableSerial(serial);
    if (mac !== undefined) found.push(`mac ${mac}`);
    if (uuid !== undefined) found.push(`uuid ${uuid}`);
    if (known !== undefined) found.push(`serial ${known}`);
  }
  return found;
}

/** As checkProfile tells what it finds. */
interface RolloutFault {
  readonly severity: 'error';
  readonly path: Path;
  readonly message: string;
  readonly remedy: string;
}

/** What a rollout needs of its own profile. Whether its machines phone home the documents say: see boot/inspector.ts. */
function checkRollout({ rollout, boot_timeout, boot, system, nodes }: Profile): readonly RolloutFault[] {
  if (rollout === undefined) return [];
  const faults: RolloutFault[] = [];
  const add = (path: Path, message: string, remedy: string): void => {
    faults.push({ severity: 'error', path: ['rollout', ...path], message, remedy });
  };
  if (system === 'custom') {
    add([], 'a custom system has no "version" that could be rolled out', 'remove "rollout"');
  }
  if (boot === 'local') add([], 'machines that boot their own disk get no release from here', 'remove "rollout"');
  if (boot_timeout === undefined) {
    const why = 'a rollout needs "boot_timeout": without it no machine fails';
    add([], why, 'add "boot_timeout": seconds from the boot script to the phone-home');
  }
  const names = new Set(nodes.map(({ name }) => name));
  const { canaries, waves } = rollout;
  if (typeof canaries === 'number') {
    if (canaries > nodes.length) {
      const listed = nodes.length === 1 ? '1 node' : `${nodes.length} nodes`;
      add(['canaries'], `${canaries} canaries of ${listed}`, 'list the machines in "nodes", or name fewer canaries');
    }
  } else {
    for (const [index, name] of canaries.entries()) {
      if (names.has(name)) continue;
      add(['canaries', index], `"${name}" is no node of this profile`, 'name one of its "nodes"');
    }
  }
  for (const [index, percent] of waves.entries()) {
    const before = waves[index - 1] ?? 0;
    if (percent > before) continue;
    const remedy = 'each wave is all machines that have the release then: "10%", "50%"';
    add(['waves', index], `${percent}% is not more than ${before}%, the wave before it`, remedy);
  }
  return faults;
}
