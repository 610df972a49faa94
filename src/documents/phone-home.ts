import type { DocumentKind, SystemId } from '../model/profile.ts';
import { Diagnostics } from '../text/diagnostics.ts';
import { withValue } from '../text/json-edit.ts';
import { valueAt } from '../text/json.ts';
import { addToYaml } from '../text/yaml-edit.ts';
import { readYaml, type YamlNode } from '../text/yaml.ts';
import { cloudConfigKind, firstLine } from './cloud-config.ts';
import { readIgnitionJson } from './ignition.ts';
import type { LogTarget } from '../model/plan.ts';
import { LOG_UNIT, logUnit, phoneHomeUnit } from './units.ts';

export const PHONE_HOME_UNIT = 'pilotlight-phone-home.service';

/**
 * The document with a unit (or cloud-init's phone_home) that tells us when the machine is up. Undefined when there is
 * no place for one: a script, a preseed, a kickstart, a document that cannot be read. A document that has a unit of
 * that name, or its own phone_home, comes back as it is.
 */
export function addPhoneHome(
  kind: DocumentKind,
  text: string,
  system: SystemId | undefined,
  url: string,
): string | undefined {
  const unit = { name: PHONE_HOME_UNIT, contents: phoneHomeUnit(url) };
  if (kind === 'ignition') return intoIgnition(text, unit);
  if (kind === 'cloud_config' && (system === 'coreos' || system === 'flatcar')) return intoCloudConfig(text, unit);
  return kind === 'cloud_config' || kind === 'nocloud' ? intoUserData(text, url) : undefined;
}

/** The same with a unit that sends the log. Not on Container Linux, whose images of 2017 are as they are. */
export function addLogUnit(
  kind: DocumentKind,
  text: string,
  system: SystemId | undefined,
  target: LogTarget,
): string | undefined {
  const unit = { name: LOG_UNIT, contents: logUnit(target) };
  if (system !== 'flatcar' && system !== 'fedora-coreos') return undefined;
  if (kind === 'ignition') return intoIgnition(text, unit);
  return kind === 'cloud_config' && system === 'flatcar' ? intoCloudConfig(text, unit) : undefined;
}

interface Unit {
  readonly name: string;
  readonly contents: string;
}

function intoIgnition(text: string, { name, contents }: Unit): string | undefined {
  const config = readIgnitionJson(text, new Diagnostics(''))?.value;
  const version = valueAt(config, ['ignition', 'version']);
  if (typeof version !== 'string' || !/^[23]\./.test(version) || isReplaced(config)) return undefined;
  const systemd = valueAt(config, ['systemd']);
  const units = valueAt(systemd, ['units']) ?? [];
  if (!Array.isArray(units)) return undefined;
  if (units.some((unit) => valueAt(unit, ['name']) === name)) return text;
  // "enabled" came with 2.1.0.
  const enabled = version.startsWith('2.0') ? { enable: true } : { enabled: true };
  const unit = { name, ...enabled, contents };
  if (systemd === null) return withValue(text, ['systemd'], { units: [unit] });
  if (valueAt(systemd, ['units']) === null) return withValue(text, ['systemd', 'units'], [unit]);
  return withValue(text, ['systemd', 'units', units.length], unit);
}

/** With `config.replace` Ignition throws away all that stands beside it: a unit of ours, too. */
function isReplaced(config: unknown): boolean {
  const source = valueAt(config, ['ignition', 'config', 'replace', 'source']);
  return typeof source === 'string' && source !== '';
}

/** Whether this Ignition names another one in its own place; of a template: whether it looks like it. */
export function replacesItself(text: string): boolean {
  const json = readIgnitionJson(text, new Diagnostics(''));
  return json === undefined ? /"replace"\s*:\s*\{[^}]*"source"/.test(text) : isReplaced(json.value);
}

function intoCloudConfig(text: string, { name, contents }: Unit): string | undefined {
  if (cloudConfigKind(text) !== 'cloud-config') return undefined;
  const units = child(child(readYaml(text, new Diagnostics(''), 'warning'), 'coreos'), 'units');
  const named = units?.kind === 'list' ? units.items.map((unit) => child(unit, 'name')) : [];
  if (named.some((one) => one?.kind === 'scalar' && one.value === name)) return text;
  // "start" waits for the job: of a service that is not a oneshot it is done at once.
  const value = { name, command: 'start', content: contents };
  return addToYaml(text, { path: ['coreos', 'units'], value, how: 'append' });
}

/** Three seconds apart. The last thing but one that cloud-init does: ten minutes of it hold up nothing else. */
const PHONE_HOME_TRIES = 200;

/**
 * cloud-init's own module; it runs once for each instance-id. Below `autoinstall` the installed system has user-data of
 * its own: at the top it would be the installer that says it is up. Without `identity` or `user-data` the installer asks
 * for a user, which user-data of ours would keep it from.
 */
function intoUserData(text: string, url: string): string | undefined {
  if (firstLine(text) !== '#cloud-config') return undefined;
  const value = { url, post: ['instance_id', 'hostname', 'fqdn'], tries: PHONE_HOME_TRIES };
  const autoinstall = child(readYaml(text, new Diagnostics(''), 'warning'), 'autoinstall');
  if (autoinstall === undefined) return addToYaml(text, { path: ['phone_home'], value, how: 'set' });
  const answered = child(autoinstall, 'identity') ?? child(autoinstall, 'user-data');
  if (answered === undefined) return undefined;
  return addToYaml(text, { path: ['autoinstall', 'user-data', 'phone_home'], value, how: 'set' });
}

function child(node: YamlNode | undefined, key: string): YamlNode | undefined {
  return node?.kind === 'map' ? node.entries.find((entry) => entry.key === key)?.value : undefined;
}
