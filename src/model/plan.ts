import { type InstallIdentity, isLoopback, type MachineArch, type MachineFacts, type Platform } from './machine.ts';
import type { Name } from './profile.ts';

declare const brand: unique symbol;
declare const token: unique symbol;

/** Where answers point to: `http://host:port` with an optional path, no slash at the end, safe in an iPXE script. */
export type Origin = string & { readonly [brand]: 'Origin' };

const HOST = String.raw`(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253})|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?`;
const AUTHORITY = new RegExp(`^${HOST}$`);
const WHOLE = new RegExp(String.raw`^(https?)://${HOST}(?:/[A-Za-z0-9._~/-]*)?$`);

/** A Host header's value; undefined when it is anything but a host and an optional port. */
export function originFromHost(host: string, scheme: 'http' | 'https' = 'http'): Origin | undefined {
  return AUTHORITY.test(host) ? (`${scheme}://${host}` as Origin) : undefined;
}

/** The same host on the port where TLS is spoken; undefined for what is https already. */
export function secureOrigin(origin: Origin, port: number): Origin | undefined {
  const { protocol, hostname } = new URL(origin);
  return protocol === 'https:' ? undefined : originFromHost(port === 443 ? hostname : `${hostname}:${port}`, 'https');
}

/** A configured base URL. Without a scheme it is http: coreos-ipxe-server's setting was `host:port`. */
export function parseOrigin(text: string): Origin | undefined {
  const url = text.includes('://') ? text : `http://${text}`;
  return WHOLE.test(url) ? (url.replace(/\/+$/, '') as Origin) : undefined;
}

/** A file that a machine fetches: below images/ (served by us, must be in the image store) or anywhere else by URL. */
export type Artifact =
  { readonly kind: 'shelf'; readonly path: string } | { readonly kind: 'url'; readonly url: string };

/** What the boot loader fetches beside the kernel. */
export type Initrd = Artifact & {
  /**
   * The kernel looks for the file by this name (wimboot: `BCD`) instead of unpacking it: then it is no part of the
   * initramfs and stands in no `initrd=`.
   */
  readonly name?: string;
};

/**
 * What one operating system needs to boot: pure data, the same for an iPXE script, a GRUB config, pixiecore's JSON and
 * the CLI's `render args`.
 */
export interface Plan {
  readonly kernel: Artifact;
  readonly initrds: readonly Initrd[];
  /** Files that the booted system fetches by itself (Fedora CoreOS' rootfs, Ubuntu's ISO): they must be there too. */
  readonly extras: readonly Artifact[];
  /** The kernel's arguments in order, without `initrd=`: that belongs to the boot loader's form. */
  readonly args: readonly string[];
}

/** Where a machine fetches the artifact. Path segments are percent-encoded, so the URL is one word in any script. */
export function artifactUrl(artifact: Artifact, origin: Origin): string {
  if (artifact.kind === 'url') return artifact.url;
  return `${origin}/images/${artifact.path.split('/').map(encodeSegment).join('/')}`;
}

// "+" and the like are common in versions and legal in a path (RFC 3986, 3.3): a publisher's name stays readable.
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replaceAll(/%(2B|3D|2C|3A|40)/g, (encoded) => decodeURIComponent(encoded));
}

/** A machine (or a person) that asks, and where answers shall point to. */
export interface Question {
  readonly facts: MachineFacts;
  readonly origin: Origin;
  /** What was chosen at the screen of a machine that no profile names: a profile, or the menu's word `wait`. */
  readonly choice?: Name;
  /** The address that asks. Without it no installer is given: whose it would be could not be written down. */
  readonly asker?: string;
  /** The token that came with it, as it was sent: nothing vouches for it. */
  readonly token?: string;
}

/** What was decided for a machine: for the log, the journal, the installation's state and `--explain`. */
export interface Decision {
  /** What was asked. Absent where a profile or a document was asked for by its name. */
  readonly question?: Question;
  /** Under which its installation is remembered. */
  readonly identity?: InstallIdentity;
  /**
   * `install`: it boots an installer, once. `local`: its own disk. `menu`: a person at its screen chooses. `waiting`:
   * it is known and cannot boot now. `unknown`: no profile names it.
   */
  readonly outcome: 'boot' | 'install' | 'local' | 'menu' | 'unknown' | 'waiting';
  readonly profile?: string;
  readonly node?: string;
  readonly version?: string;
  /**
   * Of a machine that waits because of its installation. `unfinished`: it is back before that reported. `stopped`: that
   * began as often as the settings allow, and an operator must say what next. `held`: another holds its claim, it looks
   * like another machine, or nothing can be known of it.
   */
  readonly installation?: 'held' | 'stopped' | 'unfinished';
  /** What asked is not known to be the machine: nothing of this is the machine's doing. */
  readonly stranger?: boolean;
  /** The profile is not its own: it was asked for for this one boot. */
  readonly once?: true;
  /** Its own disk, because it is installed: whatever it booted in between. */
  readonly installed?: true;
  /** What an operator has to put right before the machine can boot: said at WARN in the log. */
  readonly warning?: string;
  /** A person's reason: `mac 52:54:00:55:1c:ee is node a-coreos of profiles/a-coreos.json`. */
  readonly because: string;
}

