import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { hashPassword } from '../../../src/admin/auth/password.ts';
import { openUsers, type Users } from '../../../src/admin/auth/users.ts';
import { openDataRoot } from '../../../src/files/data-root.ts';
import { type FolderFiles, makeFolder } from '../../support/folder.ts';
import { recordLog } from '../../support/http-server.ts';

const FILE = 'state/users.json';
const DAY = 86_400_000;
const PASSWORD = 'four plain words here';

async function setup(files: FolderFiles = {}, dir = makeFolder(files)) {
  const log = recordLog();
  const clock = { now: Date.UTC(2026, 0, 1) };
  const users = await openUsers({ files: await openDataRoot(dir), log, now: () => clock.now, every: 5 });
  return { dir, log, clock, users, text: () => readFileSync(join(dir, FILE), 'utf8') };
}

/** Resolves when the server's own look at the file has changed something. */
async function looked(users: Users, is: () => boolean): Promise<void> {
  await users.start();
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 5));
  await users.stop(new AbortController().signal);
}

let hash: string;
beforeAll(async () => {
  hash = await hashPassword(PASSWORD);
});
const user = (more: object = {}) => ({
  name: 'anna',
  role: 'admin',
  password: hash,
  added: 1,
  sessionsFrom: 1,
  tokens: [],
  ...more,
});

test('a user is added, found by the right password alone, and there after a restart; the file is for its owner', async () => {
  const { dir, users, text } = await setup();
  expect(users.all()).toEqual([]);
  await users.add('anna', 'operator', PASSWORD);
  expect(statSync(join(dir, FILE)).mode & 0o777).toBe(0o600);
  expect(text()).not.toContain(PASSWORD);
  for (const all of [users, (await setup({}, dir)).users]) {
    expect((await all.check('anna', PASSWORD))?.role).toBe('operator');
    expect(await all.check('anna', `${PASSWORD} `)).toBeUndefined();
    expect(await all.check('Anna', PASSWORD)).toBeUndefined();
    expect(await all.check('bert', PASSWORD)).toBeUndefined();
  }
});

test('letters count the same however a keyboard composes them', async () => {
  const { users } = await setup();
  await users.add('anna', 'viewer', 'zw\u00f6lf W\u00f6rter');
  expect(await users.check('anna', 'zwo\u0308lf Wo\u0308rter')).toBeDefined();
});

test('role, password and removal: another password ends the sessions from before', async () => {
  const { users, clock } = await setup();
  await users.add('anna', 'viewer', PASSWORD);
  await users.setRole('anna', 'admin');
  clock.now += 1000;
  await users.setPassword('anna', 'another long one');
  expect(users.find('anna')).toMatchObject({ role: 'admin', added: clock.now - 1000, sessionsFrom: clock.now });
  expect(await users.check('anna', PASSWORD)).toBeUndefined();
  expect(await users.check('anna', 'another long one')).toBeDefined();
  await users.remove('anna');
  expect(users.find('anna')).toBeUndefined();
});

test('a user without a password gets in by no password, and by its tokens', async () => {
  const { users } = await setup();
  await users.add('ci', 'viewer', undefined);
  expect(await users.check('ci', '')).toBeUndefined();
  const { token } = await users.addToken('ci', { name: 'prometheus' });
  expect(users.ofToken(token)?.user.name).toBe('ci');
});

test('API tokens: kept as a digest, until their end, revoked one by one', async () => {
  const { users, clock, text, dir } = await setup();
  await users.add('anna', 'operator', undefined);
  const one = await users.addToken('anna', { name: 'ci', days: 2, role: 'viewer' });
  const two = await users.addToken('anna', { name: 'laptop' });
  expect(one.token).toMatch(/^plt_[\w-]{43}$/);
  expect(text()).not.toContain(one.token.slice(4));
  expect(users.ofToken(one.token)).toMatchObject({ user: { name: 'anna' }, token: { name: 'ci', role: 'viewer' } });
  for (const wrong of [`${one.token}x`, one.token.slice(0, -1), one.token.slice(4), 'plt_', '']) {
    expect(users.ofToken(wrong)).toBeUndefined();
  }
  clock.now += 2 * DAY;
  expect(users.ofToken(one.token)).toBeUndefined();
  expect(users.ofToken(two.token)?.token.ends).toBe(two.ends);
  expect(await users.revokeToken(two.id)).toEqual({ user: 'anna', name: 'laptop' });
  expect(users.ofToken(two.token)).toBeUndefined();
  expect((await setup({}, dir)).users.ofToken(two.token)).toBeUndefined();
});

test('tokens go with their user', async () => {
  const { users } = await setup();
  await users.add('anna', 'admin', undefined);
  const { token } = await users.addToken('anna', { name: 'ci' });
  await users.remove('anna');
  expect(users.ofToken(token)).toBeUndefined();
});

