import type { DataRoot } from '../../files/data-root.ts';
import { waitForLock } from '../../files/lock.ts';
import { makeFolder } from '../../files/publish.ts';
import { replaceFile } from '../../files/replace.ts';
import { Failure, unlessFailed } from '../../model/failure.ts';
import { omitUndefined } from '../../model/machine.ts';
import { type Role, ROLES } from '../../model/operator.ts';
import { isHash } from './password.ts';

export const USERS_FILE = 'state/users.json';
const MAX_BYTES = 4 * 2 ** 20;
const LOCK_MS = 10_000;

/** A token of a user, for programs. */
export interface ApiToken {
  /** Short and public: names it in lists and commands. */
  readonly id: string;
  /** What it is for, in its user's words. */
  readonly name: string;
  /** SHA-256 of the token, base64url: it has 256 random bits, which nothing can be tried against. */
  readonly sha256: string;
  /** Milliseconds since 1970, as `ends`. */
  readonly made: number;
  readonly ends: number;
  /** Less than its user may; absent: the same. */
  readonly role?: Role | undefined;
}

export interface User {
  readonly name: string;
  readonly role: Role;
  /** Absent: it has API tokens only. */
  readonly password?: string | undefined;
  /** Milliseconds since 1970. */
  readonly added: number;
  /** Sessions from before do not count: the password was another one, or the user. */
  readonly sessionsFrom: number;
  readonly tokens: readonly ApiToken[];
}

export type UserMap = ReadonlyMap<string, User>;

/** Lower case, so that no two names look alike by their case only; it stands in addresses and on command lines. */
export function isUserName(text: string): boolean {
  return /^[a-z][a-z0-9._-]{0,31}$/.test(text);
}

/** What a person may call a token: it is shown in lists and in the activity. */
export function isTokenName(text: string): boolean {
  return /^[\w .@:/+-]{1,64}$/.test(text) && text.trim() === text;
}

/**
 * The users of the file; none where there is none. Anything in it that is not as this program writes it makes the whole
 * file unusable: half of it could be what let one in who was removed. Throws Failure.
 */
export async function readUsers(files: DataRoot): Promise<UserMap> {
  const file = await unlessFailed(files.read(USERS_FILE, MAX_BYTES), 'not-found');
  if (file === undefined) return new Map();
  if ((file.mode & 0o022) !== 0) {
    throw unusable('may be written by other users of this host', `look at what is in it, then chmod 600 ${USERS_FILE}`);
  }
  return parseUsers(file.bytes.toString('utf8'));
}

/** Throws Failure `broken`. */
function parseUsers(text: string): UserMap {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unusable('is not JSON');
  }
  const list: unknown = isObject(value) ? value['users'] : undefined;
  if (!Array.isArray(list)) throw unusable('holds no list of users');
  const users = new Map<string, User>();
  for (const [i, one] of (list as readonly unknown[]).entries()) {
    if (!isUser(one) || users.has(one.name)) throw unusable(`users[${i}] is not as it was written`);
    users.set(one.name, one);
  }
  return users;
}

/**
 * Changes the file under its lock, on top of what is in it now. Gives the users afterwards. Throws Failure: what cannot
 * be read is not written either.
 */
export async function editUsers<T>(
  files: DataRoot,
  change: (users: Map<string, User>) => T,
): Promise<{ readonly users: UserMap; readonly done: T }> {
  return await files.edits.run(USERS_FILE, async () => {
    await makeFolder(files, 'state');
    const lock = await waitForLock(files.path('state/edit-users.lock'), 'an edit of the users', LOCK_MS);
    try {
      const users = new Map(await readUsers(files));
      const done = change(users);
      const text = JSON.stringify({ users: [...users.values()].map(omitUndefined) }, undefined, 2);
      await replaceFile(files, USERS_FILE, `${text}\n`, { mode: 0o600 });
      return { users, done };
    } finally {
      await lock.release();
    }
  });
}

function unusable(what: string, remedy = `mend it, or put it aside and add the users again`): Failure {
  return new Failure('broken', what, { place: { file: USERS_FILE }, remedy });
}

function isUser(value: unknown): value is User {
  if (!isObject(value)) return false;
  const { name, role, password, added, sessionsFrom, tokens } = value;
  return (
    typeof name === 'string' &&
    isUserName(name) &&
    isRole(role) &&
    (password === undefined || (typeof password === 'string' && isHash(password))) &&
    isTime(added) &&
    isTime(sessionsFrom) &&
    Array.isArray(tokens) &&
    tokens.every(isToken)
  );
}

function isToken(value: unknown): value is ApiToken {
  if (!isObject(value)) return false;
  const { id, name, sha256, made, ends, role } = value;
  return (
    typeof id === 'string' &&
    /^[\w-]{8}$/.test(id) &&
    typeof name === 'string' &&
    isTokenName(name) &&
    typeof sha256 === 'string' &&
    /^[\w-]{43}$/.test(sha256) &&
    isTime(made) &&
    isTime(ends) &&
    (role === undefined || isRole(role))
  );
}

function isRole(value: unknown): value is Role {
  return ROLES.some((role) => role === value);
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
