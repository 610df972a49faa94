/** One setting as people see it: in the environment, on the command line, in `--help` and in docs/settings.md. */
export interface SettingRow {
  readonly name: SettingName;
  readonly env: string;
  /** coreos-ipxe-server's name; the new one wins when both are set. */
  readonly oldEnv?: string;
  /** Without the two dashes. */
  readonly flag: string;
  /** As it is shown to people. */
  readonly fallback: string;
  readonly help: string;
  /** Never repeated to anybody. */
  readonly secret?: boolean;
}

export type SettingName =
  | 'dataDir'
  | 'imagesDir'
  | 'baseUrl'
  | 'http'
  | 'tftp'
  | 'tftpSmartNbp'
  | 'tftpSinglePort'
  | 'tftpMaxBlksize'
  | 'tftpPerAddress'
  | 'tftpImages'
  | 'dhcp'
  | 'dhcpListen'
  | 'dhcpRelays'
  | 'dhcpLocalBoot'
  | 'firmwareDir'
  | 'imageCache'
  | 'sync'
  | 'timezone'
  | 'keepReleases'
  | 'allowSha1'
  | 'adminToken'
  | 'metrics'
  | 'journal'
  | 'journalDays'
  | 'unknown'
  | 'menuTimeout'
  | 'menuDefault'
  | 'installTries'
  | 'logLevel'
  | 'logFormat';

export const SETTING_ROWS: readonly SettingRow[] = [
  {
    name: 'dataDir',
    env: 'PILOTLIGHT_DATA_DIR',
    oldEnv: 'COREOS_IPXE_SERVER_DATA_DIR',
    flag: 'data-dir',
    fallback: 'the working directory',
    help: 'the folder that holds profiles/, configs/, sshkeys/ and images/',
  },
  {
    name: 'imagesDir',
    env: 'PILOTLIGHT_IMAGES_DIR',
    flag: 'images-dir',
    fallback: 'images/ of the data directory',
    help: 'the folder that holds the images instead, for example on a large disk; it must exist',
  },
  {
    name: 'baseUrl',
    env: 'PILOTLIGHT_BASE_URL',
    oldEnv: 'COREOS_IPXE_SERVER_BASE_URL',
    flag: 'base-url',
    fallback: "from the request's Host header",
    help: 'the URL at which machines reach this server',
  },
  {
    name: 'http',
    env: 'PILOTLIGHT_HTTP_LISTEN',
    oldEnv: 'COREOS_IPXE_SERVER_LISTEN_ADDR',
    flag: 'http-listen',
    fallback: '0.0.0.0:4777',
    help: 'where HTTP listens; port 0 takes a free one',
  },
  {
    name: 'tftp',
    env: 'PILOTLIGHT_TFTP_LISTEN',
    flag: 'tftp-listen',
    fallback: '0.0.0.0:69',
    help: 'where TFTP listens, or off',
  },
  {
    name: 'tftpSmartNbp',
    env: 'PILOTLIGHT_TFTP_SMART_NBP',
    flag: 'tftp-smart-nbp',
    fallback: 'on',
    help: 'iPXE that asks for iPXE gets the boot script: on or off',
  },
  {
    name: 'tftpSinglePort',
    env: 'PILOTLIGHT_TFTP_SINGLE_PORT',
    flag: 'tftp-single-port',
    fallback: 'off',
    help: 'all TFTP traffic on one port, for containers behind NAT: on or off',
  },
  {
    name: 'tftpMaxBlksize',
    env: 'PILOTLIGHT_TFTP_MAX_BLKSIZE',
    flag: 'tftp-max-blksize',
    fallback: '1468',
    help: 'largest TFTP block in bytes, 8 to 65464: the path MTU less 32',
  },
  {
    name: 'tftpPerAddress',
    env: 'PILOTLIGHT_TFTP_PER_ADDRESS',
    flag: 'tftp-per-address',
    fallback: '16',
    help: 'TFTP transfers at once for one address, 1 to 256: more where many machines share one behind NAT',
  },
  {
    name: 'tftpImages',
    env: 'PILOTLIGHT_TFTP_IMAGES',
    flag: 'tftp-images',
    fallback: 'off',
    help: 'serve images/ over TFTP, too: on or off',
  },
  {
    name: 'dhcp',
    env: 'PILOTLIGHT_DHCP',
    flag: 'dhcp',
    fallback: 'off',
    help: 'proxy: tell machines where to boot from, beside an unchanged DHCP server',
  },
  {
    name: 'dhcpListen',
    env: 'PILOTLIGHT_DHCP_LISTEN',
    flag: 'dhcp-listen',
    fallback: '0.0.0.0:67',
    help: 'where the DHCP proxy listens (and on port 4011)',
  },
  {
    name: 'dhcpRelays',
    env: 'PILOTLIGHT_DHCP_RELAYS',
    flag: 'dhcp-relays',
    fallback: 'none',
    help: 'addresses of DHCP relays that may ask, separated by commas',
  },
  {
    name: 'dhcpLocalBoot',
    env: 'PILOTLIGHT_DHCP_LOCAL_BOOT',
    flag: 'dhcp-local-boot',
    fallback: 'silent',
    help: 'machines whose profile boots the local disk: silent, or answer (a script then hands them over)',
  },
  {
    name: 'firmwareDir',
    env: 'PILOTLIGHT_FIRMWARE_DIR',
    flag: 'firmware-dir',
    fallback: "firmware/ of the data directory, then the distribution's folders",
    help: 'where undionly.kpxe, snponly.efi and ipxe.efi lie',
  },
  {
    name: 'imageCache',
    env: 'PILOTLIGHT_IMAGE_CACHE',
    flag: 'image-cache',
    fallback: '256MiB',
    help: 'memory for image chunks that all readers share',
  },
  {
    name: 'sync',
    env: 'PILOTLIGHT_SYNC',
    flag: 'sync',
    fallback: '17 4 * * *',
    help: 'when the server looks for new releases (minute hour day month weekday), or off',
  },
  {
    name: 'timezone',
    env: 'PILOTLIGHT_TIMEZONE',
    flag: 'timezone',
    fallback: "the system's",
    help: 'the time zone of that schedule, such as Europe/Prague or UTC',
  },
  {
    name: 'keepReleases',
    env: 'PILOTLIGHT_KEEP_RELEASES',
    flag: 'keep-releases',
    fallback: '2',
    help: 'releases of a system, channel and processor that stay besides those in use',
  },
  {
    name: 'allowSha1',
    env: 'PILOTLIGHT_ALLOW_SHA1',
    flag: 'allow-sha1',
    fallback: 'off',
    help: 'accept SHA-1 signatures, which can be forged: only for a mirror of Container Linux before 2016',
  },
  {
    name: 'adminToken',
    env: 'PILOTLIGHT_ADMIN_TOKEN',
    flag: 'admin-token',
    fallback: 'made at the first start, kept in state/admin-token',
    help: 'what operators show to the dashboard and the API; at least 16 characters',
    secret: true,
  },
  {
    name: 'metrics',
    env: 'PILOTLIGHT_METRICS',
    flag: 'metrics',
    fallback: 'token',
    help: '/metrics: token (as a Bearer), open (for everybody) or off',
  },
  {
    name: 'journal',
    env: 'PILOTLIGHT_JOURNAL',
    flag: 'journal',
    fallback: 'on',
    help: 'write down what machines ask and get, in state/pilotlight.db: on or off',
  },
  {
    name: 'journalDays',
    env: 'PILOTLIGHT_JOURNAL_DAYS',
    flag: 'journal-days',
    fallback: '90',
    help: 'how many days the journal keeps; the texts that machines were sent stay 30 days at most',
  },
  {
    name: 'unknown',
    env: 'PILOTLIGHT_UNKNOWN',
    flag: 'unknown',
    fallback: 'wait',
    help: 'machines that no profile names: wait to be adopted, or a menu of the profiles that have a "menu" title',
  },
  {
    name: 'menuTimeout',
    env: 'PILOTLIGHT_MENU_TIMEOUT',
    flag: 'menu-timeout',
    fallback: '30',
    help: 'seconds until the menu chooses by itself; 0: never',
  },
  {
    name: 'menuDefault',
    env: 'PILOTLIGHT_MENU_DEFAULT',
    flag: 'menu-default',
    fallback: 'wait',
    help: 'what the menu then chooses: wait, local (the own disk) or the name of a profile',
  },
  {
    name: 'installTries',
    env: 'PILOTLIGHT_INSTALL_TRIES',
    flag: 'install-tries',
    fallback: '3',
    help: 'how often an installation that never reports may begin, before the machine waits for an operator',
  },
  {
    name: 'logLevel',
    env: 'PILOTLIGHT_LOG_LEVEL',
    flag: 'log-level',
    fallback: 'info',
    help: 'debug, info, warn or error',
  },
  {
    name: 'logFormat',
    env: 'PILOTLIGHT_LOG_FORMAT',
    flag: 'log-format',
    fallback: 'pretty on a terminal, else json',
    help: 'pretty or json',
  },
];

