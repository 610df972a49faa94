import { expect, test } from 'vitest';

import { runAs } from '../../../src/admin/service/actor.ts';
import { guardOperations } from '../../../src/admin/service/operations.ts';
import type { Sessions } from '../../../src/admin/auth/sessions.ts';
import type { Actor, Role } from '../../../src/model/operator.ts';
import { adminSetup } from './setup.ts';

const PASSWORD = 'four plain words here';

async function setup() {
  const { adminService, deps } = await adminSetup({});
  const { users, sessions } = deps.accounts;
  for (const [name, role] of [
    ['anna', 'admin'],
    ['bert', 'operator'],
    ['carl', 'viewer'],
  ] as const)
    await users.add(name, role, undefined);
  const { accounts } = guardOperations(adminService);
  const as = <T>(name: string, work: () => Promise<T>, more: Partial<Actor> = {}): Promise<T> => {
    const role: Role = users.find(name)?.role ?? 'admin';
    return runAs({ role, who: name, by: 'session', user: name, ...more }, work);
  };
  const token = <T>(work: () => Promise<T>): Promise<T> =>
    runAs({ role: 'admin', who: 'admin token', by: 'admin token' }, work);
  return { accounts, users, sessions: sessions as Sessions, as, token };
}

const refused = { code: 'refused' };

test('an admin adds, changes and removes users; the others do not', async () => {
  const { accounts, users, as, token } = await setup();
  await as('anna', () => accounts.addUser({ name: 'dora', role: 'viewer', password: PASSWORD }));
  await token(() => accounts.setUserRole('dora', 'operator'));
  expect(users.find('dora')?.role).toBe('operator');
  for (const name of ['bert', 'carl']) {
    await expect(as(name, () => accounts.users())).rejects.toMatchObject(refused);
    await expect(as(name, () => accounts.addUser({ name: 'evil', role: 'admin' }))).rejects.toMatchObject(refused);
    await expect(as(name, () => accounts.setUserRole(name, 'admin'))).rejects.toMatchObject(refused);
    await expect(as(name, () => accounts.removeUser('anna'))).rejects.toMatchObject(refused);
    await expect(as(name, () => accounts.setPassword('anna', 'a new long one'))).rejects.toMatchObject(refused);
  }
  await as('anna', () => accounts.removeUser('dora'));
  expect((await as('anna', () => accounts.users())).map(({ name }) => name)).toEqual(['anna', 'bert', 'carl']);
});

test('everyone changes their own password, and shows the one before', async () => {
  const { accounts, users, as } = await setup();
  await as('anna', () => accounts.setPassword('carl', PASSWORD));
  await expect(as('carl', () => accounts.setPassword('carl', 'another long one'))).rejects.toMatchObject(refused);
  await expect(as('carl', () => accounts.setPassword('carl', 'another long one', 'wrong'))).rejects.toMatchObject(
    refused,
  );
  await as('carl', () => accounts.setPassword('carl', 'another long one', PASSWORD));
  expect(await users.check('carl', 'another long one')).toBeDefined();
});

test('API tokens: one makes, sees and revokes their own; an admin those of all', async () => {
  const { accounts, users, as, token } = await setup();
  const own = await as('carl', () => accounts.createApiToken({ name: 'laptop' }));
  expect(users.ofToken(own.token)?.user.name).toBe('carl');
  await expect(as('carl', () => accounts.createApiToken({ name: 'x', user: 'anna' }))).rejects.toMatchObject(refused);
  await expect(as('carl', () => accounts.createApiToken({ name: 'x', role: 'admin' }))).rejects.toMatchObject({
    code: 'invalid',
  });
  const annas = await token(() => accounts.createApiToken({ name: 'ci', user: 'anna', role: 'viewer' }));
  await expect(token(() => accounts.createApiToken({ name: 'ci' }))).rejects.toMatchObject({ code: 'invalid' });
  expect((await as('carl', () => accounts.apiTokens())).map(({ name }) => name)).toEqual(['laptop']);
  expect((await as('anna', () => accounts.apiTokens())).map(({ name, role }) => [name, role])).toEqual([
    ['ci', 'viewer'],
    ['laptop', 'viewer'],
  ]);
  // Of another's token one is told as much as of one that there is not.
  const foreign = as('carl', () => accounts.revokeApiToken(annas.id));
  await expect(foreign).rejects.toMatchObject({ code: 'not-found' });
  await as('anna', () => accounts.revokeApiToken(own.id));
  expect([users.ofToken(own.token), users.ofToken(annas.token)?.user.name]).toEqual([undefined, 'anna']);
});

test('sessions: one sees and ends their own; an admin those of all', async () => {
  const { accounts, sessions, as } = await setup();
  const carls = sessions.open('carl');
  const annas = sessions.open('anna');
  sessions.open();
  expect((await as('anna', () => accounts.sessions())).map(({ user }) => user)).toEqual(['carl', 'anna', undefined]);
  const seen = await as('carl', () => accounts.sessions(), { session: carls.id });
  expect(seen).toMatchObject([{ user: 'carl', own: true }]);
  await expect(as('carl', () => accounts.endSession(annas.id))).rejects.toMatchObject({ code: 'not-found' });
  await as('carl', () => accounts.endSession(carls.id));
  await as('anna', () => accounts.endSession(annas.id));
  expect(sessions.list()).toMatchObject([{ born: carls.born }]);
});

test("with an API token, an admin's included, no user, token, session or password is changed", async () => {
  const { accounts, sessions, users, as } = await setup();
  const { id } = sessions.open();
  const { id: token } = await users.addToken('anna', { name: 'ci' });
  const by = { by: 'API token' } as const;
  const tries = [
    () => accounts.addUser({ name: 'evil', role: 'admin' }),
    () => accounts.setUserRole('carl', 'admin'),
    () => accounts.setPassword('anna', 'a new long one'),
    () => accounts.removeUser('carl'),
    () => accounts.createApiToken({ name: 'longer', days: 366 }),
    () => accounts.revokeApiToken(token),
    () => accounts.endSession(id),
  ];
  for (const attempt of tries) await expect(as<unknown>('anna', attempt, by)).rejects.toMatchObject(refused);
  expect(users.all().map(({ name, role, tokens }) => [name, role, tokens.length])).toEqual([
    ['anna', 'admin', 1],
    ['bert', 'operator', 0],
    ['carl', 'viewer', 0],
  ]);
  expect(sessions.list()).toHaveLength(1);
});

test('the account of who asks', async () => {
  const { accounts, as, token } = await setup();
  await as('carl', () => accounts.createApiToken({ name: 'laptop', days: 1 }));
  expect(await as('carl', () => accounts.account())).toMatchObject({
    who: 'carl',
    role: 'viewer',
    user: 'carl',
    tokens: [{ name: 'laptop' }],
  });
  expect(await token(() => accounts.account())).toMatchObject({ who: 'admin token', role: 'admin', tokens: [] });
});
