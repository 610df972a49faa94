import { Type as t } from '@sinclair/typebox';
import { ROLES } from './operator.ts';
import { list, moment, oneOf, ref, text, type View, whole } from './schema.ts';

// What operators are shown of themselves: as in views.ts, the types, the API's checks and its document come from here.

const role = (about?: string) => oneOf(ROLES, about);

/** An API token, without the token. */
export const ApiTokenView = t.Object({
  id: text('names it when it is revoked'),
  user: text(),
  name: text('what it is for'),
  role: role('what it may: as much as its user, or less'),
  made: moment('when it was made'),
  ends: moment('when it ends by itself'),
  ended: t.Boolean({ description: 'it has ended already' }),
});
export type ApiTokenView = View<typeof ApiTokenView>;

export const SessionView = t.Object({
  id: text('names it when it is ended'),
  user: t.Optional(text('absent: of the admin token, or of a login link')),
  born: moment('when it logged in'),
  seen: moment('its last request'),
  expires: moment('when it ends by itself if no request comes'),
  from: t.Optional(text('the address of its last request')),
  agent: t.Optional(text('what its browser calls itself')),
  own: t.Boolean({ description: 'it is the one that asks' }),
});
export type SessionView = View<typeof SessionView>;

export const UserView = t.Object({
  name: text(),
  role: role(),
  added: moment('when it was added'),
  password: t.Boolean({ description: 'false: it has API tokens only' }),
  tokens: whole('how many API tokens it has'),
  sessions: whole('how many sessions of it are open'),
});
export type UserView = View<typeof UserView>;

/** Who asks. */
export const AccountView = t.Object({
  who: text('for people: `anna`, `anna (token ci)`, `admin token`'),
  role: role(),
  by: oneOf(['admin token', 'API token', 'session'], 'how it was let in'),
  user: t.Optional(text('absent for the admin token, its sessions included')),
  tokens: list(ref('ApiToken', ApiTokenView), 'its own'),
  sessions: list(ref('Session', SessionView), 'its own'),
});
export type AccountView = View<typeof AccountView>;

export const NewApiToken = t.Object({
  token: text('the token itself: it is shown this once'),
  id: text(),
  user: text('whose it is'),
  ends: moment('when it ends by itself'),
});
export type NewApiToken = View<typeof NewApiToken>;

export const ActivityView = t.Object({
  id: whole('grows with time'),
  at: moment('when'),
  who: text('`anna`, `anna (token ci)`, `admin token`, `root on this host`'),
  from: t.Optional(text('the address; absent for a command beside the server')),
  action: text('`adopt`, `save profile`, `change role`'),
  target: t.Optional(text("a machine's key, a file, a user")),
  text: text('one line for people'),
  diff: t.Optional(
    list(
      t.Object({ file: text(), lines: list(t.Object({ sign: oneOf([' ', '+', '-']), text: text() })) }),
      'the lines around each change, without secrets',
    ),
  ),
});
export type ActivityView = View<typeof ActivityView>;

export const ActivityPage = t.Object({
  activities: list(ref('Activity', ActivityView), 'newest first'),
  next: t.Optional(whole('give it back as `after` for the next page; absent on the last one')),
  noJournal: t.Optional(text('why nothing is written down, and what to do')),
});
export type ActivityPage = View<typeof ActivityPage>;

export const ActivityFilter = t.Object({
  who: t.Optional(text('a user, with its API tokens', { maxLength: 128 })),
  action: t.Optional(text(undefined, { maxLength: 64 })),
  text: t.Optional(text('part of who, where, what', { maxLength: 128 })),
  since: t.Optional(moment('nothing from before')),
  after: t.Optional(whole('`next` of the page before', { minimum: 0 })),
  limit: t.Optional(whole('how many; 100 when absent', { minimum: 1, maximum: 500 })),
});

/** Components of the OpenAPI document. */
export const OPERATOR_COMPONENTS = {
  ApiToken: ApiTokenView,
  Session: SessionView,
  User: UserView,
  Activity: ActivityView,
  Account: AccountView,
};
