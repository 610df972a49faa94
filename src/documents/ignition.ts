import type { SystemId } from '../model/profile.ts';
import { explainViolation } from '../text/check-schema.ts';
import type { Diagnostics } from '../text/diagnostics.ts';
import { eachKey, JsonPlaces, parseJson, valueAt } from '../text/json.ts';
import { explainJsonFault } from '../text/json-fault.ts';
import { type Path, shown } from '../text/text.ts';
import { checkIgnitionRules } from './ignition-rules.ts';
import { IGNITION_VERSIONS, ignitionCheck, type IgnitionVersion } from './ignition-spec.ts';

/**
 * What Ignition would say of a text: errors are what it refuses (and then the machine stops in its emergency shell),
 * warnings what it ignores or what was hardly meant.
 */
export function checkIgnition(
  text: string,
  { system, version: release }: { readonly system?: SystemId; readonly version?: string },
  diagnostics: Diagnostics,
): void {
  if (text.trim() === '') {
    const remedy = 'write at least {"ignition": {"version": "3.3.0"}}';
    diagnostics.warn('the document is empty: Ignition boots on without a configuration', { remedy });
    return;
  }
  if (looksLikeButane(text)) {
    const remedy = 'convert it first: butane --strict FILE.bu > FILE.ign';
    diagnostics.error('this is Butane YAML; Ignition reads only JSON', { offset: 0, remedy });
    return;
  }
  if (text.trimStart().startsWith('#')) {
    const remedy = 'name the document with "cloud_config" in the profile, or write Ignition JSON';
    diagnostics.error('this is no Ignition JSON', { offset: 0, remedy });
    return;
  }
  const json = readIgnitionJson(text, diagnostics);
  if (json === undefined) return;
  const { places } = json;
  const version = readVersion(json, system, diagnostics);
  if (version === undefined) return;
  checkRelease(version.text, system, release, places, diagnostics);
  // To Go's JSON reader a key with null is a key that is not there.
  const value = withoutNulls(json.value);
  for (const violation of ignitionCheck(version.text)?.(value) ?? []) {
    const said = explainViolation(violation);
    if (said === undefined) continue;
    const { message, path, remedy } = said;
    const unknown = violation.keyword === 'additionalProperties';
    const offset = unknown ? places.keyOffset(path) : places.offset(path);
    diagnostics.add(unknown ? 'warning' : 'error', message, { path, offset, remedy });
  }
  checkIgnitionRules(value, { ...version.known, oem: system === 'flatcar' }, (severity, { path }, message, remedy) => {
    diagnostics.add(severity, message, { path, offset: places.offset(path), remedy });
  });
}

/** An Ignition configuration and where its values stand. */
interface IgnitionJson {
  readonly value: unknown;
  readonly places: JsonPlaces;
}

const MAX_DEPTH = 100;

/** Strict JSON (RFC 8259), no key twice. What is wrong goes to `diagnostics`; undefined when there is no value then. */
export function readIgnitionJson(text: string, diagnostics: Diagnostics): IgnitionJson | undefined {
  if (text.startsWith('\ufeff')) {
    diagnostics.error('the file begins with a byte order mark', { offset: 0, remedy: 'save it without one' });
    return undefined;
  }
  const json = parseJson(text, MAX_DEPTH);
  if (json.fault !== undefined) {
    if (json.fault.code === 'TooDeep') {
      const { offset } = json.fault;
      diagnostics.error(`the JSON is nested more than ${MAX_DEPTH} levels deep`, { offset, remedy: 'remove some' });
    } else {
      const { offset, message, remedy } = explainJsonFault(text, json.fault);
      diagnostics.error(`this is not JSON: ${message}`, { offset, remedy });
    }
    return undefined;
  }
  // Of two equal keys readers keep the first, the last, or both: what such a file means depends on its reader.
  eachKey(text, ({ name, offset, first }) => {
    if (first === undefined) return;
    diagnostics.error(`the key ${JSON.stringify(name.slice(0, 60))} stands here twice`, {
      offset,
      remedy: 'keep one of them',
    });
  });
  return { value: json.value, places: new JsonPlaces(text) };
}

