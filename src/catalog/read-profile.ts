import type { Problem } from '../model/failure.ts';
import { parseMac } from '../model/mac.ts';
import { isInFolder, NAME_RULE, nearest, parseName } from '../model/name.ts';
import { compareVersions, type Json, type JsonObject, parseVersion, type Profile } from '../model/profile.ts';
import { parseUuid } from '../model/uuid.ts';
import { buildProfile } from './build-profile.ts';
import type { SchemaFault } from './explain-fault.ts';
import {
  canonicalAddress,
  type Claim,
  claimPath,
  comparableSerial,
  exclusiveClaims,
  IDENTITY_KEYS,
  identityOf,
  sharedClaims,
} from './identity.ts';
import { type JsonPath, type Locator, pathText, readJson } from './json-text.ts';
import type { ProfileCheck } from './profile-schema.ts';
import type { Reading } from './read-document.ts';

/** All that coreos-ipxe-server knew. */
const LEGACY: ReadonlySet<string> = new Set([
  'cloud_config',
  'console',
  'coreos_autologin',
  'root',
  'rootfstype',
  'sshkey',
  'version',
]);

interface KeyFault extends SchemaFault {
  readonly severity: 'error' | 'warning';
}

interface LegacyReading {
  /** With every key in its own spelling, without those that are ignored. */
  readonly value: Json;
  readonly faults: readonly KeyFault[];
  /** How a key is spelled in the file, where that is not its own spelling. */
  readonly spelled: ReadonlyMap<string, string>;
}

/**
 * Reads a profile's keys as coreos-ipxe-server did where the file has none that it did not know: Go's encoding/json takes
 * a key in any case and passes over the others. There they are warnings, unless a key of ours is nearly meant (`nods`
 * would be a profile without machines): that is an error for the schema, as any unknown key in any other file.
 */
export function readLegacyKeys(value: Json, known: ReadonlySet<string>): LegacyReading {
  if (!isObject(value)) return { value, faults: [], spelled: new Map() };
  const keys = Object.keys(value);
  const unknown = keys.filter((key) => !known.has(key));
  const ours = keys.some((key) => known.has(key) && !LEGACY.has(key));
  if (unknown.length === 0 || ours) return { value, faults: [], spelled: new Map() };
  const read = new Map<string, Json>();
  const faults: KeyFault[] = [];
  const spelled = new Map<string, string>();
  for (const [key, content] of Object.entries(value)) {
    const lower = key.toLowerCase();
    if (known.has(key)) read.set(key, content);
    else if (LEGACY.has(lower)) {
      if (keys.includes(lower) || spelled.has(lower)) {
        faults.push(fault('error', key, `\`${key}\` is the key \`${lower}\` once more`, 'keep one of the two'));
      } else {
        read.set(lower, content);
        spelled.set(lower, key);
        faults.push(fault('warning', key, `is read as \`${lower}\``, `write \`${lower}\``));
      }
    } else if (nearest(key, known) === undefined) {
      const remedy =
        'take it out: it does nothing, and beside a key that coreos-ipxe-server did not know it is an error';
      faults.push(fault('warning', key, 'unknown key, ignored as coreos-ipxe-server did', remedy));
    } else read.set(key, content);
  }
  return { value: Object.fromEntries(read), faults, spelled };
}

function fault(severity: KeyFault['severity'], key: string, message: string, remedy: string): KeyFault {
  return { severity, path: [key], atKey: true, message, remedy };
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Something wrong in one profile that its schema cannot say. */
interface ProfileFault {
  readonly severity: 'error' | 'warning';
  readonly path: JsonPath;
  readonly message: string;
  readonly remedy: string;
  /** Where the other half of a contradiction is. */
  readonly other?: JsonPath;
}

/** Checks a profile that passed the schema, by itself: no other file is looked at. */
export function checkProfile(profile: Profile): readonly ProfileFault[] {
  return [...checkSystem(profile), ...checkUbuntu(profile), ...checkNodes(profile), ...checkDuplicates(profile)];
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

/**
 * The installer reads `nocloud` over http by cloud-init's `ds=nocloud`, which does that since 23.2: 22.04.3, and of the
 * series after it 23.10.
 */
function checkUbuntu({ system, nocloud, version }: Profile): ProfileFault[] {
  const [known, first] = [parseVersion(version), parseVersion('22.04.3')];
  if (system !== 'ubuntu' || nocloud === undefined || known === undefined || first === undefined) return [];
  if (compareVersions(known, first) >= 0 && !/^(?:22\.10|23\.04)(?:\.|$)/.test(known)) return [];
  const message = `Ubuntu ${known} may not read its \`nocloud\` over the network: its cloud-init is older than 23.2`;
  const remedy = 'boot 22.04.3 or newer (not 22.10 and 23.04)';
  return [{ severity: 'warning', path: ['version'], message, remedy }];
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
    if (node.serial !== undefined && NO_SERIAL.has(identityOf(node, 'serial') ?? '')) {
      const message = `the serial "${node.serial}" is what boards without one report: many machines may match`;
      faults.push({ severity: 'warning', path: [...path, 'serial'], message, remedy: 'use "mac" instead' });
    }
    return faults;
  });
}

