import type { AccountView, ApiTokenView, NewApiToken, SessionView, UserView } from '../../model/operator-views.ts';
import { Failure } from '../../model/failure.ts';
import { type Actor, lesser, type Role } from '../../model/operator.ts';
import type { OpenSession } from '../auth/sessions.ts';
import type { User } from '../auth/users-file.ts';
import type { AdminDeps } from './deps.ts';
import { currentActor, requireRole } from './actor.ts';

type Deps = Pick<AdminDeps, 'accounts' | 'now'>;

export interface NewUser {
  readonly name: string;
  readonly role: Role;
  /** Absent: for API tokens only. */
  readonly password?: string | undefined;
}

export interface TokenWish {
  readonly name: string;
  /** Another one than the one who asks: only an admin may. */
  readonly user?: string | undefined;
  readonly days?: number | undefined;
  /** Less than the user may. */
  readonly role?: Role | undefined;
}

/** What a change of an account tells: whose it was. */
interface Named {
  readonly name: string;
}

/**
 * Who may in, as operators see and change it. Everyone sees and ends what is their own; an admin does it for all. With
 * an API token none of it can be changed: one that leaks would outlive its end in what it made. Throws Failure.
 */
export interface AccountOperations {
  users(): Promise<readonly UserView[]>;
  /** Who asks. */
  account(): Promise<AccountView>;
  addUser(user: NewUser): Promise<Named>;
  setUserRole(name: string, role: Role): Promise<Named>;
  /** `current`: their own, from those who change it for themselves. Ends the sessions of the user, the asking one too. */
  setPassword(name: string, password: string, current?: string): Promise<Named>;
  removeUser(name: string): Promise<Named>;
  apiTokens(): Promise<readonly ApiTokenView[]>;
  createApiToken(wish: TokenWish): Promise<NewApiToken>;
  revokeApiToken(id: string): Promise<Named & { readonly user: string }>;
  sessions(): Promise<readonly SessionView[]>;
  endSession(id: string): Promise<{ readonly user?: string | undefined }>;
}

export function createAccountOperations({ accounts: { users, sessions }, now }: Deps): AccountOperations {
  return {
    users: async () =>
      await Promise.resolve(
        users.all().map((user) => ({
          ...{ name: user.name, role: user.role, added: user.added },
          password: user.password !== undefined,
          tokens: user.tokens.filter(({ ends }) => now() < ends).length,
          sessions: sessions.list().filter((one) => one.user === user.name).length,
        })),
      ),

    async account() {
      const actor = currentActor();
      const { who, role, by, user } = actor;
      const own = user === undefined ? undefined : users.find(user);
      return await Promise.resolve({
        ...{ who, role, by, user },
        tokens: own === undefined ? [] : tokensOf(own),
        sessions: sessionsSeenBy(actor).filter((one) => one.user === user),
      });
    },

    async addUser({ name, role, password }) {
      withoutToken();
      await users.add(name, role, password);
      return { name };
    },

    async setUserRole(name, role) {
      withoutToken();
      await users.setRole(name, role);
      return { name };
    },

    async setPassword(name, password, current) {
      const actor = withoutToken();
      if (actor.user !== name) requireRole('admin');
      else if ((await users.check(name, current ?? '')) === undefined) {
        throw new Failure('refused', 'this is not your password', { remedy: 'an admin can set a new one without it' });
      }
      await users.setPassword(name, password);
      return { name };
    },

    async removeUser(name) {
      withoutToken();
      await users.remove(name);
      return { name };
    },

    async apiTokens() {
      const actor = currentActor();
      const seen = users.all().filter((user) => isOwn(actor, user.name) || actor.role === 'admin');
      return await Promise.resolve(seen.flatMap(tokensOf));
    },

    async createApiToken({ user, ...wish }) {
      const actor = withoutToken();
      const owner = user ?? actor.user;
      if (owner === undefined) {
        throw new Failure('invalid', 'the admin token has no tokens of its own', {
          remedy: 'name the user that gets it',
        });
      }
      if (!isOwn(actor, owner)) requireRole('admin');
      return { ...(await users.addToken(owner, wish)), user: owner };
    },

    async revokeApiToken(id) {
      const actor = withoutToken();
      const owner = users.all().find(({ tokens }) => tokens.some((one) => one.id === id));
      // Of another user's token one who may not revoke it is not told that it exists.
      if (owner !== undefined && actor.role !== 'admin' && !isOwn(actor, owner.name)) throw noSuch('API token');
      return await users.revokeToken(id);
    },

    async sessions() {
      return await Promise.resolve(sessionsSeenBy(currentActor()));
    },

    async endSession(id) {
      const actor = withoutToken();
      const found = sessionsSeenBy(actor).find((one) => one.id === id);
      if (found === undefined) throw noSuch('session');
      await sessions.end(found);
      return { user: found.user };
    },
  };

  function sessionsSeenBy(actor: Actor): readonly SessionView[] {
    return sessions
      .list()
      .filter((one) => actor.role === 'admin' || isOwn(actor, one.user))
      .map((one) => shown(one, actor));
  }

  function shown({ id, user, born, seen, expires, from, agent }: OpenSession, actor: Actor): SessionView {
    return { ...{ id, user, born, seen, expires, from, agent }, own: id === actor.session };
  }

  function tokensOf({ name: user, role, tokens }: User): readonly ApiTokenView[] {
    return tokens.map((token) => ({
      ...{ id: token.id, user, name: token.name, made: token.made, ends: token.ends },
      role: lesser(role, token.role ?? role),
      ended: token.ends <= now(),
    }));
  }
}

function isOwn({ user }: Actor, owner: string | undefined): boolean {
  return user !== undefined && user === owner;
}

/** Throws Failure `refused` for one who came by an API token. */
function withoutToken(): Actor {
  const actor = currentActor();
  if (actor.by !== 'API token') return actor;
  throw new Failure('refused', 'an API token changes no users, tokens and sessions', {
    remedy: 'log in, or show the admin token',
  });
}

function noSuch(what: string): Failure {
  return new Failure('not-found', `there is no such ${what}`, { remedy: 'it may have ended: look at the list again' });
}
