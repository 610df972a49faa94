import { LeasesView } from '../../model/machine-views.ts';
import { Type as t } from '@sinclair/typebox';
import { ROLE_HELP, ROLES } from '../../model/operator.ts';
import { DEFAULT_LIMIT } from '../../model/views.ts';
import {
  AccountView,
  ActivityFilter,
  ActivityPage,
  ApiTokenView,
  NewApiToken,
  SessionView,
  UserView,
} from '../../model/operator-views.ts';
import { list, oneOf, ref, text, whole } from '../../model/schema.ts';
import { TOKEN_DAYS } from '../auth/users.ts';
import { type ApiRoute, route } from './route.ts';

const name = (about: string) => text(about, { minLength: 1, maxLength: 64 });
const role = oneOf(ROLES, ROLES.map((one) => `${one}: ${ROLE_HELP[one]}`).join('; '));
const password = (about: string) => text(about, { maxLength: 1024 });
const Named = t.Object({ name: text("the user's name") });

/** Users, their API tokens and sessions (what accounts.ts does), what operators changed, and DHCP leases. */
export const ACCOUNT_ROUTES: readonly ApiRoute[] = [
  route('GET /account', 'getAccount', 'who asks: role, own API tokens, own sessions', {
    does: 'account',
    answer: ref('Account', AccountView),
    about: 'the account',
    give: ({ service }) => service.accounts.account(),
  }),
  route('GET /users', 'listUsers', 'the users, with their roles', {
    does: 'users',
    answer: t.Object({ users: list(ref('User', UserView)) }),
    about: 'the users',
    give: async ({ service }) => ({ users: await service.accounts.users() }),
  }),
  route('POST /users', 'addUser', 'add a user with a role', {
    does: 'addUser',
    body: {
      name: name('lower-case letters, digits, dot, hyphen and underscore, a letter first, at most 32'),
      role,
      password: t.Optional(password('at least 10 characters; absent: it gets in by API tokens only')),
    },
    answer: Named,
    about: 'the user that was added',
    give: ({ service, body }) => service.accounts.addUser(body),
  }),
  route('POST /users/{user}/role', 'setUserRole', 'give a user another role, from the next request on', {
    does: 'setUserRole',
    body: { role },
    answer: Named,
    about: 'the user',
    give: ({ service, param, body }) => service.accounts.setUserRole(param('user'), body.role),
  }),
  route(
    'POST /users/{user}/password',
    'setPassword',
    "set a password; ends the user's sessions. For one's own, the current one must be shown; for others' it takes an admin",
    {
      does: 'setPassword',
      body: { password: password('the new one'), current: t.Optional(password('their own, of who changes it')) },
      answer: Named,
      about: 'the user',
      give: ({ service, param, body }) => service.accounts.setPassword(param('user'), body.password, body.current),
    },
  ),
  route('POST /users/{user}/remove', 'removeUser', 'remove a user, with its sessions and API tokens', {
    does: 'removeUser',
    answer: Named,
    about: 'the user that is gone',
    give: ({ service, param }) => service.accounts.removeUser(param('user')),
  }),
  route('GET /tokens', 'listApiTokens', "one's own API tokens; an admin sees all", {
    does: 'apiTokens',
    answer: t.Object({ tokens: list(ref('ApiToken', ApiTokenView)) }),
    about: 'the tokens, without what they are',
    give: async ({ service }) => ({ tokens: await service.accounts.apiTokens() }),
  }),
  route('POST /tokens', 'createApiToken', 'make an API token: it is shown this once, and kept as a digest', {
    does: 'createApiToken',
    body: {
      name: name('what it is for'),
      user: t.Optional(name("whose it is; absent: one's own. For others' it takes an admin")),
      days: t.Optional(
        whole(`how long it lasts; ${TOKEN_DAYS.usual} when absent`, { minimum: 1, maximum: TOKEN_DAYS.most }),
      ),
      role: t.Optional(oneOf(ROLES, 'less than the user may; absent: the same')),
    },
    answer: NewApiToken,
    about: 'the token',
    give: ({ service, body }) => service.accounts.createApiToken(body),
  }),
  route('POST /tokens/{id}/revoke', 'revokeApiToken', "revoke an API token of one's own, or, as an admin, any", {
    does: 'revokeApiToken',
    answer: t.Object({ user: text('whose it was'), name: text('what it was for') }),
    about: 'what was revoked',
    give: ({ service, param }) => service.accounts.revokeApiToken(param('id')),
  }),
  route('GET /sessions', 'listSessions', "one's own sessions; an admin sees all", {
    does: 'sessions',
    answer: t.Object({ sessions: list(ref('Session', SessionView)) }),
    about: 'the sessions, the last seen first',
    give: async ({ service }) => ({ sessions: await service.accounts.sessions() }),
  }),
  route('POST /sessions/{id}/end', 'endSession', "log a session of one's own out, or, as an admin, any", {
    does: 'endSession',
    answer: t.Object({ user: t.Optional(text('whose it was; absent: of the admin token')) }),
    about: 'what was ended',
    give: ({ service, param }) => service.accounts.endSession(param('id')),
  }),
  route('GET /leases', 'listLeases', 'the addresses that the DHCP server gave out, by address', {
    does: 'leases',
    answer: LeasesView,
    about: 'the leases',
    give: ({ service }) => service.leases(),
  }),
  route('GET /activity', 'listActivity', 'what operators changed: who, from where, what; newest first', {
    does: 'activities',
    query: ActivityFilter.properties,
    answer: ActivityPage,
    about: 'a page of it',
    give: ({ service, query }) => service.activities({ limit: DEFAULT_LIMIT, ...query }),
  }),
];