/** Butane's two keys at the left edge of YAML. */
export function looksLikeButane(text: string): boolean {
  return !text.trimStart().startsWith('{') && /^variant:/m.test(text) && /^version:/m.test(text);
}

function readVersion(
  json: IgnitionJson,
  system: SystemId | undefined,
  diagnostics: Diagnostics,
): { readonly text: string; readonly known: IgnitionVersion } | undefined {
  const path = ['ignition', 'version'];
  const offset = json.places.offset(path);
  const list = `known are ${[...IGNITION_VERSIONS.keys()].join(', ')}`;
  const version = valueAt(json.value, path);
  if (typeof version !== 'string') {
    // Container Linux' Ignition read it to the end, Flatcar's does (config/version: "handle configuration version 1").
    const old = valueAt(json.value, ['ignitionVersion']) === 1;
    if (old && system !== 'fedora-coreos') return undefined;
    const text = version === undefined ? '' : json.places.source(path);
    const message = old
      ? 'Fedora CoreOS reads no Ignition 1'
      : version === undefined
        ? 'there is no "ignition.version"'
        : '"ignition.version" must be text';
    const near = [...IGNITION_VERSIONS.keys()].find((one) => one === text || one.startsWith(`${text}.`));
    const remedy = old ? 'write version 3.x' : text === '' || near === undefined ? list : `write "${near}"`;
    diagnostics.error(message, { path, offset, remedy });
    return undefined;
  }
  const known = IGNITION_VERSIONS.get(version);
  if (known === undefined) {
    unknownVersion(version, { path, offset, remedy: list }, diagnostics);
    return undefined;
  }
  // Container Linux ended with 2.4.0 before 3.0.0 came; Fedora CoreOS began with 3.0.0; Flatcar translates 2 to 3.
  if (system === 'coreos' && known.major === 3) {
    diagnostics.error('Container Linux reads Ignition up to 2.4.0', { path, offset, remedy: 'write version 2.x' });
  }
  if (system === 'fedora-coreos' && known.major === 2) {
    diagnostics.error('Fedora CoreOS reads Ignition from 3.0.0 on', { path, offset, remedy: 'write version 3.x' });
  }
  return { text: version, known };
}

/** An experimental version is read by the few releases whose Ignition has just that one; a newer one may come any day. */
function unknownVersion(
  version: string,
  told: { readonly path: Path; readonly offset: number; readonly remedy: string },
  diagnostics: Diagnostics,
): void {
  const [, minor, experimental] = /^[23]\.(\d{1,2})\.0(-experimental)?$/.exec(version) ?? [];
  if (experimental !== undefined) {
    const remedy = 'write a stable version';
    const message = `Ignition ${shown(version)} is experimental: only releases with just this one read it; it is not checked`;
    diagnostics.warn(message, { ...told, remedy });
  } else if (version.startsWith('3.') && Number(minor) > NEWEST_3) {
    diagnostics.warn(`Ignition ${shown(version)} is newer than what is known here: it is not checked`, told);
  } else diagnostics.error(`Ignition ${shown(version)} is not known`, told);
}

const NEWEST_3 = Math.max(...[...IGNITION_VERSIONS.values()].map(({ major, minor }) => (major === 3 ? minor : 0)));

/** A machine whose Ignition is too old stops in its emergency shell. */
function checkRelease(
  version: string,
  system: SystemId | undefined,
  release: string | undefined,
  places: JsonPlaces,
  diagnostics: Diagnostics,
): void {
  const old = release === undefined ? undefined : tooNewFor(system, release, version);
  if (old === undefined) return;
  const path = ['ignition', 'version'];
  const instead = old.instead === undefined ? '' : `, or write version ${old.instead}`;
  diagnostics.warn(`${system ?? ''} ${release ?? ''} does not read Ignition ${version}, ${old.since}`, {
    path,
    offset: places.offset(path),
    remedy: `boot a newer release${instead}; the machine would stop in its emergency shell`,
  });
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return (value as readonly unknown[]).map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== null);
  return Object.fromEntries(entries.map(([key, one]) => [key, withoutNulls(one)]));
}