/** A boot program (NBP) for one kind of machine. */
export interface BootProgram {
  /** The name that we announce, and that a DHCP server names. */
  readonly name: string;
  /** iPXE, or a link of a chain that starts with Secure Boot on: a shim and what it loads from beside itself. */
  readonly kind: 'grub' | 'ipxe' | 'ipxe-shim' | 'shim' | 'signed-ipxe';
  readonly platform: Platform;
  readonly arch: MachineArch;
  /** For people: `BIOS`, `UEFI x86_64`. */
  readonly title: string;
  /** Where builds and distributions put it, below a firmware folder; the first that is there is taken. */
  readonly files: readonly string[];
  /** Where it lies in the archive of an iPXE release, below `ipxeboot/`. */
  readonly released?: string;
}

/** `/pilot` of `https://boot.example/pilot`: what a browser must say before each of our paths. Empty for most. */
export function pathOf(baseUrl: Origin | undefined): string {
  return /^https?:\/\/[^/]+(\/.*)$/.exec(baseUrl ?? '')?.[1] ?? '';
}

/**
 * How a machine's token looks wherever it stands: in an address, a document, a script. The first letters let it be found
 * and left out, the length never differs.
 */
export type MachineToken = string & { readonly [token]: 'MachineToken' };

const TOKEN_PREFIX = 'plt-';
/** 30 bytes in base64url. */
const TOKEN_LETTERS = 40;
const WHOLE_TOKEN = new RegExp(`^${TOKEN_PREFIX}[A-Za-z0-9_-]{${TOKEN_LETTERS}}$`);
/** Also one that was cut off or grew on the way. */
const ANY_TOKEN = new RegExp(`${TOKEN_PREFIX}[A-Za-z0-9_%-]{8,}`, 'g');

/** Where machines send their logs. */
export interface LogTarget {
  /** An IPv6 address in brackets. */
  readonly host: string;
  readonly port: number;
}

/** Where the receiver listens; on all addresses, or on the loopback behind something that forwards, the machine's own way to us. */
export function logTarget(
  syslog: { readonly host: string; readonly port: number } | undefined,
  origin: Origin,
): LogTarget | undefined {
  if (syslog === undefined) return undefined;
  const { host, port } = syslog;
  const own = host === '0.0.0.0' || host === '::' || isLoopback(host);
  return { host: own ? new URL(origin).hostname : host.includes(':') ? `[${host}]` : host, port };
}

/** Where a token is put in before a script leaves: as long as any, and none. */
export const TOKEN_SLOT = `${TOKEN_PREFIX}${'_'.repeat(TOKEN_LETTERS)}` as MachineToken;

/** The prefix and the bytes. */
export function tokenText(bytes: Buffer): MachineToken {
  return `${TOKEN_PREFIX}${bytes.toString('base64url')}` as MachineToken;
}

/** Undefined for what cannot be a token: cut off, grown, or the slot for one. */
export function tokenBytes(text: string): Buffer | undefined {
  if (text === TOKEN_SLOT || !WHOLE_TOKEN.test(text)) return undefined;
  return Buffer.from(text.slice(TOKEN_PREFIX.length), 'base64url');
}

/** True for a segment of a path that stands where a token does, whether or not it is one. */
export function looksLikeToken(text: string): boolean {
  return text.startsWith(TOKEN_PREFIX);
}

/** What may be logged, kept and shown: tokens are left out. */
export function hideTokens(text: string): string {
  return text.includes(TOKEN_PREFIX) ? text.replaceAll(ANY_TOKEN, `${TOKEN_PREFIX}(left-out)`) : text;
}

/** The same of bytes; gives them back as they are where no token stands in them. */
export function hideTokensIn(body: Uint8Array): Uint8Array {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return bytes.includes(TOKEN_PREFIX) ? Buffer.from(hideTokens(bytes.toString('latin1')), 'latin1') : body;
}
