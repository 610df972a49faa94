import { Failure } from '../model/failure.ts';
import type { MachineFacts } from '../model/machine.ts';
import type { Artifact, LogTarget, Origin, Plan } from '../model/plan.ts';
import {
  type BuiltProfile,
  DOCUMENT_KINDS,
  type DocumentKind,
  type Node,
  parseVersion,
  type Profile,
} from '../model/profile.ts';
import type { Feed } from '../model/release.ts';

/** The profile's version, safe as a path segment. Throws Failure `broken` when it is missing or malformed. */
export function versionOf(profile: BuiltProfile): string {
  const version = parseVersion(profile.version);
  if (version !== undefined) return version;
  const missing = profile.version === '';
  const sync = missing && profile.update === 'auto' ? '`pilotlight sync` sets it; or ' : '';
  throw new Failure('broken', missing ? 'no version' : `"${profile.version.slice(0, 80)}" is not a version`, {
    place: { file: profile.file, key: 'version' },
    remedy: `${sync}set "version" to a release that lies below images/${profile.system === 'coreos' ? 'amd64-usr' : `${profile.system}/${profile.arch}`}/`,
  });
}

/** `flatcar/amd64/4593.2.5`: the folder below images/ of every system but CoreOS Container Linux. */
export function systemShelf(profile: BuiltProfile): string {
  return `${profile.system}/${profile.arch}/${versionOf(profile)}`;
}

/** A file of the profile's folder below images/. */
export function onShelf(folder: string, file: string): Artifact {
  return { kind: 'shelf', path: `${folder}/${file}` };
}

const URL_SPELLING = /^(?:https?|tftp):\/\/[\x21-\x7e]+$/;
const PATH_SPELLING = /^[A-Za-z0-9_][A-Za-z0-9._+@=,~-]*(?:\/[A-Za-z0-9_][A-Za-z0-9._+@=,~-]*)*$/;

/**
 * Reads what an operator wrote as a kernel or an initrd: a URL, or a path below images/. A path may not leave
 * images/: every segment begins with a letter, a digit or `_`. Throws Failure `broken`.
 */
