import type { Request, Response } from 'express';
import { Failure } from '../../model/failure.ts';
import { type Role, ROLE_HELP, ROLES } from '../../model/operator.ts';
import type { ApiTokenView, NewApiToken, SessionView, UserView } from '../../model/operator-views.ts';
import { TOKEN_DAYS } from '../auth/users.ts';
import { currentActor } from '../service/actor.ts';
import { demand } from '../service/operations.ts';
import { fieldText, longField, pathText, requiredField } from './form-fields.ts';
import { type Done, moment } from './format.ts';
import { type FormFailure, formFailure, type Page, type PageDeps, type PageShow } from './page.ts';

const PATH = '/dashboard/users';

/** For admins: users, their API tokens and sessions. */
export function mountUsersPage(show: PageShow, { adminService: { accounts } }: PageDeps): void {
  async function page(req: Request, res: Response, more: Pick<UsersInput, 'failed' | 'fresh' | 'typed'> = {}) {
    const [users, tokens, sessions] = await Promise.all([accounts.users(), accounts.apiTokens(), accounts.sessions()]);
    const input = { users, tokens, sessions, you: currentActor().user, now: Date.now(), ...more };
    await show.page(req, res, usersPage(input), more.failed?.status);
  }

  /** A form of this page: does it, and shows the page again, with why it failed if it did. */
  function form(path: string, act: (req: Request) => Promise<Done | NewApiToken>): void {
    show.route('Users', `${PATH}${path}`, {
      async post(req, res) {
        // Some of it all may do for themselves; who may not see this page does none of it here.
        demand('users');
        let done: Done | NewApiToken;
        try {
          done = await act(req);
        } catch (error) {
          // What was typed comes back, but for the password.
          const typed = { name: fieldText(req, 'name'), user: fieldText(req, 'user'), role: fieldText(req, 'role') };
          await page(req, res, { failed: formFailure(error), typed: { form: path, ...typed } });
          return;
        }
        if (typeof done === 'string') show.done(req, res, PATH, done);
        // Not by another address: the token is shown this once.
        else await page(req, res, { fresh: done });
      },
    });
  }

  show.route('Users', PATH, { get: async (req, res) => page(req, res) });
  form(ADD, async (req) => {
    const password = longField(req, 'password');
    const user = { name: requiredField(req, 'name'), role: roleIn(requiredField(req, 'role')) };
    await accounts.addUser({ ...user, password: password === '' ? undefined : password });
    return 'user-added';
  });
  form('/:user/role', async (req) => {
    await accounts.setUserRole(pathText(req, 'user'), roleIn(requiredField(req, 'role')));
    return 'role-changed';
  });
  form('/:user/remove', async (req) => {
    await accounts.removeUser(pathText(req, 'user'));
    return 'user-removed';
  });
  form(MAKE, async (req) => {
    const [days, role] = [fieldText(req, 'days'), fieldText(req, 'role')];
    return await accounts.createApiToken({
      ...{ user: requiredField(req, 'user'), name: requiredField(req, 'name') },
      days: days === undefined ? undefined : Number(days),
      role: role === undefined ? undefined : roleIn(role),
    });
  });
  form('/tokens/:id/revoke', async (req) => {
    await accounts.revokeApiToken(pathText(req, 'id'));
    return 'token-revoked';
  });
  form('/sessions/:id/end', async (req) => {
    await accounts.endSession(pathText(req, 'id'));
    return 'session-ended';
  });
}

const ADD = '/add';
const MAKE = '/tokens';

function roleIn(text: string): Role {
  const role = ROLES.find((one) => one === text);
  if (role !== undefined) return role;
  throw new Failure('invalid', 'there is no such role', { remedy: `take ${ROLES.join(', ')}` });
}

interface UsersInput {
  readonly users: readonly UserView[];
  readonly tokens: readonly ApiTokenView[];
  readonly sessions: readonly SessionView[];
  /** The user who looks; undefined for the admin token. */
  readonly you: string | undefined;
  readonly now: number;
  /** A token that was made right now. */
  readonly fresh?: NewApiToken;
  /** Why the last form did not do what it should, and what was typed in it. */
  readonly failed?: FormFailure;
  readonly typed?: { readonly form: string } & Readonly<Record<'name' | 'role' | 'user', string | undefined>>;
}

export function usersPage({ users, tokens, sessions, you, now, fresh, failed, typed }: UsersInput): Page {
  const added = typed?.form === ADD ? typed : undefined;
  const made = typed?.form === MAKE ? typed : undefined;
  return {
    view: 'users',
    section: 'Users',
    // Forms are all over it.
    live: [],
    data: {
      failed,
      fresh: fresh && { token: fresh.token, user: fresh.user, ends: moment(fresh.ends, now) },
      users: users.map((user) => userRow(user, you, now)),
      add: { action: `${PATH}${ADD}`, name: added?.name ?? '', roles: roleChoices(added?.role ?? 'viewer') },
      tokens: tokens.map((token) => ({
        ...{ id: token.id, user: token.user, name: token.name, role: token.role, ended: token.ended },
        ...{ made: moment(token.made, now), ends: moment(token.ends, now) },
        revoke: `${PATH}/tokens/${encodeURIComponent(token.id)}/revoke`,
      })),
      make: {
        action: `${PATH}${MAKE}`,
        name: made?.name ?? '',
        users: users.map(({ name }) => ({ name, selected: name === (made?.user ?? you) })),
        roles: roleChoices(made?.role),
        days: TOKEN_DAYS,
      },
      sessions: sessions.map((session) => ({
        ...{ id: session.id, user: session.user, from: session.from, agent: session.agent, own: session.own },
        ...{ born: moment(session.born, now), seen: moment(session.seen, now), expires: moment(session.expires, now) },
        end: `${PATH}/sessions/${encodeURIComponent(session.id)}/end`,
      })),
    },
  };
}

function userRow({ name, role, added, password, tokens, sessions }: UserView, you: string | undefined, now: number) {
  const base = `${PATH}/${encodeURIComponent(name)}`;
  return {
    ...{ name, password, tokens, sessions, you: name === you, added: moment(added, now) },
    ...{ roles: roleChoices(role), setRole: `${base}/role`, remove: `${base}/remove` },
  };
}

function roleChoices(chosen: string | undefined): readonly object[] {
  return ROLES.map((name) => ({ name, help: ROLE_HELP[name], selected: name === chosen }));
}
