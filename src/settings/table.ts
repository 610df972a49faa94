import { SYSTEM_IDS, type SystemId } from '../model/profile.ts';
import { DHCP_SETTINGS } from './dhcp-table.ts';
import {
  parseBaseUrl,
  parseChoice,
  type Parse,
  parseFingerprints,
  parseFolder,
  parseListen,
  parseListenOrOff,
  parseMirror,
  parseNetworks,
  parseNumber,
  parseOneOf,
  parseRanges,
  parseOnOff,
  parsePortOrOff,
  parsePrograms,
  parseSchedule,
  parseSize,
  parseTimezone,
  parseToken,
  parseVlan,
} from './parsers.ts';

/** What one setting is: for people (`--help`, docs/settings.md) and for `readSettings`. */
export interface Row {
  readonly help: string;
  /** The default as people see it. */
  readonly fallback: string;
  readonly parse: Parse<unknown>;
  /** The default; undefined where nothing, or the place where it is read, decides. */
  readonly usual?: unknown;
  /** coreos-ipxe-server's name; the new one wins when both are set. */
  readonly oldEnv?: string;
  /** Never repeated in a message. */
  readonly secret?: boolean;
}

/** Every setting by its flag; its variable is the same in capitals: `PILOTLIGHT_HTTP_LISTEN`. */
export const SETTINGS = {
  'data-dir': {
    help: 'the folder that holds profiles/, configs/, sshkeys/ and images/',
    fallback:
      'the working directory; /opt/coreos-ipxe-server where that has no profiles/ and a COREOS_IPXE_SERVER_ name is set',
    parse: parseFolder,
    oldEnv: 'COREOS_IPXE_SERVER_DATA_DIR',
  },
  'images-dir': {
    help: 'the folder that holds the images instead, for example on a large disk; it must exist',
    fallback: 'images/ of the data directory',
    parse: parseFolder,
  },
  'base-url': {
    help: 'the URL at which machines reach this server',
    fallback: "from the request's Host header",
    parse: parseBaseUrl,
    oldEnv: 'COREOS_IPXE_SERVER_BASE_URL',
  },
  'http-listen': {
    help: 'where HTTP listens; port 0 takes a free one',
    fallback: '[::]:4777: every address of both families',
    parse: parseListen,
    usual: { host: '::', port: 4777 },
    oldEnv: 'COREOS_IPXE_SERVER_LISTEN_ADDR',
  },
  'tls-cert': {
    help: 'a PEM file with a certificate, and those that lead to its root: machines that trust it are answered over TLS, too',
    fallback: 'no TLS',
    parse: parseFolder,
  },
  'tls-key': {
    help: 'a PEM file with the key of that certificate',
    fallback: 'no TLS',
    parse: parseFolder,
  },
  'tls-listen': {
    help: 'where machines are answered over TLS',
    fallback: '[::]:4778',
    parse: parseListen,
    usual: { host: '::', port: 4778 },
  },
  'operator-listen': {
    help: 'where operators are served instead: the dashboard and the API then leave the port of the machines',
    fallback: 'with the machines',
    parse: parseListen,
  },
  'operator-url': {
    help: 'the URL at which operators reach this server; it never stands in a boot script',
    fallback: 'the base URL, else as they ask',
    parse: parseBaseUrl,
  },
  'operator-tls-cert': {
    help: 'a PEM file with a certificate for operator-listen, and those that lead to its root',
    fallback: 'no TLS',
    parse: parseFolder,
  },
  'operator-tls-key': {
    help: 'a PEM file with the key of that certificate',
    fallback: 'no TLS',
    parse: parseFolder,
  },
  'trusted-proxies': {
    help: 'addresses and networks of proxies whose X-Forwarded-For and -Proto count, separated by commas',
    fallback: 'none',
    parse: parseRanges,
    usual: [],
  },
  'tftp-listen': {
    help: 'where TFTP listens, or off',
    fallback: '[::]:69',
    parse: parseListenOrOff,
    usual: { host: '::', port: 69 },
  },
  'tftp-smart-nbp': {
    help: 'iPXE that asks for iPXE gets the boot script: on or off',
    fallback: 'on',
    parse: parseOnOff,
    usual: true,
  },
  'tftp-single-port': {
    help: 'all TFTP traffic on one port, for containers behind NAT: on or off',
    fallback: 'off',
    parse: parseOnOff,
    usual: false,
  },
  'tftp-max-blksize': {
    help: 'largest TFTP block in bytes, 8 to 65464: the path MTU less 32',
    fallback: '1468',
    parse: parseNumber(8, 65_464),
    usual: 1468,
  },
  'tftp-per-address': {
    help: 'TFTP transfers at once for one address, 1 to 256: more where many machines share one behind NAT',
    fallback: '16',
    parse: parseNumber(1, 256),
    usual: 16,
  },
  'tftp-images': { help: 'serve images/ over TFTP, too: on or off', fallback: 'off', parse: parseOnOff, usual: false },
  ...DHCP_SETTINGS,
  syslog: {
    help: 'where installers and machines send their logs (UDP and TCP), such as 514 or 10.0.0.1:514, or off',
    fallback: 'off',
    parse: parsePortOrOff,
    usual: 'off',
  },
  'secure-boot': {
    help: 'every UEFI machine starts with Secure Boot on and is given signed boot programs only: on, or off: as its profile says',
    fallback: 'off',
    parse: parseOnOff,
    usual: false,
  },
  vlan: {
    help: 'the VLAN (802.1Q tag) that every machine boots in: iPXE makes it where it can, before it asks for its script; or off',
    fallback: 'off',
    parse: parseVlan,
    usual: undefined,
  },
  'firmware-dir': {
    help: 'where undionly.kpxe, snponly.efi and ipxe.efi lie',
    fallback: "firmware/ of the data directory, then the distribution's folders",
    parse: parseFolder,
  },
  'mirror-ipxe': {
    help: 'where `pilotlight firmware fetch` finds vVERSION/ipxeboot.tar.gz instead; it may be in a private network',
    fallback: "the iPXE project's releases on github.com",
    parse: parseMirror,
  },
  'image-cache': {
    help: 'memory for image chunks that all readers share',
    fallback: '256MiB',
    parse: parseSize,
    usual: 256 * 2 ** 20,
  },
  sync: {
    help: 'when the server looks for new releases (minute hour day month weekday), or off',
    fallback: '17 4 * * *',
    parse: parseSchedule,
    usual: '17 4 * * *',
  },
  timezone: {
    help: 'the time zone of that schedule, such as Europe/Prague or UTC',
    fallback: "the system's",
    parse: parseTimezone,
  },
  'keep-releases': {
    help: 'releases of a system, channel and processor that stay besides those in use',
    fallback: '2',
    parse: parseNumber(1, 1000),
    usual: 2,
  },
  'allow-sha1': {
    help: 'accept SHA-1 signatures, which can be forged: only for a mirror of Container Linux before 2016',
    fallback: 'off',
    parse: parseOnOff,
    usual: false,
  },
  'admin-token': {
    help: 'what operators show to the dashboard and the API; at least 16 characters',
    fallback: 'made at the first start, kept in state/admin-token',
    parse: parseToken,
    secret: true,
  },
  metrics: {
    help: '/metrics: token (as a Bearer), open (to every client) or off',
    fallback: 'token',
    parse: parseOneOf(['token', 'open', 'off']),
    usual: 'token',
  },
  journal: {
    help: 'write down what machines ask and get, in state/pilotlight.db: on or off',
    fallback: 'on',
    parse: parseOnOff,
    usual: true,
  },
  'journal-days': {
    help: 'how many days the journal keeps; the texts that machines were sent stay 30 days at most',
    fallback: '90',
    parse: parseNumber(1, 3650),
    usual: 90,
  },
  unknown: {
    help: 'machines that no profile names: wait to be adopted, or a menu of the profiles that have a "menu" title',
    fallback: 'wait',
    parse: parseOneOf(['wait', 'menu']),
    usual: 'wait',
  },
  'menu-timeout': {
    help: 'seconds until the menu chooses by itself; 0: never',
    fallback: '30',
    parse: parseNumber(0, 86_400),
    usual: 30,
  },
  'menu-default': {
    help: 'what the menu then chooses: wait, local (the own disk) or the name of a profile',
    fallback: 'wait',
    parse: parseChoice,
    usual: 'wait',
  },
  'menu-key': {
    help: 'seconds in which a key at the screen of a known machine opens a menu of tools; 0: it is not asked',
    fallback: '0',
    parse: parseNumber(0, 60),
    usual: 0,
  },
  'install-tries': {
    help: 'how often an installation that never reports may begin, before the machine waits for an operator',
    fallback: '3',
    parse: parseNumber(1, 100),
    usual: 3,
  },
  reports: {
    help: 'what machines report needs no token (open) or always one (token)',
    fallback: 'that it is installed does, that it is up does not',
    parse: parseOneOf(['open', 'token']),
  },
  routed: {
    help: 'networks behind routers whose machines are believed to be the ones they name, for profiles with "secrets"',
    fallback: 'none: only machines on our own wires',
    parse: parseNetworks,
    usual: [],
  },
  'power-commands': {
    help: 'programs that "power" of a node may run, by their absolute paths, separated by commas',
    fallback: 'none',
    parse: parsePrograms,
    usual: [],
  },
  native: {
    help: 'call libc for what it does better than Node (Linux on x64 and arm64, with the optional package koffi): on or off',
    fallback: 'on where it can',
    parse: parseOnOff,
    usual: true,
  },
  'log-level': {
    help: 'debug, info, warn or error',
    fallback: 'info',
    parse: parseOneOf(['debug', 'info', 'warn', 'error']),
    usual: 'info',
  },
  'log-format': {
    help: 'pretty or json',
    fallback: 'pretty on a terminal, else json',
    parse: parseOneOf(['pretty', 'json']),
  },
} as const satisfies Readonly<Record<string, Row>>;