export function parseArtifact(text: string, profile: Profile, key: string): Artifact {
  // "$" and "\" would be read by iPXE, "#" cuts a URL short (RFC 3986, 3.5).
  if (URL_SPELLING.test(text) && !/[\\#"'<>`]|\$\{/.test(text)) return { kind: 'url', url: text };
  if (PATH_SPELLING.test(text)) return { kind: 'shelf', path: text };
  throw new Failure('broken', `"${text.slice(0, 120)}" is neither a path below images/ nor a URL`, {
    place: { file: profile.file, key },
    remedy:
      'write a path such as "custom/vmlinuz" (letters, digits and . _ + @ = , ~ - in each part) or http://HOST/FILE',
  });
}

/** What an operating system's file needs to know to say how it is booted. */
export interface PlanInput {
  readonly profile: BuiltProfile;
  readonly origin: Origin;
  /** The machine as far as it is known; empty when a profile is asked for by name. */
  readonly facts: MachineFacts;
  readonly node?: Node;
  /** The URL at which this machine fetches each document that its profile names. */
  readonly documents: Readonly<Partial<Record<DocumentKind, string>>>;
  /** Where an installer of this machine reports and finds its own configuration; present where the profile installs. */
  readonly install?: InstallLinks;
  /** The VLAN that it boots in. */
  readonly vlan?: number | undefined;
  /** This server gives it its address, and names no router. */
  readonly noRouter?: boolean | undefined;
  /** Where its log shall go, if anywhere. */
  readonly logTo?: LogTarget | undefined;
  /** The text of the public key that the profile names. */
  readonly sshKey?: string;
}

/** What an installation of one machine needs. */
export interface InstallLinks {
  /** The live system's own Ignition, which runs the installer. */
  readonly ignition: string;
  /** The same as cloud-config, for systems without Ignition. */
  readonly cloudConfig: string;
  /** A POST there says that the disk is written. */
  readonly report: string;
}

/** One operating system: where its releases are announced and its files lie, which arguments its kernel needs. Pure. */
export interface System extends Feed {
  /** For people: `Flatcar Container Linux`. */
  readonly title: string;
  /** The profile's folder below images/: `amd64-usr/1298.6.0`, `flatcar/amd64/4593.2.5`. Undefined for `custom`. */
  shelf(profile: BuiltProfile): string | undefined;
  /** Throws Failure `broken` (place: the profile's file and key) when the profile lacks what this system needs. */
  plan(input: PlanInput): Plan;
}

/** `NAME=value`, or nothing when the profile has no value (coreos-ipxe-server treats "" as absent, and so do we). */
export function argument(name: string, value: string | undefined): string[] {
  return value === undefined || value === '' ? [] : [`${name}=${value}`];
}

/** In the profile's order: the last one is /dev/console. None is added: a wrong console hides everything. */
export function consoles(profile: Profile): string[] {
  return profile.console.filter((name) => name !== '').map((name) => `console=${name}`);
}

/**
 * The key for user core. The double quotes are required: the script in the image finds it with the expression
 * sshkey=\"([^\"]+)\" (coreos/init and flatcar/init, scripts/ssh-key-proc-cmdline).
 */
export function sshKey(input: PlanInput): string[] {
  return input.sshKey === undefined || input.sshKey === '' ? [] : [`sshkey="${input.sshKey}"`];
}

/** `args`, without those that the profile says itself; none where it already says one of `names`. */
export function unlessSaid(
  args: readonly string[],
  { kernel_args }: Profile,
  names: readonly string[],
): readonly string[] {
  const said = new Set(kernel_args.map(nameOf));
  return names.some((name) => said.has(name)) ? [] : args.filter((arg) => !said.has(nameOf(arg)));
}

function nameOf(arg: string): string {
  return arg.split('=', 1)[0] ?? '';
}

/**
 * The VLAN for an initramfs that reads dracut's words (dracut.cmdline(7), systemd-network-generator(8)). The card is named
 * by its MAC: what the kernel calls it is not known here. None where the profile names a network itself.
 */
export function vlanArgs({ vlan, facts: { mac }, profile }: PlanInput): readonly string[] {
  if (vlan === undefined || mac === undefined) return [];
  const name = `trunk.${vlan}`;
  return unlessSaid([`ifname=trunk:${mac}`, `vlan=${name}:trunk`, `ip=${name}:dhcp`], profile, ['vlan', 'ip']);
}

/**
 * cloud-init's NoCloud seed. One word without quotes: cloud-init splits it at `;`. `s` must end in a slash, the file names
 * are put behind it. Without `dsmode=net` cloud-init 22.4 fetches the seed and then drops it: it looks for a local one.
 */
export function nocloudSeed(url: string | undefined): string[] {
  return url === undefined ? [] : [`ds=nocloud;dsmode=net;s=${url}${url.endsWith('/') ? '' : '/'}`];
}

/**
 * Throws Failure `broken` when the profile is configured by documents that this system never reads and by none that
 * it does: better said at load than found out at boot. Others beside a right one may serve the installed system.
 */
export function requireReadable(profile: Profile, reads: readonly [DocumentKind, ...DocumentKind[]]): void {
  if (reads.some((kind) => profile[kind] !== undefined)) return;
  const stray = DOCUMENT_KINDS.find((kind) => kind !== 'generic' && profile[kind] !== undefined);
  if (stray === undefined) return;
  throw new Failure('broken', `${profile.system} does not read a ${stray} document`, {
    place: { file: profile.file, key: stray },
    remedy: `use ${reads.map((kind) => `"${kind}"`).join(' or ')}`,
  });
}

/** The disk that the profile installs to, if it does. Throws Failure `broken` for what is no device. */
export function installDisk(profile: Profile): string | undefined {
  const disk = profile.install?.disk;
  if (disk === undefined || /^\/dev\/[A-Za-z0-9_./:+@-]{1,200}$/.test(disk)) return disk;
  throw new Failure('broken', `"${disk.slice(0, 80)}" is not a disk`, {
    place: { file: profile.file, key: 'install.disk' },
    remedy: 'write a device such as "/dev/sda" or "/dev/disk/by-id/..."',
  });
}

/** What installs a machine of this profile; undefined where the profile boots live. Throws Failure `broken`. */
export function installation({ profile, install }: PlanInput): InstallLinks | undefined {
  if (installDisk(profile) === undefined) return undefined;
  if (install !== undefined) return install;
  throw new Failure('broken', 'only a machine that says who it is can be installed', {
    place: { file: profile.file, key: 'install' },
    remedy: 'boot it by its MAC address: /ipxe?mac=MAC',
  });
}

/** Whether the profile's installer takes its image from us, so that the sync must fetch it. */
export function installsFromShelf({ system, install }: Pick<Profile, 'system' | 'install'>): boolean {
  return install !== undefined && (system === 'coreos' || system === 'flatcar');
}
