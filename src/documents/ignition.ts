import { nearest } from '../model/nearest.ts';
import type { SystemId } from '../model/profile.ts';
import { typeWords, valueWords, type Violation } from './check-schema.ts';
import { shown, type Findings, type Path } from './finding.ts';
import { IGNITION_VERSIONS, type IgnitionVersion } from './ignition-fields.ts';
import { tooNewFor } from './ignition-releases.ts';
import { checkIgnitionRules } from './ignition-rules.ts';
import { ignitionCheck } from './ignition-schema.ts';
import { readJson, type JsonText } from './json-text.ts';

/**
 * What Ignition would say of a text: errors are what it refuses (and then the machine stops in its emergency shell),
 * warnings what it ignores or what was hardly meant.
 */
export function checkIgnition(
  text: string,
  { system, version: release }: { readonly system?: SystemId | undefined; readonly version?: string | undefined },
  findings: Findings,
): void {
  if (text.trim() === '') {
    const remedy = 'write at least {"ignition": {"version": "3.3.0"}}';
    findings.warn('the document is empty: Ignition boots on without a configuration', { remedy });
    return;
  }
  if (looksLikeButane(text)) {
    const remedy = 'convert it first: butane --strict FILE.bu > FILE.ign';
    findings.error('this is Butane YAML; Ignition reads only JSON', { offset: 0, remedy });
    return;
  }
  if (text.trimStart().startsWith('#')) {
    const remedy = 'name the document with "cloud_config" in the profile, or write Ignition JSON';
    findings.error('this is no Ignition JSON', { offset: 0, remedy });
    return;
  }
  const json = readJson(text, findings);
  if (json === undefined) return;
  const version = readVersion(json, system, findings);
  if (version === undefined) return;
  checkRelease(version.text, system, release, json, findings);
  // To Go's JSON reader a key with null is a key that is not there.
  const value = withoutNulls(json.value);
  for (const violation of ignitionCheck(version.text)?.(value) ?? []) explain(violation, json, findings);
  checkIgnitionRules(
    value,
    { ...version.known, oem: system === 'flatcar' },
    {
      error: (place, message, remedy) => {
        findings.error(message, { path: place.path, offset: json.offsetOf(place.path), remedy });
      },
      warn: (place, message, remedy) => {
        findings.warn(message, { path: place.path, offset: json.offsetOf(place.path), remedy });
      },
    },
  );
}

/** Butane's two keys at the left edge of YAML. */
export function looksLikeButane(text: string): boolean {
  return !text.trimStart().startsWith('{') && /^variant:/m.test(text) && /^version:/m.test(text);
}

function readVersion(
  json: JsonText,
  system: SystemId | undefined,
  findings: Findings,
): { readonly text: string; readonly known: IgnitionVersion } | undefined {
  const path = ['ignition', 'version'];
  const offset = json.offsetOf(path);
  const list = `known are ${[...IGNITION_VERSIONS.keys()].join(', ')}`;
  const ignition = own(json.value, 'ignition');
  const version = own(ignition, 'version');
  if (typeof version !== 'string') {
    // Container Linux' Ignition read it to the end, Flatcar's does (config/version: "handle configuration version 1").
    const old = own(json.value, 'ignitionVersion') === 1;
    if (old && system !== 'fedora-coreos') return undefined;
    const message = old ? 'Fedora CoreOS reads no Ignition 1' : 'there is no "ignition.version"';
    findings.error(message, { path, offset, remedy: old ? 'write version 3.x' : list });
    return undefined;
  }
  const known = IGNITION_VERSIONS.get(version);
  if (known === undefined) {
    unknownVersion(version, { path, offset, remedy: list }, findings);
    return undefined;
  }
  // Container Linux ended with 2.4.0 before 3.0.0 came; Fedora CoreOS began with 3.0.0; Flatcar translates 2 to 3.
  if (system === 'coreos' && known.major === 3) {
    findings.error('Container Linux reads Ignition up to 2.4.0', { path, offset, remedy: 'write version 2.x' });
  }
  if (system === 'fedora-coreos' && known.major === 2) {
    findings.error('Fedora CoreOS reads Ignition from 3.0.0 on', { path, offset, remedy: 'write version 3.x' });
  }
  return { text: version, known };
}

/** An experimental version is read by the few releases whose Ignition has just that one; a newer one may come any day. */
function unknownVersion(
  version: string,
  told: { readonly path: Path; readonly offset: number; readonly remedy: string },
  findings: Findings,
): void {
  const [, minor, experimental] = /^[23]\.(\d{1,2})\.0(-experimental)?$/.exec(version) ?? [];
  if (experimental !== undefined) {
    const remedy = 'write a stable version';
    const message = `Ignition ${shown(version)} is experimental: only releases with just this one read it; it is not checked`;
    findings.warn(message, { ...told, remedy });
  } else if (version.startsWith('3.') && Number(minor) > NEWEST_3) {
    findings.warn(`Ignition ${shown(version)} is newer than what is known here: it is not checked`, told);
  } else findings.error(`Ignition ${shown(version)} is not known`, told);
}

const NEWEST_3 = Math.max(...[...IGNITION_VERSIONS.values()].map(({ major, minor }) => (major === 3 ? minor : 0)));

/** A machine whose Ignition is too old stops in its emergency shell. */
function checkRelease(
  version: string,
  system: SystemId | undefined,
  release: string | undefined,
  json: JsonText,
  findings: Findings,
): void {
  const old = release === undefined ? undefined : tooNewFor(system, release, version);
  if (old === undefined) return;
  const path = ['ignition', 'version'];
  const instead = old.instead === undefined ? '' : `, or write version ${old.instead}`;
  findings.warn(`${system ?? ''} ${release ?? ''} does not read Ignition ${version}, ${old.since}`, {
    path,
    offset: json.offsetOf(path),
    remedy: `boot a newer release${instead}; the machine would stop in its emergency shell`,
  });
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return (value as readonly unknown[]).map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== null);
  return Object.fromEntries(entries.map(([key, one]) => [key, withoutNulls(one)]));
}

function own(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key];
}

function explain(violation: Violation, json: JsonText, findings: Findings): void {
  const { path, keyword, key, value, wanted } = violation;
  if (keyword === 'additionalProperties' && key !== undefined) {
    const known = Object.keys((violation.schema as { properties?: object }).properties ?? {});
    const meant = nearest(key, known);
    const remedy = meant === undefined ? `known here: ${known.slice(0, 12).join(', ')}` : `did you mean "${meant}"?`;
    const at = [...path, key];
    findings.warn(`unknown key ${shown(key)}`, { path: at, offset: json.keyOffsetOf(at), remedy });
  } else if (keyword === 'required' && key !== undefined) {
    findings.error(`the key "${key}" is missing`, { path, offset: json.offsetOf(path), remedy: 'add it' });
  } else if (keyword === 'type') {
    const message = `this is ${valueWords(value)} and must be ${typeWords(wanted)}`;
    findings.error(message, { path, offset: json.offsetOf(path), remedy: `make it ${typeWords(wanted)}` });
  }
}
