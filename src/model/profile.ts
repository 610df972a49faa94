import type { Mac, MachineArch, Uuid } from './machine.ts';
import type { RolloutPolicy } from './rollout.ts';

declare const brand: unique symbol;

/**
 * What may name a profile, a key or a document: `a`, `52:54:00:55:1c:ee`, `rack 3`, or one folder down, `lab/a`.
 * coreos-ipxe-server served all of these. Below its folder it is a safe path, whatever it holds.
 */
export type Name = string & { readonly [brand]: 'Name' };

const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}$/;

// Colons and blanks only inside: a blank at the end is invisible, and a leading one nearly so.
const NAME =
  /^(?:[A-Za-z0-9_](?:[A-Za-z0-9._+: -]*[A-Za-z0-9._+:-])?\/)?[A-Za-z0-9_](?:[A-Za-z0-9._+: -]*[A-Za-z0-9._+:-])?$/;

const LONGEST = 128;

/**
 * Undefined for the empty string, more than one folder, a leading dot, control characters, backslashes, `..` and anything
 * over 128 characters.
 */
export function parseName(text: string): Name | undefined {
  return text.length <= LONGEST && NAME.test(text) && !text.includes('..') ? (text as Name) : undefined;
}

/** One plain file name, without folders, colons and blanks: what a publisher, a release or firmware may call a file. */
export function parseFileName(text: string): Name | undefined {
  return FILE_NAME.test(text) && !text.includes('..') ? (text as Name) : undefined;
}

/** Whether the name is that of a file in a folder of its own. */
export function isInFolder(name: Name): boolean {
  return name.includes('/');
}

/** The name as a part of a URL's path, or of its query: folders stay readable. */
export function nameInUrl(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/').replaceAll('%3A', ':');
}

/** What else a name may hold, for messages. */
export const NAME_RULE =
  'letters, digits, dot, plus, hyphen, underscore, colon and blank, at most one folder and 128 characters';

/** A release's version: one safe path segment of letters, digits, `.`, `+`, `-`, `_`. */
export type Version = string & { readonly [brand]: 'Version' };

const SPELLING = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;

/** Undefined for anything that may not stand in a path or a URL: `../x`, spaces, line breaks, over 64 characters. */
export function parseVersion(text: string): Version | undefined {
  return SPELLING.test(text) && !text.includes('..') ? (text as Version) : undefined;
}

/** Negative when `a` is older than `b`. Runs of digits compare as numbers, everything else as text: 9.9.9 < 10.0.0. */
export function compareVersions(a: Version, b: Version): number {
  const left = a.match(/\d+|[^\d.]+/g) ?? [];
  const right = b.match(/\d+|[^\d.]+/g) ?? [];
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const x = left[i];
    const y = right[i];
    if (x === undefined) return -1;
    if (y === undefined) return 1;
    const numeric = /^\d/.test(x) && /^\d/.test(y);
    const order = numeric ? compareDigits(x, y) : x < y ? -1 : x > y ? 1 : 0;
    if (order !== 0) return order;
  }
  return 0;
}

