import { Failure } from '../model/failure.ts';

/**
 * `damaged`: the file is no sound database. `moved`: it is no longer where it was. `busy`: another program holds it.
 * `newer`: another Pilotlight wrote it. `driver`: SQLite is not on this host. `unusable`: no space, no permission, a
 * broken disk. `off`: one of those before.
 */
export type FailureKind = 'damaged' | 'moved' | 'busy' | 'newer' | 'driver' | 'unusable' | 'off';

/** Why the journal cannot be written or read; the message is for people and names no path of the host. */
export class DatabaseFailure extends Failure {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, cause?: unknown) {
    super('unavailable', message, { cause });
    this.name = 'DatabaseFailure';
    this.kind = kind;
  }
}

/** What SQLite's and the system's codes mean; the first that fits counts. */
const MEANINGS: readonly (readonly [
  code: RegExp,
  kind: FailureKind,
  what: (name: string) => string,
  remedy?: string,
])[] = [
  [/^SQLITE_(?:CORRUPT|NOTADB)$/, 'damaged', (name) => `${name} is damaged`],
  [
    /^SQLITE_(?:BUSY|LOCKED)$/,
    'busy',
    (name) => `${name} is held by another program`,
    'end it, or wait until it is done',
  ],
  [
    /^(?:SQLITE_FULL|ENOSPC|EDQUOT)$/,
    'unusable',
    (name) => `no space left for ${name}`,
    'free some, or keep fewer days (PILOTLIGHT_JOURNAL_DAYS)',
  ],
  [
    /^(?:SQLITE_(?:READONLY|PERM|AUTH)|EACCES|EPERM|EROFS)$/,
    'unusable',
    (name) => `${name} may not be written`,
    'give the user that runs Pilotlight its folder',
  ],
  [
    /^(?:SQLITE_(?:IOERR|CANTOPEN|NOMEM|PROTOCOL|NOLFS)|E[A-Z0-9]+)$/,
    'unusable',
    (name) => `${name} cannot be read or written`,
    "look at the disk and at the folder's owner",
  ],
];

/**
 * The failure of the database `name` (as people know it) behind an error; undefined for a mistake in the program or in
 * one event.
 */
export function databaseFailure(error: unknown, name: string): DatabaseFailure | undefined {
  if (error instanceof DatabaseFailure) return error;
  const code = codeOf(error);
  const found = MEANINGS.find(([codes]) => codes.test(code));
  if (found === undefined) return undefined;
  const [, kind, what, remedy] = found;
  return new DatabaseFailure(kind, `${what(name)} (${code})${remedy === undefined ? '' : `: ${remedy}`}`, error);
}

/** Where the package of SQLite brings a binary: its `os` and `cpu`. */
const BUILT_FOR = /^(?:linux|darwin|win32) (?:x64|arm64)$/;
const AGAIN = 'install Pilotlight again with its optional packages ("npm ci --include=optional") and restart it';

/** When SQLite itself is what is missing (no binary for this host, left out, or unloadable): what to do. Else the error. */
export function driverFailure(error: unknown, host = `${process.platform} ${process.arch}`): unknown {
  if (!(error instanceof Error)) return error;
  const unloadable = codeOf(error) === 'ERR_DLOPEN_FAILED';
  const absent =
    /^(?:ERR_MODULE_NOT_FOUND|MODULE_NOT_FOUND)$/.test(codeOf(error)) || error.message.startsWith('No native build');
  if (!unloadable && !absent) return error;
  return new DatabaseFailure('driver', unloadable ? unloadableText(error) : absentText(host), error);
}

function absentText(host: string): string {
  if (BUILT_FOR.test(host)) return `SQLite is not installed: ${AGAIN}`;
  const others = 'Linux, macOS or Windows on x64 or arm64';
  return `there is no SQLite for ${host}: set PILOTLIGHT_JOURNAL=off to do without, or run Pilotlight on ${others}`;
}

function unloadableText({ message }: Error): string {
  // The first line, without the folders of the host.
  const why = (message.split('\n')[0] ?? '').replaceAll(/(?:[A-Za-z]:)?[\\/](?:[^\s'"`()]*[\\/])?/g, '').slice(0, 300);
  const needs = process.platform === 'linux' ? ', on a system with libstdc++ and glibc 2.29 or newer (or musl)' : '';
  return `SQLite cannot be loaded (${why}): ${AGAIN}${needs}`;
}

/** SQLite's primary result codes; the driver gives their numbers. */
const RESULTS: ReadonlyMap<number, string> = new Map([
  ...([
    [3, 'PERM'],
    [5, 'BUSY'],
    [6, 'LOCKED'],
    [7, 'NOMEM'],
    [8, 'READONLY'],
    [10, 'IOERR'],
    [11, 'CORRUPT'],
  ] as const),
  ...([
    [13, 'FULL'],
    [14, 'CANTOPEN'],
    [15, 'PROTOCOL'],
    [22, 'NOLFS'],
    [23, 'AUTH'],
    [26, 'NOTADB'],
  ] as const),
]);

/** `SQLITE_FULL` for an error of SQLite (its `errcode` may be an extended one), `ENOSPC` for one of the system. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('errcode' in error && typeof error.errcode === 'number')
    return `SQLITE_${RESULTS.get(error.errcode & 0xff) ?? 'ERROR'}`;
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
