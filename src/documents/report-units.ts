import { applyEdits, modify } from 'jsonc-parser';
import type { DocumentKind, SystemId } from '../model/profile.ts';
import { cloudConfigKind, firstLine } from './cloud-config.ts';
import { Findings } from './finding.ts';
import { readJson } from './json-text.ts';
import { reportCommand } from './report-command.ts';
import { unitCommand } from './shell-words.ts';
import { addToYaml } from './yaml-insert.ts';
import { readYaml, type YamlNode } from './yaml-tree.ts';

export const PHONE_HOME_UNIT = 'pilotlight-phone-home.service';
export const INSTALLED_UNIT = 'pilotlight-installed.service';

/** Says `url` until the server has heard it; the machine shows on its console when it has not. */
export function reportLoop(url: string): string {
  return reportCommand('curl', url, { pause: 5, aloud: true });
}

/**
 * Tells us that the machine is up, at every boot, until it is heard, for a day. Not a oneshot: the boot would wait for it.
 */
export function phoneHomeUnit(url: string): string {
  return `[Unit]
Description=Tell Pilotlight that this machine is up
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=${unitCommand(reportCommand('curl', url, { pause: 10, aloud: false }))}

[Install]
WantedBy=multi-user.target
`;
}

/**
 * Tells us that coreos-installer is done, before it reboots. This is where coreos-installer puts its own post-install
 * hooks (`pxe customize --post-install`: After=coreos-installer.service, Before= and RequiredBy=coreos-installer.target;
 * documented in its customizing-install.md for hooks by ignition.config.url as well). Two things are added to that:
 * Requires=, because After= alone also holds after a failed installation; and the reboot by name, because in its first
 * versions coreos-installer-reboot.service waited for coreos-installer.service only and not for the target.
 * It reports for a day: a machine that rebooted unheard would be installed again. Then it fails, and nothing reboots.
 */
export function installedUnit(url: string): string {
  return `[Unit]
Description=Tell Pilotlight that this machine is installed
Requires=coreos-installer.service
After=coreos-installer.service
Before=coreos-installer.target coreos-installer-reboot.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${unitCommand(reportLoop(url))}
StandardOutput=kmsg+console
StandardError=kmsg+console

[Install]
RequiredBy=coreos-installer.target
`;
}

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
  if (kind === 'ignition') return intoIgnition(text, url);
  if (kind === 'cloud_config' && (system === 'coreos' || system === 'flatcar')) return intoCloudConfig(text, url);
  return kind === 'cloud_config' || kind === 'nocloud' ? intoUserData(text, url) : undefined;
}

function intoIgnition(text: string, url: string): string | undefined {
  const json = readJson(text, new Findings(''));
  const version = at(at(json?.value, 'ignition'), 'version');
  if (typeof version !== 'string' || !/^[23]\./.test(version)) return undefined;
  if (isReplaced(json?.value)) return undefined;
  const systemd = at(json?.value, 'systemd');
  const units = at(systemd, 'units') ?? [];
  if (!Array.isArray(units)) return undefined;
  if (units.some((unit) => at(unit, 'name') === PHONE_HOME_UNIT)) return text;
  // "enabled" came with 2.1.0.
  const enabled = version.startsWith('2.0') ? { enable: true } : { enabled: true };
  const unit = { name: PHONE_HOME_UNIT, ...enabled, contents: phoneHomeUnit(url) };
  // Without formatting options: they would also change the lines beside it.
  if (systemd === null) return applyEdits(text, modify(text, ['systemd'], { units: [unit] }, {}));
  if (at(systemd, 'units') === null) return applyEdits(text, modify(text, ['systemd', 'units'], [unit], {}));
  return applyEdits(text, modify(text, ['systemd', 'units', units.length], unit, { isArrayInsertion: true }));
}

/** With `config.replace` Ignition throws away all that stands beside it: a unit of ours, too. */
function isReplaced(config: unknown): boolean {
  const source = at(at(at(at(config, 'ignition'), 'config'), 'replace'), 'source');
  return typeof source === 'string' && source !== '';
}

/** Whether this Ignition names another one in its own place; of a template: whether it looks like it. */
export function replacesItself(text: string): boolean {
  const json = readJson(text, new Findings(''));
  return json === undefined ? /"replace"\s*:\s*\{[^}]*"source"/.test(text) : isReplaced(json.value);
}

function intoCloudConfig(text: string, url: string): string | undefined {
  if (cloudConfigKind(text) !== 'cloud-config') return undefined;
  const tree = readYaml(text, new Findings(''), 'warning');
  const units = child(child(tree, 'coreos'), 'units');
  const named = units?.kind === 'list' ? units.items.map((unit) => child(unit, 'name')) : [];
  if (named.some((name) => name?.kind === 'scalar' && name.value === PHONE_HOME_UNIT)) return text;
  // "start" waits for the job: of a service that is not a oneshot it is done at once.
  const value = { name: PHONE_HOME_UNIT, command: 'start', content: phoneHomeUnit(url) };
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
  const tree = readYaml(text, new Findings(''), 'warning');
  const autoinstall = child(tree, 'autoinstall');
  if (autoinstall === undefined) return addToYaml(text, { path: ['phone_home'], value, how: 'set' });
  const answered = child(autoinstall, 'identity') ?? child(autoinstall, 'user-data');
  if (answered === undefined) return undefined;
  return addToYaml(text, { path: ['autoinstall', 'user-data', 'phone_home'], value, how: 'set' });
}

function child(node: YamlNode | undefined, key: string): YamlNode | undefined {
  return node?.kind === 'map' ? node.entries.find((entry) => entry.key === key)?.value : undefined;
}

function at(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key];
}
