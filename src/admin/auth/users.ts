import { createHash, randomBytes } from 'node:crypto';
import { type DataRoot, identityOf } from '../../files/data-root.ts';
import { type Diagnostic, Failure, failureLine, unlessFailed } from '../../model/failure.ts';
import { nearest } from '../../model/text.ts';
import { omitUndefined } from '../../model/machine.ts';
import { includes, type Role } from '../../model/operator.ts';
import { createRepeater, type Log, type Service } from '../../model/service.ts';
import { checkPassword, hashPassword, isPassword } from './password.ts';
import {
  type ApiToken,
  editUsers,
  isTokenName,
  isUserName,
  readUsers,
  type User,
  type UserMap,
  USERS_FILE,
} from './users-file.ts';

/** A command may change the file beside the server that runs. */
const LOOK_MS = 2000;
const DAY = 86_400_000;
/** So that a token in a file or a log is known for what it is. */
const PREFIX = 'plt_';
const MOST_USERS = 1000;
const MOST_TOKENS = 100;
export const TOKEN_DAYS = { usual: 90, most: 366 } as const;

export interface NewToken {
  readonly token: string;
  readonly id: string;
  readonly ends: number;
}

/**
 * The users of state/users.json. While the file cannot be read or understood, there are none: the admin token is the way
 * in, and nothing is written over it. `start` looks at the file now and then. What changes something throws Failure.
 */