export type SettingFlag = keyof typeof SETTINGS;

/** One setting as people see it: in the environment, on the command line, in `--help` and in docs/settings.md. */
export interface SettingRow extends Row {
  readonly env: string;
  /** Without the two dashes. */
  readonly flag: SettingFlag;
}

export const SETTING_ROWS: readonly SettingRow[] = Object.entries<Row>(SETTINGS).map(([flag, row]) => ({
  ...row,
  flag: flag as SettingFlag,
  env: envOf(flag),
}));

/** The systems that publish releases somewhere; `custom` names its addresses in the profile. */
export const FOLLOWED = SYSTEM_IDS.filter((id) => id !== 'custom');
export type Followed = Exclude<SystemId, 'custom'>;

/** Settings that every followed system has: `PILOTLIGHT_MIRROR_FEDORA_COREOS`, `--mirror-fedora-coreos`. */
export const FAMILIES = {
  mirror: {
    value: 'URL',
    help: "another base URL for a system's releases; it may be in a private network",
    fallback: "the publisher's own servers",
    parse: parseMirror,
  },
  trust: {
    value: 'FINGERPRINT,...',
    help: 'fingerprints of the only primary keys whose signatures count for a system; `46:FINGERPRINT` adds the key of Fedora 46',
    fallback: "the publisher's",
    parse: parseFingerprints,
  },
  key: {
    value: 'FILE',
    help: "a file with a system's public keys, instead of those in state/keys/",
    fallback: 'state/keys/, then from the publisher',
    parse: parseFolder,
  },
} as const;

export type Family = keyof typeof FAMILIES;

export const SETTING_FAMILIES = (Object.keys(FAMILIES) as Family[]).map((name) => ({ name, ...FAMILIES[name] }));

/** The variable of a flag: `PILOTLIGHT_DATA_DIR` of `data-dir`. */
export function envOf(flag: string): string {
  return `PILOTLIGHT_${flag.toUpperCase().replaceAll('-', '_')}`;
}

/** Every flag that every command understands. */
export function settingFlags(): readonly string[] {
  const families = SETTING_FAMILIES.flatMap(({ name }) => FOLLOWED.map((system) => `${name}-${system}`));
  return [...Object.keys(SETTINGS), ...families];
}