interface Spec {
  readonly version: string;
  /** The first Ignition that reads this version as a stable one, and the day of its release. */
  readonly ignition: string;
  readonly day: string;
}

/**
 * coreos.github.io/ignition/specs ("Specification versions and Ignition releases") and release-notes, NEWS of the branch
 * spec2x. 2.0.0 and 3.0.0 are as old as the systems that read them. The day of 2.26.0 is not in them: 2.24.0's, the last
 * before it that is, is early enough.
 */
const SPECS: readonly Spec[] = [
  { version: '2.1.0', ignition: '0.17.0', day: '2017-06-30' },
  { version: '2.2.0', ignition: '0.22.0', day: '2018-02-09' },
  { version: '2.3.0', ignition: '0.29.0', day: '2018-11-30' },
  { version: '3.1.0', ignition: '2.3.0', day: '2020-05-05' },
  { version: '3.2.0', ignition: '2.7.0', day: '2020-10-13' },
  { version: '3.3.0', ignition: '2.11.0', day: '2021-06-25' },
  { version: '3.4.0', ignition: '2.15.0', day: '2023-02-21' },
  { version: '3.5.0', ignition: '2.20.0', day: '2024-10-22' },
  { version: '3.6.0', ignition: '2.26.0', day: '2025-10-14' },
];

/** flatcar.org/docs/latest/provisioning/ignition/specification: "Starting from release 3185.0.0, Ignition v3". */
const FLATCAR_SPEC_3 = 3185;
/** Flatcar's release feed: 4593.2.5 has Ignition 2.24.0. */
const FLATCAR_SPEC_36 = 4594;

const DAY_MS = 86_400_000;
/** Container Linux and Flatcar count their branches in days since this one: 1298 is 2017-01-19. */
const EPOCH = Date.UTC(2013, 6, 1);

/** A release that is too old for a document's version. */
interface TooNew {
  /** `releases from 4131 on can (it came with Ignition 2.20.0, 2024-10-22)`. */
  readonly since: string;
  /** The newest version of the same kind that the release can read; undefined when there is none. */
  readonly instead: string | undefined;
}

/**
 * Why a release cannot read a version of Ignition's configuration: it was built before the first Ignition that can. Only
 * what is certain: a release from after that day may still have an older Ignition. Undefined where nothing is known.
 */
export function tooNewFor(system: SystemId | undefined, release: string, version: string): TooNew | undefined {
  const since = sinceFor(system, release, version);
  if (since === undefined) return undefined;
  const same = SPECS.filter((spec) => spec.version[0] === version[0] && spec.version < version);
  const instead = same.findLast((spec) => sinceFor(system, release, spec.version) === undefined)?.version;
  const oldest = `${version.slice(0, 1)}.0.0`;
  return { since, instead: instead ?? (sinceFor(system, release, oldest) === undefined ? oldest : undefined) };
}

function sinceFor(system: SystemId | undefined, release: string, version: string): string | undefined {
  const spec = SPECS.find((one) => one.version === version);
  const came = spec === undefined ? '' : ` (it came with Ignition ${spec.ignition}, ${spec.day})`;
  if (system === 'fedora-coreos') {
    // FEDORA.YYYYMMDD.STREAM.N
    const built = /^\d+\.(\d{8})\./.exec(release)?.[1];
    const first = spec?.day.replaceAll('-', '');
    if (built === undefined || first === undefined || built >= first) return undefined;
    return `releases built from ${first} on can${came}`;
  }
  if (system !== 'flatcar' && system !== 'coreos') return undefined;
  const branch = Number(/^(\d{3,5})\./.exec(release)?.[1] ?? Number.NaN);
  const day = spec === undefined ? 0 : Math.ceil((Date.parse(spec.day) - EPOCH) / DAY_MS);
  const first = system === 'flatcar' ? Math.max(day, flatcarFirst(version)) : day;
  // Flatcar says what its own first release was; the day of an older Ignition would only confuse.
  return branch < first ? `releases from ${first} on can${first > day ? '' : came}` : undefined;
}

function flatcarFirst(version: string): number {
  if (version === '3.6.0') return FLATCAR_SPEC_36;
  return version.startsWith('3.') ? FLATCAR_SPEC_3 : 0;
}
