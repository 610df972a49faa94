import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { Failure } from '../model/failure.ts';
import { nearest } from '../model/name.ts';
import {
  parseAddresses,
  parseBaseUrl,
  parseChoice,
  type Parsed,
  parseFingerprints,
  parseFolder,
  parseListen,
  parseListenOrOff,
  parseMirror,
  parseNumber,
  parseOneOf,
  parseSchedule,
  parseSize,
  parseTimezone,
  parseToken,
} from './parsers.ts';
import type { DhcpSettings, Settings, SyncSettings, TftpSettings } from './settings.ts';
import {
  familyRow,
  type Followed,
  FOLLOWED,
  SETTING_FAMILIES,
  SETTING_ROWS,
  type SettingFamily,
  type SettingName,
  type SettingRow,
} from './table.ts';

export interface SettingSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Flags of the command line, by their name without dashes. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly terminal: boolean;
}

export interface ReadSettings {
  readonly settings: Settings;
  /** Things that look like mistakes and do not stop the start. */
  readonly warnings: readonly string[];
}

/**
 * Flags win over the environment, the environment over `.env`, the new name over coreos-ipxe-server's. `.env` is read
 * from the data directory, never from a working directory that merely happens to be the current one.
 * Throws one Failure `invalid` that lists every problem.
 */
export function readSettings(sources: SettingSources): ReadSettings {
  const problems: string[] = [];
  const dataDir = resolve(sources.cwd, given(row('dataDir'), sources, {})?.text ?? '.');
  const dotenv = readDotenv(dataDir, problems);
  if (row('dataDir').env in dotenv)
    problems.push(`.env: ${row('dataDir').env} cannot be set in the folder that it names`);

  const accept: Accept = (found, parse, fallback) => {
    if (found === undefined) return fallback;
    const parsed = parse(found.text);
    if (parsed.ok) return parsed.value;
    const shown = found.secret === true ? '' : `; it is ${JSON.stringify(found.text)}`;
    problems.push(`${found.from}: ${parsed.problem}${shown}`);
    return fallback;
  };
  const value: Value = (name, parse, fallback) =>
    accept(given(row(name), sources, name === 'dataDir' ? {} : dotenv), parse, fallback);
  const family: Family = (name, parse) =>
    perSystem((system) =>
      accept(given(familyRow(familyOf(name), system), sources, dotenv), (text) => parse(text, system), undefined),
    );

  const settings: Settings = {
    dataDir: value('dataDir', parseFolder(sources.cwd), dataDir),
    imagesDir: value('imagesDir', parseFolder(sources.cwd), undefined),
    baseUrl: value('baseUrl', parseBaseUrl, undefined),
    http: value('http', parseListen, { host: '0.0.0.0', port: 4777 }),
    tftp: tftpSettings(value, given(row('tftp'), sources, dotenv) !== undefined),
    dhcp: dhcpSettings(value),
    firmwareDir: value('firmwareDir', parseFolder(sources.cwd), undefined),
    imageCache: value('imageCache', parseSize, 256 * 2 ** 20),
    sync: syncSettings(value, family, sources.cwd),
    adminToken: value('adminToken', parseToken, undefined),
    metrics: value('metrics', parseOneOf(['token', 'open', 'off']), 'token'),
    journal: {
      on: value('journal', parseOneOf(ON_OFF), 'on') === 'on',
      days: value('journalDays', parseNumber(1, 3650), 90),
    },
    unknown: {
      show: value('unknown', parseOneOf(['wait', 'menu']), 'wait'),
      timeoutSeconds: value('menuTimeout', parseNumber(0, 86_400), 30),
      choice: value('menuDefault', parseChoice, 'wait'),
    },
    installTries: value('installTries', parseNumber(1, 100), 3),
    logLevel: value('logLevel', parseOneOf(['debug', 'info', 'warn', 'error']), 'info'),
    logFormat: value('logFormat', parseOneOf(['pretty', 'json']), sources.terminal ? 'pretty' : 'json'),
  };
  if (problems.length > 0) {
    throw new Failure('invalid', `the settings have ${count(problems.length)}:\n  ${problems.join('\n  ')}`, {
      remedy: 'see `pilotlight serve --help`',
    });
  }
  const warnings = unknownNames({ ...dotenv, ...sources.env });
  return { settings: warnings.length === 0 ? settings : { ...settings, mistakes: warnings }, warnings };
}

/** Reads one setting; a problem is noted and the default stands in. */
type Value = <T, D>(name: SettingName, parse: (text: string) => Parsed<T>, fallback: D) => T | D;
type Accept = <T, D>(found: Given | undefined, parse: (text: string) => Parsed<T>, fallback: D) => T | D;
/** Reads one setting of every system. */
type Family = <T>(
  name: SettingFamily['name'],
  parse: (text: string, system: Followed) => Parsed<T>,
) => Partial<Record<Followed, T>>;

function perSystem<T>(read: (system: Followed) => T | undefined): Partial<Record<Followed, T>> {
  const entries = FOLLOWED.flatMap((system) => {
    const one = read(system);
    return one === undefined ? [] : [[system, one] as const];
  });
  return Object.fromEntries(entries);
}