/** What two nodes of one profile may not share. */
function checkDuplicates(profile: Profile): ProfileFault[] {
  const faults: ProfileFault[] = [];
  const seen = new Map<string, JsonPath>();
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

/** A good version of a profile's file. */
export interface ReadProfile {
  readonly profile: Profile;
  readonly bytes: Buffer;
  readonly locator: Locator;
  /** What no other profile may have. */
  readonly claims: readonly Claim[];
  /** What other profiles should not have. */
  readonly shared: readonly Claim[];
}

const MAX_PROBLEMS = 20;

/** Reads a profile's file completely: text, schema, and what a profile must be by itself. */
export function readProfile(file: string, bytes: Buffer, check: ProfileCheck): Reading<ReadProfile> {
  const name = parseName(file.slice(file.indexOf('/') + 1, -'.json'.length));
  if (name === undefined) {
    const remedy = `rename it: ${NAME_RULE}`;
    return {
      problems: [
        { severity: 'warning', message: 'is left out: this cannot be a profile’s name', place: { file }, remedy },
      ],
    };
  }
  const json = readJson(bytes, file);
  const problems: Problem[] = [...json.problems];
  const { value, locator } = json;
  if (value === undefined) return refused();
  const legacy = readLegacyKeys(value, check.keys);
  for (const fault of legacy.faults) add({ remedy: undefined, ...fault });
  for (const fault of check(legacy.value)) {
    add({ severity: 'error', remedy: undefined, ...fault, path: asSpelled(fault.path) });
  }
  if (problems.some(isError)) return refused();
  const raw = legacy.value as JsonObject;
  const kept = isInFolder(name) ? byNameOnly(raw) : raw;
  for (const key of Object.keys(raw).filter((one) => !Object.hasOwn(kept, one))) {
    const message = `\`${key}\` is not looked at in a folder of profiles/: such a profile boots by its name only`;
    add({ severity: 'warning', path: [key], atKey: true, message, remedy: 'move the file to profiles/' });
  }
  const profile = buildProfile(name, file, kept);
  for (const fault of checkProfile(profile)) {
    const twin = fault.other === undefined ? '' : ` (also in line ${locator.value(fault.other).line})`;
    add({ ...fault, path: asSpelled(fault.path), message: fault.message + twin, atKey: false });
    if (problems.length > MAX_PROBLEMS) break;
  }
  if (problems.some(isError)) return refused();
  const thing = { profile, bytes, locator, claims: exclusiveClaims(profile), shared: sharedClaims(profile) };
  return { thing, problems: capped(problems, file) };

  /** A file in a folder claims no machine, so it holds none back either. */
  function refused(): Reading<ReadProfile> {
    const names = name !== undefined && isInFolder(name) ? [] : namesIn(bytes.toString('utf8'));
    return { problems: capped(problems, file), names };
  }

  function asSpelled(path: JsonPath): JsonPath {
    const [first, ...rest] = path;
    const spelled = typeof first === 'string' ? legacy.spelled.get(first) : undefined;
    return spelled === undefined ? path : [spelled, ...rest];
  }

  function add(fault: {
    readonly severity: 'error' | 'warning';
    readonly path: JsonPath;
    readonly atKey: boolean;
    readonly message: string;
    readonly remedy?: string | undefined;
  }): void {
    const { line, column } = fault.atKey ? locator.key(fault.path) : locator.value(fault.path);
    const key = pathText(fault.path);
    problems.push({
      severity: fault.severity,
      message: fault.message,
      place: { file, ...(key === '' ? {} : { key }), line, column },
      remedy: fault.remedy,
    });
  }
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

function isError(problem: Problem): boolean {
  return problem.severity === 'error';
}

/** Nobody reads a thousand: a file made by a broken script must not fill the log. */
function capped(problems: readonly Problem[], file: string): readonly Problem[] {
  if (problems.length <= MAX_PROBLEMS) return problems;
  const severity = problems.some(isError) ? 'error' : 'warning';
  const more: Problem = { severity, message: 'has more problems than are shown', place: { file } };
  const errorsFirst = [...problems.filter(isError), ...problems.filter((problem) => !isError(problem))];
  return [...errorsFirst.slice(0, MAX_PROBLEMS), more];
}
