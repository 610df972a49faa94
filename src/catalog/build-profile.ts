import type { FileDiagnostic } from '../model/failure.ts';
import { omitUndefined, parseMac, parseUuid } from '../model/machine.ts';
import {
  type Cluster,
  DOCUMENT_KINDS,
  type Json,
  type JsonObject,
  isObject,
  type LocalBoot,
  type Name,
  type Node,
  type Profile,
  type ProfileArch,
  type SystemId,
} from '../model/profile.ts';
import { nearest } from '../model/text.ts';
import type { RolloutPolicy } from '../model/rollout.ts';
import type { SchemaFault, ProfileCheck } from './profile-schema.ts';

/** The texts that may be empty or null in files made for coreos-ipxe-server, where both meant "not set". */
const TEXTS = ['coreos_autologin', 'root', 'rootfstype', 'sshkey', 'kernel', ...DOCUMENT_KINDS] as const;

/** A profile with its defaults filled in. `raw` has passed the schema: the casts below say no more than it does. */
export function buildProfile(name: Name, file: string, raw: JsonObject): Profile {
  const texts: Partial<Record<(typeof TEXTS)[number], string>> = {};
  for (const key of TEXTS) {
    const value = raw[key];
    if (typeof value === 'string' && value !== '') texts[key] = value;
  }
  const install = raw['install'] as { readonly disk: string } | undefined;
  const cluster = raw['cluster'] as JsonObject | undefined;
  const bootTimeout = raw['boot_timeout'] as number | undefined;
  const rollout = raw['rollout'] as JsonObject | undefined;
  const menu = text(raw['menu']);
  const mirror = raw['mirror'] as readonly 'install'[] | undefined;
  const release = raw['release'] as JsonObject | undefined;
  return {
    name,
    file,
    system: (raw['system'] ?? 'coreos') as SystemId,
    arch: (raw['arch'] ?? 'amd64') as ProfileArch,
    channel: (raw['channel'] ?? 'stable') as string,
    update: (raw['update'] ?? 'auto') as 'auto' | 'manual',
    version: (raw['version'] ?? '') as string,
    ...texts,
    console: list(raw['console']),
    kernel_args: list(raw['kernel_args']),
    initrd: list(raw['initrd']),
    vars: (raw['vars'] ?? {}) as JsonObject,
    nodes: ((raw['nodes'] ?? []) as readonly JsonObject[]).map(buildNode),
    default: raw['default'] === true,
    local_boot: (raw['local_boot'] ?? 'auto') as LocalBoot,
    boot: (raw['boot'] ?? 'image') as 'image' | 'local',
    ...(install === undefined ? {} : { install }),
    ...(bootTimeout === undefined ? {} : { boot_timeout: bootTimeout }),
    ...(rollout === undefined ? {} : { rollout: buildRollout(rollout) }),
    phone_home: raw['phone_home'] === true,
    ...(menu === '' ? {} : { menu }),
    ...(cluster === undefined ? {} : { cluster: buildCluster(cluster) }),
    ssh_host_keys: raw['ssh_host_keys'] === true,
    secrets: raw['secrets'] === true,
    secure_boot: raw['secure_boot'] === true,
    ...(raw['vlan'] === undefined ? {} : { vlan: raw['vlan'] as number }),
    ...(mirror === undefined ? {} : { mirror }),
    ...(release === undefined ? {} : { release }),
    raw,
  };
}

function list(value: Json | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  return (value ?? []) as readonly string[];
}

function buildNode(raw: JsonObject): Node {
  const mac = parseMac(text(raw['mac']));
  const uuid = parseUuid(text(raw['uuid']));
  const serial = text(raw['serial']).trim();
  const ip = text(raw['ip']);
  return omitUndefined({
    name: text(raw['name']),
    mac,
    uuid,
    ...(serial === '' ? {} : { serial }),
    ...(ip === '' ? {} : { ip }),
    vars: (raw['vars'] ?? {}) as JsonObject,
    tags: raw['tags'] as readonly string[] | undefined,
    power: raw['power'] as JsonObject | undefined,
    secure_boot: raw['secure_boot'] as boolean | undefined,
    raspberry_pi: raw['raspberry_pi'] as boolean | undefined,
    vlan: raw['vlan'] as number | undefined,
  });
}

function buildCluster(raw: JsonObject): Cluster {
  return omitUndefined({
    name: text(raw['name']),
    ...(raw['size'] === undefined ? {} : { size: raw['size'] as number }),
    mode: (raw['mode'] ?? 'static') as Cluster['mode'],
    state: (raw['state'] ?? 'new') as Cluster['state'],
  });
}

function buildRollout(raw: JsonObject): RolloutPolicy {
  const percent = (value: Json | undefined): number => Number(text(value).replace('%', ''));
  return {
    canaries: raw['canaries'] as RolloutPolicy['canaries'],
    waves: list(raw['waves']).map(percent),
    soak: (raw['soak'] ?? 3600) as number,
    tolerate: (raw['tolerate'] ?? 0) as number,
    on_failure: (raw['on_failure'] ?? 'rollback') as RolloutPolicy['on_failure'],
    need: percent(raw['need'] ?? '90%'),
  };
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

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

type KeyFault = SchemaFault & Pick<FileDiagnostic, 'severity'>;

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
export function readLegacyKeys(
  value: Json,
  { keys: known, nodeKeys }: Pick<ProfileCheck, 'keys' | 'nodeKeys'>,
): LegacyReading {
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
      const remedy = nodeKeys.has(key)
        ? `here it does nothing: say it of a machine, "nodes": [{ "name": ..., "${key}": ... }]`
        : 'take it out: it does nothing, and beside a key that coreos-ipxe-server did not know it is an error';
      faults.push(fault('warning', key, 'unknown key, ignored as coreos-ipxe-server did', remedy));
    } else read.set(key, content);
  }
  return { value: Object.fromEntries(read), faults, spelled };
}

function fault(severity: KeyFault['severity'], key: string, message: string, remedy: string): KeyFault {
  return { severity, path: [key], atKey: true, message, remedy };
}
