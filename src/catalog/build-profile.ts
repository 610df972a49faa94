import { parseMac } from '../model/mac.ts';
import type { Name } from '../model/name.ts';
import {
  DOCUMENT_KINDS,
  type Arch,
  type Cluster,
  type Json,
  type JsonObject,
  type LocalBoot,
  type Node,
  type Profile,
  type SystemId,
} from '../model/profile.ts';
import { parseUuid } from '../model/uuid.ts';
import { omitUndefined } from '../model/omit-undefined.ts';

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
  const menu = text(raw['menu']);
  const mirror = raw['mirror'] as readonly 'install'[] | undefined;
  const release = raw['release'] as JsonObject | undefined;
  return {
    name,
    file,
    system: (raw['system'] ?? 'coreos') as SystemId,
    arch: (raw['arch'] ?? 'amd64') as Arch,
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
    phone_home: raw['phone_home'] === true,
    ...(menu === '' ? {} : { menu }),
    ...(cluster === undefined ? {} : { cluster: buildCluster(cluster) }),
    ssh_host_keys: raw['ssh_host_keys'] === true,
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

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
