import { isInFolder, NAME_RULE, parseName } from '../model/name.ts';
import type { Problem } from '../model/problem.ts';
import type { JsonObject, Profile } from '../model/profile.ts';
import { buildProfile } from './build-profile.ts';
import { checkProfile } from './check-profile.ts';
import { exclusiveClaims, sharedClaims, type Claim } from './claim-ids.ts';
import { readJson, type Locator } from './json-text.ts';
import { readLegacyKeys } from './legacy-keys.ts';
import { namesIn } from './names-in.ts';
import { pathText, type JsonPath } from './positions.ts';
import type { ProfileCheck } from './profile-schema.ts';
import type { Reading } from './slot.ts';

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
      ...(fault.remedy === undefined ? {} : { remedy: fault.remedy }),
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
