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
  [/^SQLITE_(?:CORRUPT|NOTADB)/, 'damaged', (name) => `${name} is damaged`],
  [
    /^SQLITE_(?:BUSY|LOCKED)/,
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
    /^(?:SQLITE_READONLY|SQLITE_PERM|SQLITE_AUTH|EACCES|EPERM|EROFS)/,
    'unusable',
    (name) => `${name} may not be written`,
    'give the user that runs Pilotlight its folder',
  ],
  [
    /^SQLITE_(?:IOERR|CANTOPEN|NOMEM|PROTOCOL|NOLFS)|^E[A-Z0-9]+$/,
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

/** When SQLite itself is what is missing (not there, not built, or built for another Node): what to do. Else the error. */
export function driverFailure(error: unknown): unknown {
  const missing =
    /^(?:ERR_MODULE_NOT_FOUND|MODULE_NOT_FOUND|ERR_DLOPEN_FAILED)$/.test(codeOf(error)) ||
    (error instanceof Error && error.message.startsWith('Could not locate the bindings file'));
  if (!missing) return error;
  const remedy = 'run "npm rebuild better-sqlite3" (it needs python3, make and a C++ compiler) and restart Pilotlight';
  return new DatabaseFailure('driver', `SQLite is not installed for this Node: ${remedy}`, error);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
