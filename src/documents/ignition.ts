import { nearest } from '../domain/nearest.ts';
import type { SystemId } from '../domain/profile.ts';
import { typeWords, valueWords, type Violation } from './check-schema.ts';
import { shown, type Findings } from './finding.ts';
import { IGNITION_VERSIONS, type IgnitionVersion } from './ignition-fields.ts';
import { checkIgnitionRules } from './ignition-rules.ts';
import { ignitionCheck } from './ignition-schema.ts';
import { readJson, type JsonText } from './json-text.ts';

/**
 * What Ignition would say of a text: errors are what it refuses (and then the machine stops in its emergency shell),
 * warnings what it ignores or what was hardly meant.
 */
export function checkIgnition(text: string, system: SystemId | undefined, findings: Findings): void {
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
  for (const violation of ignitionCheck(version.text)?.(json.value) ?? []) explain(violation, json, findings);
  checkIgnitionRules(json.value, version.known, {
    error: (place, message, remedy) => {
      findings.error(message, { path: place.path, offset: json.offsetOf(place.path), remedy });
    },
    warn: (place, message, remedy) => {
      findings.warn(message, { path: place.path, offset: json.offsetOf(place.path), remedy });
    },
  });
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
    const old = own(json.value, 'ignitionVersion') !== undefined;
    const message = old ? 'Ignition 1 is not known here' : 'there is no "ignition.version"';
    findings.error(message, { path, offset, remedy: list });
    return undefined;
  }
  const known = IGNITION_VERSIONS.get(version);
  if (known === undefined) {
    findings.error(`Ignition ${shown(version)} is not known`, { path, offset, remedy: list });
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