/** A setting that every followed system has: `PILOTLIGHT_MIRROR_FEDORA_COREOS`, `--mirror-fedora-coreos`. */
export interface SettingFamily {
  readonly name: 'mirror' | 'trust' | 'key';
  /** As it is shown to people. */
  readonly value: string;
  readonly fallback: string;
  readonly help: string;
}

/** The systems that publish releases somewhere; `custom` names its addresses in the profile. */
export const FOLLOWED = ['coreos', 'flatcar', 'fedora-coreos', 'debian', 'ubuntu', 'talos'] as const;
export type Followed = (typeof FOLLOWED)[number];

export const SETTING_FAMILIES: readonly SettingFamily[] = [
  {
    name: 'mirror',
    value: 'URL',
    fallback: "the publisher's own servers",
    help: "another base URL for a system's releases; it may be in a private network",
  },
  {
    name: 'trust',
    value: 'FINGERPRINT,...',
    fallback: "the publisher's",
    help: 'fingerprints of the only primary keys whose signatures count for a system; `46:FINGERPRINT` adds the key of Fedora 46',
  },
  {
    name: 'key',
    value: 'FILE',
    fallback: 'state/keys/, then from the publisher',
    help: "a file with a system's public keys, instead of those in state/keys/",
  },
];

/** One member of a family as a setting of its own. */
export function familyRow(family: SettingFamily, system: Followed): Pick<SettingRow, 'env' | 'flag'> {
  const words = system.toUpperCase().replaceAll('-', '_');
  return { env: `PILOTLIGHT_${family.name.toUpperCase()}_${words}`, flag: `${family.name}-${system}` };
}

/** Every flag that every command understands. */
export function settingFlags(): readonly string[] {
  const families = SETTING_FAMILIES.flatMap((family) => FOLLOWED.map((system) => familyRow(family, system).flag));
  return [...SETTING_ROWS.map((row) => row.flag), ...families];
}
