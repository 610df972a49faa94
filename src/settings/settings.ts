import { readFileSync } from 'node:fs';
import type { FileDiagnostic } from '../model/failure.ts';
import type { AddressPool, NetworkFacts } from '../model/ipv4.ts';
import type { Ipv6Network } from '../model/ipv6.ts';
import type { Origin } from '../model/plan.ts';
import type { SystemId } from '../model/profile.ts';

/** A host and a port to listen on. Port 0 asks the system for a free one. */
export interface Listen {
  readonly host: string;
  readonly port: number;
}

/** One address (all its bits), or a network. */
export interface AddressRange {
  readonly address: string;
  readonly bits: number;
}

/** A listener for operators alone. */
export interface OperatorSettings {
  readonly listen: Listen;
  /** Files are absolute. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

export interface TftpSettings {
  readonly listen: Listen;
  /** Asked for by name: then a port that may not be bound stops the start. */
  readonly required: boolean;
  readonly smartNbp: boolean;
  readonly singlePort: boolean;
  /** Bytes. */
  readonly maxBlksize: number;
  /** Transfers at once for one address. */
  readonly perAddress: number;
  readonly images: boolean;
}

export interface DhcpSettings {
  readonly listen: Listen;
  readonly relays: readonly string[];
  /** What machines hear whose profile boots the local disk. */
  readonly localBoot: 'silent' | 'answer';
  /** Undefined: the proxy beside another server, which hands out no addresses. */
  readonly server: DhcpServerSettings | undefined;
}

/** Of the only DHCP server of a network. */
export interface DhcpServerSettings extends NetworkFacts {
  readonly pools: readonly AddressPool[];
  /** Empty: no DHCPv6. */
  readonly networks6: readonly Ipv6Network[];
  readonly leaseSeconds: number;
  readonly authoritative: boolean;
  readonly probe: boolean;
  readonly besideOthers: boolean;
}

export interface SyncSettings {
  /** Five fields; undefined: off. */
  readonly schedule: string | undefined;
  /** Of the schedule, as the IANA database calls it; undefined: this host's. */
  readonly timezone: string | undefined;
  readonly keepReleases: number;
  /** Signatures that anybody with some money can forge. */
  readonly allowSha1: boolean;
  /** Base URLs without a slash at the end. */
  readonly mirrors: Readonly<Partial<Record<SystemId, string>>>;
  /** Of the iPXE project's releases, without a slash at the end. Undefined: from the project. */
  readonly mirrorIpxe?: string | undefined;
  /** Fingerprints of primary keys, in the place of the publisher's: 40 upper-case digits. */
  readonly trust: Readonly<Partial<Record<SystemId, readonly string[]>>>;
  /** Files with public keys. Absolute. */
  readonly keyFiles: Readonly<Partial<Record<SystemId, string>>>;
}

export interface JournalSettings {
  readonly on: boolean;
  readonly days: number;
}

/** What machines get that no profile names, and the menu that people at the screens of others may open. */
export interface UnknownSettings {
  readonly show: 'wait' | 'menu';
  /** 0: the menu waits for a person. */
  readonly timeoutSeconds: number;
  /** `wait`, `local` or a profile's name. */
  readonly choice: string;
  /** In which a key opens the menu of tools. Absent: known machines are not asked. */
  readonly keySeconds?: number;
}

/** Everything that the environment and the flags decide. */
export interface Settings {
  /** Absolute. */
  readonly dataDir: string;
  /** Absolute; undefined: images/ in the data directory. */
  readonly imagesDir?: string | undefined;
  /** Where systemd keeps the unit's credentials (LoadCredential=). Absolute; undefined: it gave none. */
  readonly credentialsDir?: string | undefined;
  /** Undefined: taken from the request. */
  readonly baseUrl: Origin | undefined;
  readonly http: Listen;
  /** For machines that can. Files are absolute. Undefined: off. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly listen: Listen } | undefined;
  /** Undefined: where machines are. */
  readonly operator?: OperatorSettings | undefined;
  /** Undefined: the base URL, else as they ask. */
  readonly operatorUrl?: Origin | undefined;
  readonly trustedProxies?: readonly AddressRange[];
  /** Undefined: off. */
  readonly tftp: TftpSettings | undefined;
  /** Undefined: off. */
  readonly dhcp: DhcpSettings | undefined;
  /** Where machines' logs are taken. Undefined: off. */
  readonly syslog?: Listen | undefined;
  /** Every UEFI machine is given signed boot programs only. */
  readonly secureBoot?: boolean;
  /** The VLAN that every machine boots in, unless its profile names another. */
  readonly vlan?: number | undefined;
  /** A folder with boot programs that goes before all others. Absolute. */
  readonly firmwareDir: string | undefined;
  /** Bytes. */
  readonly imageCache: number;
  readonly sync: SyncSettings;
  /** Undefined: made at the first start. */
  readonly adminToken: string | undefined;
  readonly metrics: 'token' | 'open' | 'off';
  readonly journal: JournalSettings;
  readonly unknown: UnknownSettings;
  readonly installTries: number;
  /** Which reports count without a token. Undefined: that a machine is up does, that it is installed does not. */
  readonly reports?: 'open' | 'token' | undefined;
  /** Networks whose machines nothing here can tell apart: each is believed to be the one that it names. */
  readonly routed?: readonly string[];
  /** The programs that `power` of a node may run. Absolute paths. */
  readonly powerCommands: readonly string[];
  /** Whether libc may be called. */
  readonly native?: boolean;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly logFormat: 'pretty' | 'json';
  /** What looks like a mistake and does not stop the start: said in the log, by `check` and by Health. */
  readonly mistakes?: readonly FileDiagnostic[];
}

/** The version of package.json, two folders above both src/settings and dist/settings. */
export function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const parsed: unknown = JSON.parse(text);
  const found = typeof parsed === 'object' && parsed !== null && 'version' in parsed ? parsed.version : undefined;
  return typeof found === 'string' ? found : '0.0.0';
}