function compareDigits(x: string, y: string): number {
  const a = BigInt(x);
  const b = BigInt(y);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** No larger one is read or written: 20,000 nodes with 800 bytes of variables each, read in two seconds. */
export const MAX_PROFILE_BYTES = 16 * 2 ** 20;

export const SYSTEM_IDS = ['coreos', 'flatcar', 'fedora-coreos', 'debian', 'ubuntu', 'talos', 'custom'] as const;
export type SystemId = (typeof SYSTEM_IDS)[number];

export type Arch = 'amd64' | 'arm64';
/** `auto`: each machine's own. */
export type ProfileArch = Arch | 'auto';

/** How a machine is handed to its own disk. `auto` asks its platform: see ipxe/local-boot. */
export type LocalBoot = 'auto' | 'exit' | 'exit0' | 'sanboot' | 'http-404' | 'poweroff';

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = Readonly<Record<string, Json>>;

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The keys of a profile that name a document in configs/. */
export const DOCUMENT_KINDS = ['cloud_config', 'ignition', 'preseed', 'kickstart', 'nocloud', 'generic'] as const;
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

/** A machine that a profile claims: at least one of mac, uuid, serial. */
export interface Node {
  readonly name: string;
  readonly mac?: Mac;
  readonly uuid?: Uuid;
  readonly serial?: string;
  /** Without a prefix length. */
  readonly ip?: string;
  readonly vars: JsonObject;
  /** Words of the operator's to filter by. */
  readonly tags?: readonly string[];
  /** How it is switched on and off: model/power.ts has its form. */
  readonly power?: JsonObject;
  /** It starts with Secure Boot on. Undefined: as its profile says. */
  readonly secure_boot?: boolean;
  /** It is a Raspberry Pi, and boots by its own firmware. */
  readonly raspberry_pi?: boolean;
  /** The VLAN that it boots in; undefined: as its profile says. */
  readonly vlan?: number;
}

/** A file that a kernel looks for by its name. */
export interface NamedFile {
  readonly path: string;
  readonly name: string;
}

/** The path or URL of an entry of `initrd`. */
export function initrdPath(entry: string | NamedFile): string {
  return typeof entry === 'string' ? entry : entry.path;
}

/** A cluster of etcd members, one on each node of the profile. */
export interface Cluster {
  readonly name: string;
  /** Members that a discovery waits for: 1 to 9. */
  readonly size?: number;
  readonly mode: 'static' | 'discovery';
  /** `existing`: for a member that replaces another one. */
  readonly state: 'new' | 'existing';
}

/**
 * A checked profile with its defaults filled in. The keys are those of the file (snake_case) so that there is one
 * vocabulary in files, templates, messages and code; src/catalog/profile.schema.json describes them.
 */
export interface Profile {
  readonly name: Name;
  /** `profiles/NAME.json`. */
  readonly file: string;
  readonly system: SystemId;
  readonly arch: ProfileArch;
  readonly channel: string;
  readonly update: 'auto' | 'manual';
  /** Empty when the profile names none (old profiles may). */
  readonly version: string;
  readonly console: readonly string[];
  readonly coreos_autologin?: string;
  readonly root?: string;
  readonly rootfstype?: string;
  readonly sshkey?: string;
  readonly cloud_config?: string;
  readonly ignition?: string;
  readonly preseed?: string;
  readonly kickstart?: string;
  readonly nocloud?: string;
  readonly generic?: string;
  readonly kernel_args: readonly string[];
  /** For `custom`: a path below images/ or a URL. */
  readonly kernel?: string;
  /** For `custom`: paths below images/ or URLs, in order. */
  readonly initrd: readonly (string | NamedFile)[];
  readonly vars: JsonObject;
  readonly nodes: readonly Node[];
  readonly default: boolean;
  /** How a machine of this profile is handed to its disk. */
  readonly local_boot: LocalBoot;
  /** `local` sends the machine to its own disk instead of booting an image. */
  readonly boot: 'image' | 'local';
  /** Install to this disk instead of running from memory, where the system's kernel arguments can say so. */
  readonly install?: { readonly disk: string };
  /** Seconds from the boot script to the phone-home; then the machine counts as failed. */
  readonly boot_timeout?: number;
  /** A new release reaches its machines in waves. */
  readonly rollout?: RolloutPolicy;
  /** Put a unit that phones home into the machine's own configuration. */
  readonly phone_home: boolean;
  /** The title under which unknown machines may choose it. */
  readonly menu?: string;
  /** The etcd cluster that the profile's nodes form. */
  readonly cluster?: Cluster;
  /** Give each node a host key that stays the same over boots. */
  readonly ssh_host_keys: boolean;
  /** Documents are for each machine alone. */
  readonly secrets: boolean;
  /** Its machines start with Secure Boot on. */
  readonly secure_boot: boolean;
  /** The VLAN (802.1Q, tagged) that its machines boot in. */
  readonly vlan?: number;
  /** What the release sync fetches besides what PXE needs: `install` is what the system's own installer downloads. */
  readonly mirror?: readonly 'install'[];
  /** For `custom`: the files that the release sync fetches, with their digests. os/custom.ts reads it. */
  readonly release?: JsonObject;
  /** The file as it was parsed, for templates (`profile.*`) and for old routes. */
  readonly raw: JsonObject;
}

/** A profile for one kind of processor: what is looked up, fetched and booted is always one. */
export type BuiltProfile = Profile & { readonly arch: Arch };

/** The profile as it is for each processor that its machines may have. */
export function builds(profile: Profile): readonly BuiltProfile[] {
  const { arch, system } = profile;
  if (arch === 'auto' && !isBuiltForBoth(system)) return [buildFor(profile, 'amd64')];
  return arch === 'auto' ? [buildFor(profile, 'amd64'), buildFor(profile, 'arm64')] : [buildFor(profile, arch)];
}

/**
 * Which machines can run which kernels. A BIOS iPXE says i386 on any processor (only our own start script asks the CPU),
 * so i386 does not contradict amd64.
 */
export const RUNS: Readonly<Record<Arch, readonly MachineArch[]>> = {
  amd64: ['x86_64', 'i386'],
  arm64: ['arm64'],
};

/** Container Linux was for one processor only, and of a `custom` system it names the files itself. */
export function isBuiltForBoth(system: SystemId): boolean {
  return system !== 'coreos' && system !== 'custom';
}

/** The one that a machine boots; undefined where its processor decides, and it does not say which it has. */
export function buildOf(profile: Profile, processor: MachineArch | undefined): BuiltProfile | undefined {
  const all = builds(profile);
  if (all.length === 1) return all[0];
  return all.find(({ arch }) => processor !== undefined && RUNS[arch].includes(processor));
}

function buildFor(profile: Profile, arch: Arch): BuiltProfile {
  return profile.arch === arch ? (profile as BuiltProfile) : { ...profile, arch };
}
