import type { AccountOperations } from '../../admin/service/accounts.ts';
import { Failure } from '../../model/failure.ts';
import { type Role, ROLE_HELP, ROLES } from '../../model/operator.ts';
import { plural } from '../../model/text.ts';
import { withAdminClient } from '../admin-call.ts';
import { type CliContext, type Command, type ExitCode, type Invocation, JSON_OPTION } from '../command.ts';
import { timeText } from '../machine-text.ts';
import { plain, tableText } from '../text.ts';

export const userCommand: Command = {
  name: 'user',
  words: '<ACTION> [NAME] [FOR]',
  summary: 'who may operate this server: users, their API tokens and sessions',
  details:
    'list: the users. add NAME --role ROLE: a new one. role NAME --role ROLE, passwd NAME, remove NAME: change it.\n' +
    'token NAME FOR: an API token of the user, for a program; it is printed this once. tokens: all of them. revoke ID:\n' +
    'take one back. sessions: who is logged in with a browser. logout ID: end one.\n\n' +
    'A password is asked for on the terminal, or is the first line of standard input.\n\n' +
    `roles:\n${ROLES.map((role) => `  ${role.padEnd(9)} ${ROLE_HELP[role]}`).join('\n')}\n\n` +
    'examples:\n' +
    '  pilotlight user add anna --role admin\n' +
    '  pilotlight user token anna prometheus --role viewer --days 365\n' +
    '  pilotlight user remove anna',
  options: {
    '--role <ROLE>': `add, role: ${ROLES.join(', ')}; token: less than the user may`,
    '--tokens-only': 'add: the user gets in by API tokens only',
    '--days <DAYS>': 'token: how long it lasts, 1 to 366 (default: 90)',
    ...JSON_OPTION,
  },
  async run(invocation, context) {
    const [word = '', ...words] = invocation.words;
    const action = Object.hasOwn(ACTIONS, word) ? ACTIONS[word] : undefined;
    if (action === undefined) {
      throw new Failure('invalid', `there is no \`user ${plain(word)}\``, { remedy: Object.keys(ACTIONS).join(', ') });
    }
    const wanted = action.words.length;
    if (words.length !== wanted) {
      throw new Failure('invalid', `\`user ${word}\` takes ${wanted === 0 ? 'no more words' : action.words.join(' ')}`);
    }
    return await withAdminClient(invocation.settings, async (client) => {
      const accounts = await client.accounts();
      return await action.run({ ...invocation, accounts, context, words: words as [string, string] });
    });
  },
};

interface Call extends Invocation {
  readonly accounts: AccountOperations;
  readonly context: CliContext;
  readonly words: readonly [string, string];
}

interface Action {
  /** What follows the word. */
  readonly words: readonly string[];
  readonly run: (call: Call) => Promise<ExitCode>;
}

const ACTIONS: Readonly<Record<string, Action>> = {
  list: { words: [], run: list },
  add: {
    words: ['NAME'],
    async run(call) {
      const { accounts, words, has, print } = call;
      const [name] = words;
      const role = roleOf(call);
      if (role === undefined) throw new Failure('invalid', '`user add` needs --role', { remedy: ROLES.join(', ') });
      const password = has('tokens-only') ? undefined : await passwordOf(call, name);
      const done = await accounts.addUser({ name, role, password });
      return print(done, `${name} is added as ${role}\n`);
    },
  },
  role: {
    words: ['NAME'],
    async run(call) {
      const role = roleOf(call);
      if (role === undefined) throw new Failure('invalid', '`user role` needs --role', { remedy: ROLES.join(', ') });
      const { accounts, words, print } = call;
      return print(await accounts.setUserRole(words[0], role), `${words[0]} is ${role} from the next request on\n`);
    },
  },
  passwd: {
    words: ['NAME'],
    async run(call) {
      const { accounts, words, print } = call;
      const done = await accounts.setPassword(words[0], await passwordOf(call, words[0]));
      return print(done, `the password of ${words[0]} is changed, and its sessions have ended\n`);
    },
  },
  remove: {
    words: ['NAME'],
    async run({ accounts, words, print }) {
      const done = await accounts.removeUser(words[0]);
      return print(done, `${words[0]} is removed, with its sessions and API tokens\n`);
    },
  },
  token: {
    words: ['NAME', 'FOR'],
    async run(call) {
      const { accounts, words, print } = call;
      const [user, name] = words;
      const made = await accounts.createApiToken({ user, name, days: daysOf(call), role: roleOf(call) });
      return print(made, `${made.token}\n`);
    },
  },
  tokens: { words: [], run: tokens },
  revoke: {
    words: ['ID'],
    async run({ accounts, words, print }) {
      const done = await accounts.revokeApiToken(words[0]);
      return print(done, `the token "${plain(done.name)}" of ${done.user} is revoked\n`);
    },
  },
  sessions: { words: [], run: sessions },
  logout: {
    words: ['ID'],
    async run({ accounts, words, print }) {
      const done = await accounts.endSession(words[0]);
      return print(done, `the session of ${done.user ?? 'the admin token'} has ended\n`);
    },
  },
};

async function list({ accounts, print }: Call): Promise<ExitCode> {
  const users = await accounts.users();
  const rows = users.map((user) => [
    user.name,
    user.role,
    user.password ? 'password' : 'API tokens only',
    plural(user.tokens, 'token'),
    plural(user.sessions, 'session'),
    timeText(user.added),
  ]);
  const none = 'there are no users: the admin token lets in (`pilotlight user add NAME --role admin` adds one)\n';
  const text = tableText([['NAME', 'ROLE', 'LOGS IN WITH', 'API TOKENS', 'SESSIONS', 'ADDED'], ...rows]);
  return print({ users }, users.length === 0 ? none : text);
}

async function tokens({ accounts, print }: Call): Promise<ExitCode> {
  const all = await accounts.apiTokens();
  const rows = all.map(({ id, user, name, role, ends, ended }) => [
    id,
    user,
    plain(name),
    role,
    `${ended ? 'ended' : 'until'} ${timeText(ends)}`,
  ]);
  const text = tableText([['ID', 'USER', 'FOR', 'ROLE', 'LASTS'], ...rows]);
  return print({ tokens: all }, all.length === 0 ? 'there are no API tokens\n' : text);
}

async function sessions({ accounts, print }: Call): Promise<ExitCode> {
  const all = await accounts.sessions();
  const rows = all.map(({ id, user, from, agent, seen }) => [
    id,
    user ?? 'admin token',
    plain(from ?? ''),
    timeText(seen),
    plain(agent ?? '').slice(0, 60),
  ]);
  const text = tableText([['ID', 'USER', 'FROM', 'LAST SEEN', 'BROWSER'], ...rows]);
  return print({ sessions: all }, all.length === 0 ? 'no session is open\n' : text);
}

function roleOf({ text }: Invocation): Role | undefined {
  const given = text('role');
  const found = ROLES.find((role) => role === given);
  if (given === undefined || found !== undefined) return found;
  throw new Failure('invalid', `--role must be one of ${ROLES.join(', ')}`);
}

function daysOf({ text }: Invocation): number | undefined {
  const given = text('days');
  if (given === undefined) return undefined;
  if (/^\d{1,3}$/.test(given)) return Number(given);
  throw new Failure('invalid', '--days must be a number from 1 to 366');
}

async function passwordOf({ context }: Call, name: string): Promise<string> {
  if (context.secret !== undefined) return await context.secret(`Password of ${plain(name)}`);
  throw new Failure('unavailable', 'there is no standard input to read the password from');
}