export interface Users extends Service {
  all(): readonly User[];
  find(name: string): User | undefined;
  /** The user whose password it is. As slow for a name that no user has. */
  check(name: string, password: string): Promise<User | undefined>;
  /** Whose API token it is; undefined for one that has ended or was revoked. */
  ofToken(text: string): { readonly user: User; readonly token: ApiToken } | undefined;
  /** Without a password: for API tokens only. */
  add(name: string, role: Role, password: string | undefined): Promise<void>;
  setRole(name: string, role: Role): Promise<void>;
  /** Ends the sessions of the user. */
  setPassword(name: string, password: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** The token itself is in the answer and nowhere else. */
  addToken(
    user: string,
    token: { readonly name: string; readonly days?: number | undefined; readonly role?: Role | undefined },
  ): Promise<NewToken>;
  revokeToken(id: string): Promise<{ readonly user: string; readonly name: string }>;
  diagnostics(): readonly Diagnostic[];
}

export interface UsersOptions {
  readonly files: DataRoot;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Milliseconds between two looks at the file. */
  readonly every?: number;
}

export async function openUsers({ files, log, now = Date.now, every = LOOK_MS }: UsersOptions): Promise<Users> {
  let users: UserMap = new Map();
  let problem: Failure | undefined;
  let seen: string | undefined;
  let changes = 0;

  async function look(): Promise<void> {
    const began = changes;
    const facts = await unlessFailed(files.stat(USERS_FILE));
    const identity = facts && identityOf(facts);
    if (identity !== undefined && identity === seen && problem === undefined) return;
    try {
      const before = problem;
      const read = await readUsers(files);
      // What was read may be from before a change of ours, which took away a role, a token or a user.
      if (changes !== began) return;
      users = read;
      problem = undefined;
      if (before !== undefined) log.info({ users: users.size }, 'the users are known again');
      if (facts !== undefined && identity !== seen && (facts.mode & 0o044) !== 0) {
        log.warn(
          { file: USERS_FILE, remedy: `chmod 600 ${USERS_FILE}` },
          'other users of this host may read the users',
        );
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (changes !== began) return;
      users = new Map();
      if (problem?.message !== error.message) {
        log.error({ problem: failureLine(error) }, 'the users are not known: only the admin token lets anyone in');
      }
      problem = error;
    }
    seen = identity;
  }

  async function change<T>(edit: (all: Map<string, User>) => T): Promise<T> {
    const edited = await editUsers(files, edit);
    users = edited.users;
    problem = undefined;
    changes += 1;
    // A command may have changed the file since: the next look reads it.
    seen = undefined;
    return edited.done;
  }

  /** Changes one user. Throws Failure `not-found`. */
  async function update(name: string, edit: (user: User) => User): Promise<void> {
    await change((all) => {
      all.set(name, omitUndefined(edit(found(all, name))));
    });
  }

  const looks = createRepeater(every, look, (error) => {
    log.error({ err: error }, 'the users could not be looked at');
  });
  await look();

  return {
    name: 'users',
    start: () => {
      looks.start();
      return Promise.resolve();
    },
    stop: () => looks.stop(),
    all: () => [...users.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    find: (name) => users.get(name),
    async check(name, password) {
      const hash = users.get(name)?.password;
      const right = await isPassword(password, hash);
      // The file may say something else by now.
      const user = users.get(name);
      return right && user?.password === hash ? user : undefined;
    },
    ofToken(text) {
      if (!isApiToken(text)) return undefined;
      const digest = digestOf(text);
      for (const user of users.values()) {
        // Looked up by its digest: the time that it takes tells nothing of the token.
        const token = user.tokens.find(({ sha256 }) => sha256 === digest);
        if (token !== undefined) return now() < token.ends ? { user, token } : undefined;
      }
      return undefined;
    },
    async add(name, role, password) {
      checkName(name);
      if (password !== undefined) checkPassword(password);
      const hash = password === undefined ? undefined : await hashPassword(password);
      const at = now();
      await change((all) => {
        if (all.has(name)) {
          throw new Failure('conflict', `there is a user ${name} already`, {
            remedy: 'to change it: `pilotlight user role` or `passwd`',
          });
        }
        if (all.size >= MOST_USERS) throw new Failure('conflict', `there are ${MOST_USERS} users already`);
        all.set(name, omitUndefined({ name, role, password: hash, added: at, sessionsFrom: at, tokens: [] }));
      });
    },
    setRole: (name, role) => update(name, (user) => ({ ...user, role })),
    async setPassword(name, password) {
      found(users, name);
      checkPassword(password);
      const hash = await hashPassword(password);
      await update(name, (user) => ({ ...user, password: hash, sessionsFrom: now() }));
    },
    remove: (name) =>
      change((all) => {
        found(all, name);
        all.delete(name);
      }),
    async addToken(user, { name, days = TOKEN_DAYS.usual, role }) {
      checkToken(name, days);
      const token = `${PREFIX}${randomBytes(32).toString('base64url')}`;
      const made = now();
      const kept = {
        id: randomBytes(6).toString('base64url'),
        name,
        sha256: digestOf(token),
        made,
        ends: made + days * DAY,
        role,
      };
      await update(user, (before) => {
        const tokens = before.tokens.filter(({ ends }) => ends > made);
        checkTokens(before, tokens, kept);
        return { ...before, tokens: [...tokens, omitUndefined(kept)] };
      });
      return { token, id: kept.id, ends: kept.ends };
    },
    revokeToken: (id) =>
      change((all) => {
        for (const user of all.values()) {
          const token = user.tokens.find((one) => one.id === id);
          if (token === undefined) continue;
          all.set(user.name, { ...user, tokens: user.tokens.filter((one) => one !== token) });
          return { user: user.name, name: token.name };
        }
        throw new Failure('not-found', `there is no API token ${id.slice(0, 16)}`, {
          remedy: 'see `pilotlight user tokens`',
        });
      }),
    diagnostics: () =>
      problem === undefined
        ? []
        : [
            {
              severity: 'error',
              message: `the users are not known, so none of them gets in: it ${problem.message}`,
              place: { file: USERS_FILE },
              remedy: problem.remedy ?? `make ${USERS_FILE} readable for the server`,
            },
          ],
  };
}

/** Whether it was made here for a user's programs, as it looks. */
export function isApiToken(text: string): boolean {
  return text.startsWith(PREFIX);
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

function found(users: UserMap, name: string): User {
  const user = users.get(name);
  if (user !== undefined) return user;
  const near = nearest(name, users.keys());
  throw new Failure('not-found', `there is no user "${name.slice(0, 40)}"`, {
    remedy: near === undefined ? 'see `pilotlight user list`' : `did you mean "${near}"?`,
  });
}

function checkName(name: string): void {
  if (isUserName(name)) return;
  throw new Failure('invalid', `"${name.slice(0, 40)}" cannot be the name of a user`, {
    remedy: 'take lower-case letters, digits, dot, hyphen and underscore, a letter first, at most 32',
  });
}

function checkToken(name: string, days: number): void {
  if (!isTokenName(name)) {
    throw new Failure('invalid', 'this cannot be the name of a token', {
      remedy: 'take letters, digits, spaces and . _ @ : / + -, at most 64',
    });
  }
  if (!Number.isInteger(days) || days < 1 || days > TOKEN_DAYS.most) {
    throw new Failure('invalid', `a token lasts 1 to ${TOKEN_DAYS.most} days`, {
      remedy: 'make a new one before it ends',
    });
  }
}

function checkTokens(user: User, tokens: readonly ApiToken[], { name, role }: Pick<ApiToken, 'name' | 'role'>): void {
  if (tokens.some((one) => one.name === name)) {
    throw new Failure('conflict', `${user.name} has a token "${name}" already`, {
      remedy: 'revoke it first, or choose another name',
    });
  }
  if (tokens.length >= MOST_TOKENS)
    throw new Failure('conflict', `${user.name} has ${MOST_TOKENS} tokens already`, { remedy: 'revoke some' });
  if (role !== undefined && !includes(user.role, role)) {
    throw new Failure('invalid', `${user.name} is ${user.role}: a token cannot be more`, {
      remedy: 'leave the role out for as much as the user may',
    });
  }
}