function familyOf(name: SettingFamily['name']): SettingFamily {
  const found = SETTING_FAMILIES.find((candidate) => candidate.name === name);
  if (found === undefined) throw new TypeError(`no settings ${name}`);
  return found;
}

function syncSettings(value: Value, family: Family, cwd: string): SyncSettings {
  return {
    schedule: value('sync', parseSchedule, '17 4 * * *'),
    timezone: value('timezone', parseTimezone, new Intl.DateTimeFormat().resolvedOptions().timeZone),
    keepReleases: value('keepReleases', parseNumber(1, 1000), 2),
    allowSha1: value('allowSha1', parseOneOf(ON_OFF), 'off') === 'on',
    mirrors: family('mirror', parseMirror),
    trust: family('trust', parseFingerprints),
    keyFiles: family('key', parseFolder(cwd)),
  };
}

function tftpSettings(value: Value, required: boolean): TftpSettings | undefined {
  const listen = value('tftp', parseListenOrOff, { host: '0.0.0.0', port: 69 });
  const rest = {
    smartNbp: value('tftpSmartNbp', parseOneOf(ON_OFF), 'on') === 'on',
    singlePort: value('tftpSinglePort', parseOneOf(ON_OFF), 'off') === 'on',
    maxBlksize: value('tftpMaxBlksize', parseNumber(8, 65_464), 1468),
    perAddress: value('tftpPerAddress', parseNumber(1, 256), 16),
    images: value('tftpImages', parseOneOf(ON_OFF), 'off') === 'on',
  };
  return listen === 'off' ? undefined : { listen, required, ...rest };
}

function dhcpSettings(value: Value): DhcpSettings | undefined {
  const mode = value('dhcp', parseOneOf(['off', 'proxy']), 'off');
  const rest = {
    listen: value('dhcpListen', parseListen, { host: '0.0.0.0', port: 67 }),
    relays: value('dhcpRelays', parseAddresses, []),
    localBoot: value('dhcpLocalBoot', parseOneOf(['silent', 'answer']), 'silent'),
  };
  return mode === 'off' ? undefined : rest;
}

const ON_OFF = ['on', 'off'] as const;

function row(name: SettingName): SettingRow {
  const found = SETTING_ROWS.find((candidate) => candidate.name === name);
  if (found === undefined) throw new TypeError(`no setting ${name}`);
  return found;
}

interface Given {
  readonly text: string;
  readonly from: string;
  /** What is wrong with it is said without repeating it. */
  readonly secret?: boolean;
}

function given(
  setting: Pick<SettingRow, 'env' | 'flag' | 'oldEnv' | 'secret'>,
  sources: SettingSources,
  dotenv: Record<string, string>,
): Given | undefined {
  const candidates: readonly (readonly [string | undefined, string])[] = [
    [sources.flags[setting.flag], `--${setting.flag}`],
    [sources.env[setting.env], setting.env],
    [dotenv[setting.env], `.env: ${setting.env}`],
    ...(setting.oldEnv === undefined
      ? []
      : ([
          [sources.env[setting.oldEnv], setting.oldEnv],
          [dotenv[setting.oldEnv], `.env: ${setting.oldEnv}`],
        ] as const)),
  ];
  for (const [text, from] of candidates) {
    // An empty variable is what an env file leaves behind when a line is emptied: as good as none.
    if (text !== undefined && text !== '') return { text, from, secret: setting.secret === true };
  }
  return undefined;
}

function readDotenv(dataDir: string, problems: string[]): Record<string, string> {
  try {
    const parsed = parseEnv(readFileSync(join(dataDir, '.env'), 'utf8'));
    return Object.fromEntries(
      Object.entries(parsed).flatMap(([key, text]) => (text === undefined ? [] : [[key, text]])),
    );
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') problems.push(`.env: cannot be read (${String(code)})`);
    return {};
  }
}

// A misspelt setting is otherwise silent. The names below are read by test scripts, not by the server.
function unknownNames(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const families = SETTING_FAMILIES.flatMap((family) => FOLLOWED.map((system) => familyRow(family, system).env));
  const known = new Set([...SETTING_ROWS.map((setting) => setting.env), ...families]);
  return Object.keys(env)
    .filter((name) => !known.has(name) && isMeant(name) && !/_(REQUIRE_ALL|REFERENCE)$/.test(name))
    .map((name) => {
      const meant = nearest(name, known);
      return `${name} is no setting${meant === undefined ? '' : ` (did you mean ${meant}?)`}`;
    });
}

/** PILOTLIGHT_ and what is nearly that: other programs' variables are none of ours. */
function isMeant(name: string): boolean {
  if (name.startsWith('PILOTLIGHT_')) return true;
  const first = name.slice(0, Math.max(0, name.indexOf('_')));
  return first.length > 7 && nearest(first, ['PILOTLIGHT']) !== undefined;
}

function count(problems: number): string {
  return problems === 1 ? 'a problem' : `${problems} problems`;
}
