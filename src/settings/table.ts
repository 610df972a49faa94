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
}

export type SettingName = 'dataDir' | 'baseUrl' | 'http' | 'imageCache' | 'logLevel' | 'logFormat';

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
    name: 'imageCache',
    env: 'PILOTLIGHT_IMAGE_CACHE',
    flag: 'image-cache',
    fallback: '256MiB',
    help: 'memory for image chunks that all readers share',
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
