import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Failure, type FileDiagnostic, isError, type Place, placeText, problemLine } from '../model/failure.ts';
import { nearest } from '../model/text.ts';
import { type Dotenv, readDotenv } from './dotenv.ts';
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

/**
 * Flags win over the environment, the environment over `.env`, the new name over coreos-ipxe-server's. `.env` is read
 * from the data directory, never from a working directory that merely happens to be the current one.
 * Throws one Failure `invalid` that lists every problem.
 */
export function readSettings(sources: SettingSources): Settings {
  const { cwd } = sources;
  const problems: string[] = [];
  const dataDir = resolve(cwd, given('data-dir', sources, NONE)?.text ?? usualDataDir(sources));
  const { values: dotenv, problems: unreadable } = readDotenv(dataDir);
  problems.push(...unreadable.filter(isError).map(problemLine));
  const moved = dotenv.get(envOf('data-dir'));
  if (moved !== undefined) problems.push(`${placeText(moved.place)}: cannot be set in the folder that it names`);

  // What was given, parsed; undefined where nothing was, or where it is wrong: then the default stands in.
  const accept = (flag: string, { parse, secret }: Pick<Row, 'parse' | 'secret'>, system?: Followed) => {
    const found = given(flag, sources, flag === 'data-dir' ? NONE : dotenv);
    if (found === undefined) return undefined;
    const parsed = parse(found.text, { cwd, system });
    if (parsed.ok) return parsed;
    const [, inside] = /^(["'\u2018-\u201F])(.*)["'\u2018-\u201F]$/.exec(found.text)?.slice(1) ?? [];
    const remedy = inside !== undefined && parse(inside, { cwd, system }).ok ? ' (write it without the quotes)' : '';
    const shown = secret === true ? '' : `; it is ${JSON.stringify(found.text)}`;
    problems.push(`${found.from}: ${parsed.problem}${shown}${remedy}`);
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

  const pair = <C extends 'operator-tls-cert' | 'tls-cert', K extends 'operator-tls-key' | 'tls-key'>(
    certFlag: C,
    keyFlag: K,
  ) => {
    const [cert, key] = [value(certFlag), value(keyFlag)];
    if (cert !== undefined && key !== undefined) return { cert, key };
    const [there, missing] = cert === undefined ? [keyFlag, certFlag] : [certFlag, keyFlag];
    if (cert !== key) problems.push(`${envOf(there)} is set and ${envOf(missing)} is not: TLS needs both`);
    return undefined;
  };
  const tls = pair('tls-cert', 'tls-key');
  const operatorTls = pair('operator-tls-cert', 'operator-tls-key');
  const operatorListen = value('operator-listen');
  if (operatorTls !== undefined && operatorListen === undefined) {
    problems.push(`${envOf('operator-tls-cert')} is for ${envOf('operator-listen')}, which is not set`);
  }
  const listen = value('tftp-listen');
  const tftp = {
    required: given('tftp-listen', sources, dotenv) !== undefined,
    smartNbp: value('tftp-smart-nbp'),
    singlePort: value('tftp-single-port'),
    maxBlksize: value('tftp-max-blksize'),
    perAddress: value('tftp-per-address'),
    images: value('tftp-images'),
  };
  const mode = value('dhcp');
  const range = value('dhcp-range');
  if (mode === 'server' && range.pools.length + range.networks6.length === 0) {
    problems.push(
      `${envOf('dhcp')} is server, and ${envOf('dhcp-range')} does not say which addresses it hands out, such as 192.168.50.100-192.168.50.200`,
    );
  }
  const dhcpServer = {
    ...range,
    leaseSeconds: value('dhcp-lease'),
    routers: value('dhcp-routers'),
    nameServers: value('dhcp-dns'),
    timeServers: value('dhcp-ntp'),
    domain: value('dhcp-domain'),
    search: value('dhcp-search'),
    routes: value('dhcp-routes'),
    authoritative: value('dhcp-authoritative'),
    probe: value('dhcp-probe'),
    besideOthers: value('dhcp-beside-others'),
  };
  const dhcp = {
    server: mode === 'server' ? dhcpServer : undefined,
    listen: value('dhcp-listen'),
    relays: value('dhcp-relays'),
    localBoot: value('dhcp-local-boot'),
  };
  const syslog = value('syslog');
  const mistakes = [...unreadable.filter((one) => !isError(one)), ...unknownNames(sources.env, dotenv)];
  const settings: Settings = {
    dataDir: value('data-dir') ?? dataDir,
    imagesDir: value('images-dir'),
    // Not a setting: systemd says it to every unit that has credentials.
    credentialsDir: sources.env['CREDENTIALS_DIRECTORY'],
    baseUrl: value('base-url'),
    http: value('http-listen'),
    tls: tls && { ...tls, listen: value('tls-listen') },
    operator: operatorListen && { listen: operatorListen, tls: operatorTls },
    operatorUrl: value('operator-url'),
    trustedProxies: value('trusted-proxies'),
    tftp: listen === 'off' ? undefined : { listen, ...tftp },
    dhcp: mode === 'off' ? undefined : dhcp,
    syslog: syslog === 'off' ? undefined : syslog,
    secureBoot: value('secure-boot'),
    vlan: value('vlan'),
    firmwareDir: value('firmware-dir'),
    imageCache: value('image-cache'),
    sync: {
      schedule: value('sync'),
      timezone: value('timezone'),
      keepReleases: value('keep-releases'),
      allowSha1: value('allow-sha1'),
      mirrors: family('mirror'),
      mirrorIpxe: value('mirror-ipxe'),
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
      ...(value('menu-key') === 0 ? {} : { keySeconds: value('menu-key') }),
    },
    installTries: value('install-tries'),
    reports: value('reports'),
    routed: value('routed'),
    powerCommands: value('power-commands'),
    native: value('native'),
    logLevel: value('log-level'),
    logFormat: value('log-format') ?? (sources.terminal ? 'pretty' : 'json'),
    mistakes: mistakes.length === 0 ? undefined : mistakes,
  };
  if (problems.length > 0) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    throw new Failure('invalid', `the settings have ${count}:\n  ${problems.join('\n  ')}`, {
      remedy: 'see `pilotlight settings`',
    });
  }
  return settings;
}

/** A unit that was made for coreos-ipxe-server starts anywhere: its data lay in one place unless it said another. */
function usualDataDir({ cwd, env }: SettingSources): string {
  const old = SETTING_ROWS.some(({ oldEnv }) => oldEnv !== undefined && (env[oldEnv] ?? '') !== '');
  return old && !existsSync(join(cwd, 'profiles')) ? '/opt/coreos-ipxe-server' : '.';
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

const NONE: Dotenv['values'] = new Map();

function given(flag: string, { flags, env }: SettingSources, dotenv: Dotenv['values']): Given | undefined {
  const names = [envOf(flag), SETTING_ROWS.find((row) => row.flag === flag)?.oldEnv].filter(
    (name) => name !== undefined,
  );
  const candidates = [
    { text: flags[flag], from: `--${flag}` },
    ...names.flatMap((name) => {
      const line = dotenv.get(name);
      return [
        { text: env[name], from: name },
        ...(line === undefined ? [] : [{ ...line, from: placeText(line.place) }]),
      ];
    }),
  ];
  for (const { text, from } of candidates) {
    // An empty variable is what an env file leaves behind when a line is emptied: as good as none.
    if (text !== undefined && text !== '') return { text, from };
  }
  return undefined;
}

const ENVIRONMENT: Place = { file: 'environment' };

/** A misspelt setting is otherwise silent. The names below are read by test scripts, not by the server. */
function unknownNames(env: SettingSources['env'], dotenv: Dotenv['values']): readonly FileDiagnostic[] {
  const known = new Set([...settingFlags().map(envOf), ...SETTING_ROWS.flatMap(({ oldEnv }) => oldEnv ?? [])]);
  const places = new Map<string, Place>([
    ...[...dotenv].map(([name, { place }]) => [name, { ...place, column: 1, key: undefined }] as const),
    ...Object.keys(env).map((name) => [name, ENVIRONMENT] as const),
  ]);
  return [...places].flatMap(([name, place]) => {
    if (known.has(name) || !isMeant(name) || /_(REQUIRE_ALL|REFERENCE)$/.test(name)) return [];
    const prefix = /^COREOS_IPXE_SERVER_|^[^_]*_/.exec(name)?.[0] ?? '';
    const [ours, last] = [prefix.startsWith('COREOS') ? prefix : 'PILOTLIGHT_', name.slice(prefix.length)];
    const rests = [...known].flatMap((one) => (one.startsWith(ours) ? one.slice(ours.length) : []));
    const near = nearest(last, rests);
    const meant = near === undefined ? undefined : ours + near;
    const remedy = meant === undefined ? 'remove it; `pilotlight settings` lists all' : `did you mean ${meant}?`;
    return [{ severity: 'warning' as const, message: `${name} is no setting`, place, remedy }];
  });
}

/** PILOTLIGHT_, coreos-ipxe-server's prefix and what is nearly ours: other programs' variables are none of ours. */
function isMeant(name: string): boolean {
  if (/^(?:PILOTLIGHT|COREOS_IPXE_SERVER)_/.test(name)) return true;
  const first = name.slice(0, Math.max(0, name.indexOf('_')));
  return first.length > 7 && nearest(first, ['PILOTLIGHT']) !== undefined;
}
