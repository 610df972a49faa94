import { Failure } from '../model/failure.ts';

/**
 * `damaged`: the file is no sound database. `moved`: it is no longer where it was. `busy`: another program holds it.
 * `newer`: another Pilotlight wrote it. `driver`: SQLite is not on this host. `unusable`: no space, no permission, a
 * broken disk. `off`: one of those before.
 */
export type TroubleKind = 'damaged' | 'moved' | 'busy' | 'newer' | 'driver' | 'unusable' | 'off';

/** Why the journal cannot be written or read; the message is for people and names no path of the host. */
export class Trouble extends Failure {
  readonly kind: TroubleKind;

  constructor(kind: TroubleKind, message: string, cause?: unknown) {
    super('unavailable', message, cause === undefined ? {} : { cause });
    this.name = 'Trouble';
    this.kind = kind;
  }
}

export const DRIVER_REMEDY =
  'run "npm rebuild better-sqlite3" (it needs python3, make and a C++ compiler) and restart Pilotlight';

/** Undefined for what is no trouble of the database but a mistake in the program or in one event. */
export function troubleOf(error: unknown, name: string): Trouble | undefined {
  if (error instanceof Trouble) return error;
  const code = codeOf(error);
  if (code === undefined) return undefined;
  const of = (kind: TroubleKind, message: string): Trouble => new Trouble(kind, message, error);
  if (/^SQLITE_(?:CORRUPT|NOTADB)/.test(code)) return of('damaged', `${name} is damaged (${code})`);
  if (/^SQLITE_(?:BUSY|LOCKED)/.test(code)) {
    return of('busy', `${name} is held by another program (${code}): end it, or wait until it is done`);
  }
  if (/^(?:SQLITE_FULL|ENOSPC|EDQUOT)$/.test(code)) {
    return of(
      'unusable',
      `no space left for ${name} (${code}): free some, or keep fewer days (PILOTLIGHT_JOURNAL_DAYS)`,
    );
  }
  if (/^(?:SQLITE_READONLY|SQLITE_PERM|SQLITE_AUTH|EACCES|EPERM|EROFS)/.test(code)) {
    return of('unusable', `${name} may not be written (${code}): give the user that runs Pilotlight its folder`);
  }
  if (/^SQLITE_(?:IOERR|CANTOPEN|NOMEM|PROTOCOL|NOLFS)|^E[A-Z0-9]+$/.test(code)) {
    return of('unusable', `${name} cannot be read or written (${code}): look at the disk and at the folder's owner`);
  }
  return undefined;
}

/** True when SQLite itself is what is missing: the package is not there, not built, or built for another Node. */
export function isDriverMissing(error: unknown): boolean {
  const code = codeOf(error) ?? '';
  if (/^(?:ERR_MODULE_NOT_FOUND|MODULE_NOT_FOUND|ERR_DLOPEN_FAILED)$/.test(code)) return true;
  return error instanceof Error && error.message.startsWith('Could not locate the bindings file');
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