test.each([
  ['a name', (users: Users) => users.add('Anna', 'viewer', PASSWORD), 'cannot be the name of a user'],
  ['a name with a slash', (users: Users) => users.add('a/../b', 'viewer', PASSWORD), 'cannot be the name of a user'],
  ['no name', (users: Users) => users.add('', 'viewer', PASSWORD), 'cannot be the name of a user'],
  ['a short password', (users: Users) => users.add('bert', 'viewer', 'short'), 'the password is too short'],
  ['a long password', (users: Users) => users.add('bert', 'viewer', 'x'.repeat(257)), 'the password is too long'],
  ['the same again', (users: Users) => users.add('anna', 'viewer', PASSWORD), 'there is a user anna already'],
  ['the role of none', (users: Users) => users.setRole('ana', 'viewer'), 'there is no user "ana"'],
  ['the password of none', (users: Users) => users.setPassword('ana', PASSWORD), 'there is no user "ana"'],
  ['the removal of none', (users: Users) => users.remove('ana'), 'there is no user "ana"'],
  ['a token of none', (users: Users) => users.addToken('ana', { name: 'ci' }), 'there is no user "ana"'],
  [
    'a token for ever',
    (users: Users) => users.addToken('anna', { name: 'ci', days: 367 }),
    'a token lasts 1 to 366 days',
  ],
  ['a token with markup', (users: Users) => users.addToken('anna', { name: '<b>' }), 'cannot be the name of a token'],
  [
    'a token for more',
    (users: Users) => users.addToken('anna', { name: 'ci', role: 'admin' }),
    'a token cannot be more',
  ],
  ['a token twice', (users: Users) => users.addToken('anna', { name: 'there' }), 'has a token "there" already'],
  ['a token that is not', (users: Users) => users.revokeToken('nonsense'), 'there is no API token nonsense'],
])('%s is refused, and nothing is written', async (_what, act, message) => {
  const there = { id: 'abcdefgh', name: 'there', sha256: 'x'.repeat(43), made: 1, ends: 4e12 };
  const { users, text } = await setup({ [FILE]: { users: [user({ role: 'operator', tokens: [there] })] } });
  const before = text();
  await expect(act(users)).rejects.toThrow(message);
  expect(text()).toBe(before);
});

const token = { id: 'abcdefgh', name: 'ci', sha256: 'x'.repeat(43), made: 1, ends: 2 };
test.each([
  '',
  'null',
  '[]',
  '{"users":{}}',
  '{"users":[null]}',
  JSON.stringify({ users: [user()] }).slice(0, -3),
  ...[
    { name: 'Anna' },
    { role: 'root' },
    { role: undefined },
    { password: PASSWORD },
    { password: 'scrypt:30:8:1:AAAAAAAAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
    { sessionsFrom: undefined },
    { sessionsFrom: '1' },
    { tokens: undefined },
    { tokens: [{ ...token, ends: '9' }] },
    { tokens: [{ ...token, sha256: '' }] },
    { tokens: [{ ...token, role: 'root' }] },
  ].map((more) => JSON.stringify({ users: [{ ...user(), name: 'zoe' }, user(more)] })),
  JSON.stringify({ users: [user(), user({ role: 'viewer' })] }),
])('a damaged file lets in none of its users, is said loudly and is not written over: %s', async (text) => {
  const { users, log, text: now } = await setup({ [FILE]: text });
  expect(users.all()).toEqual([]);
  expect(log.of('error')).toMatchObject([
    {
      message: 'the users are not known: only the admin token lets anyone in',
      fields: { problem: expect.stringContaining(FILE) as string },
    },
  ]);
  expect(users.diagnostics()).toMatchObject([{ severity: 'error', place: { file: FILE } }]);
  await expect(users.add('bert', 'admin', undefined)).rejects.toMatchObject({ code: 'broken' });
  expect(now()).toBe(text);
});

test('a file that others may write is not believed; one that others may read is a warning', async () => {
  const dir = makeFolder({ [FILE]: { users: [user()] } });
  chmodSync(join(dir, FILE), 0o666);
  const open = await setup({}, dir);
  expect(open.users.all()).toEqual([]);
  expect(open.users.diagnostics()).toMatchObject([{ remedy: expect.stringContaining('chmod 600') as string }]);
  chmodSync(join(dir, FILE), 0o644);
  const readable = await setup({}, dir);
  expect(readable.users.all()).toHaveLength(1);
  expect(readable.log.of('warn')).toMatchObject([{ fields: { remedy: 'chmod 600 state/users.json' } }]);
});

test('what another process writes is seen; damage puts everyone out, and mending brings them back', async () => {
  const { dir, users, log } = await setup({ [FILE]: { users: [user()] } });
  chmodSync(join(dir, FILE), 0o600);
  expect(users.all()).toHaveLength(1);
  writeFileSync(join(dir, FILE), '{');
  await looked(users, () => users.all().length === 0);
  expect(log.of('error')).toHaveLength(1);
  writeFileSync(join(dir, FILE), JSON.stringify({ users: [user(), user({ name: 'bert' })] }));
  await looked(users, () => users.all().length === 2);
  expect(users.diagnostics()).toEqual([]);
});

test('two processes that add users at once lose none', async () => {
  const { dir, users } = await setup();
  const other = (await setup({}, dir)).users;
  await Promise.all(
    ['a', 'b', 'c', 'd'].map((name, i) => (i % 2 === 0 ? users : other).add(name, 'viewer', undefined)),
  );
  expect((await setup({}, dir)).users.all().map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
});

test('a look that read the file before a change does not bring back what the change took away', async () => {
  const { dir, users: first, log } = await setup();
  await first.add('anna', 'admin', undefined);
  const files = await openDataRoot(dir);
  let hold: Promise<void> | undefined;
  let held = false;
  const slow = new Proxy(files, {
    get(target, name) {
      if (name !== 'read') return Reflect.get(target, name, target) as unknown;
      return async (...args: Parameters<typeof files.read>) => {
        const file = await files.read(...args);
        const wait = hold;
        hold = undefined;
        if (wait !== undefined) held = true;
        await wait;
        return file;
      };
    },
  });
  const users = await openUsers({ files: slow, log, every: 5 });
  // Another process changes the file, so that there is something to read.
  await first.add('bert', 'viewer', undefined);
  let go: () => void = () => undefined;
  hold = new Promise((resolve) => (go = resolve));
  await users.start();
  await vi.waitUntil(() => held);
  await users.remove('anna');
  go();
  await users.stop(new AbortController().signal);
  expect(users.find('anna')).toBeUndefined();
  expect(users.find('bert')).toBeDefined();
});
