import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { Failure } from '../model/failure.ts';
import { nearest } from '../model/name.ts';
import type { Parsed } from './parsers.ts';
import type { Settings } from './settings.ts';
import {
  envOf,
  FAMILIES,
  type Family,
  type Followed,
  FOLLOWED,
  type Row,
  SETTING_ROWS,
  type SettingFlag,
  settingFlags,
  SETTINGS,
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
  const { cwd } = sources;
  const problems: string[] = [];
  const dataDir = resolve(cwd, given('data-dir', sources, {})?.text ?? '.');
  const dotenv = readDotenv(dataDir, problems);
  if (envOf('data-dir') in dotenv) {
    problems.push(`.env: ${envOf('data-dir')} cannot be set in the folder that it names`);
  }

  // What was given, parsed; undefined where nothing was, or where it is wrong: then the default stands in.
  const accept = (flag: string, { parse, secret }: Pick<Row, 'parse' | 'secret'>, system?: Followed) => {
    const found = given(flag, sources, flag === 'data-dir' ? {} : dotenv);
    if (found === undefined) return undefined;
    const parsed = parse(found.text, { cwd, system });
    if (parsed.ok) return parsed;
    problems.push(`${found.from}: ${parsed.problem}${secret === true ? '' : `; it is ${JSON.stringify(found.text)}`}`);
    return undefined;
  };
  const value = <F extends SettingFlag>(flag: F): ValueOf<F> => {
    const row: Row = SETTINGS[flag];
    const parsed = accept(flag, row);
    return (parsed === undefined ? row.usual : parsed.value) as ValueOf<F>;
  };
  const family = <F extends Family>(name: F): FamilyOf<F> =>
    Object.fromEntries(
      FOLLOWED.flatMap((system) => {
        const parsed = accept(`${name}-${system}`, FAMILIES[name], system);
        return parsed === undefined ? [] : [[system, parsed.value]];
      }),
    );

  const listen = value('tftp-listen');
  const tftp = {
    required: given('tftp-listen', sources, dotenv) !== undefined,
    smartNbp: value('tftp-smart-nbp'),
    singlePort: value('tftp-single-port'),
    maxBlksize: value('tftp-max-blksize'),
    perAddress: value('tftp-per-address'),
    images: value('tftp-images'),
  };
  const dhcp = {
    listen: value('dhcp-listen'),
    relays: value('dhcp-relays'),
    localBoot: value('dhcp-local-boot'),
  };
  const warnings = unknownNames({ ...dotenv, ...sources.env });
  const settings: Settings = {
    dataDir: value('data-dir') ?? dataDir,
    imagesDir: value('images-dir'),
    // Not a setting: systemd says it to every unit that has credentials.
    credentialsDir: sources.env['CREDENTIALS_DIRECTORY'],
    baseUrl: value('base-url'),
    http: value('http-listen'),
    tftp: listen === 'off' ? undefined : { listen, ...tftp },
    dhcp: value('dhcp') === 'off' ? undefined : dhcp,
    firmwareDir: value('firmware-dir'),
    imageCache: value('image-cache'),
    sync: {
      schedule: value('sync'),
      timezone: value('timezone') ?? new Intl.DateTimeFormat().resolvedOptions().timeZone,
      keepReleases: value('keep-releases'),
      allowSha1: value('allow-sha1'),
      mirrors: family('mirror'),
      trust: family('trust'),
      keyFiles: family('key'),
    },
    adminToken: value('admin-token'),
    metrics: value('metrics'),
    journal: { on: value('journal'), days: value('journal-days') },
    unknown: {
      show: value('unknown'),
      timeoutSeconds: value('menu-timeout'),
      choice: value('menu-default'),
    },
    installTries: value('install-tries'),
    logLevel: value('log-level'),
    logFormat: value('log-format') ?? (sources.terminal ? 'pretty' : 'json'),
    mistakes: warnings.length === 0 ? undefined : warnings,
  };
  if (problems.length > 0) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    throw new Failure('invalid', `the settings have ${count}:\n  ${problems.join('\n  ')}`, {
      remedy: 'see `pilotlight serve --help`',
    });
  }
  return { settings, warnings };
}

/** What a row's parser gives, or its default. */
type ValueOf<F extends SettingFlag> =
  ParsedBy<(typeof SETTINGS)[F]> | ((typeof SETTINGS)[F] extends { readonly usual: infer D } ? D : undefined);
type FamilyOf<F extends Family> = Partial<Record<Followed, ParsedBy<(typeof FAMILIES)[F]>>>;
type ParsedBy<R> = R extends { readonly parse: (...given: never[]) => Parsed<infer T> } ? T : never;

interface Given {
  readonly text: string;
  readonly from: string;
}

function given(flag: string, { flags, env }: SettingSources, dotenv: Record<string, string>): Given | undefined {
  const names = [envOf(flag), SETTING_ROWS.find((row) => row.flag === flag)?.oldEnv].filter(
    (name) => name !== undefined,
  );
  const candidates = [
    [flags[flag], `--${flag}`],
    ...names.flatMap((name) => [
      [env[name], name],
      [dotenv[name], `.env: ${name}`],
    ]),
  ] as const;
  for (const [text, from = ''] of candidates) {
    // An empty variable is what an env file leaves behind when a line is emptied: as good as none.
    if (text !== undefined && text !== '') return { text, from };
  }
  return undefined;
}

function readDotenv(dataDir: string, problems: string[]): Record<string, string> {
  try {
    return { ...(parseEnv(readFileSync(join(dataDir, '.env'), 'utf8')) as Record<string, string>) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') problems.push(`.env: cannot be read (${String(code)})`);
    return {};
  }
}

// A misspelt setting is otherwise silent. The names below are read by test scripts, not by the server.
function unknownNames(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const known = new Set(settingFlags().map(envOf));
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
