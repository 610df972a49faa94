import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import type { User } from '../../../src/admin/auth/users-file.ts';
import { mountPages } from '../../../src/admin/web/pages.ts';
import { Failure } from '../../../src/model/failure.ts';
import { type Role, ROLES } from '../../../src/model/operator.ts';
import { sampleAdminService } from '../../support/sample-admin-service.ts';
import { type OperatorSetup, operatorSetup } from '../../support/operator-setup.ts';

const USERS: readonly User[] = ROLES.map((role) => ({
  ...{ name: role, role, added: 1, sessionsFrom: 1, tokens: [] },
}));
const service = sampleAdminService();
let setup: OperatorSetup;
let refuse: Failure | undefined;
beforeEach(() => {
  refuse = undefined;
  const { accounts } = service;
  const addUser: typeof accounts.addUser = async (user) => {
    if (refuse !== undefined) throw refuse;
    return await accounts.addUser(user);
  };
  const users = {
    find: (name: string) => USERS.find((user) => user.name === name),
    check: async () => undefined,
    ofToken: () => undefined,
  };
  setup = operatorSetup(
    { health: service.health, accounts: { ...accounts, addUser } },
    { pages: mountPages, clock: { users } },
  );
});
afterEach(() => {
  setup.listening.close();
});

const changes = () => setup.adminService.calls.filter(([name]) => !LOOKS.has(name));
const LOOKS = new Set(['users', 'apiTokens', 'sessions', 'health']);

function cookieOf(role: Role): string {
  const { sessions } = setup.auth;
  return sessions.cookie(sessions.open(role), false).split(';', 1).join('');
}

async function post(
  path: string,
  fields: Readonly<Record<string, string>>,
  role: Role = 'admin',
  site = 'same-origin',
) {
  const { http } = setup;
  const asked = http.post(`/dashboard/users${path}`).set({ Cookie: cookieOf(role), 'Sec-Fetch-Site': site });
  return await asked.type('form').send(fields);
}

const get = (path: string, role: Role) => setup.http.get(path).set('Cookie', cookieOf(role));

/** Each form, what it must ask for, and where it leads to. */
const FORMS = [
  [
    '/add',
    { name: 'dora', role: 'operator', password: ' four plain words ' },
    ['addUser', { name: 'dora', role: 'operator', password: ' four plain words ' }],
    'user-added',
  ],
  [
    '/add',
    { name: 'ci', role: 'viewer', password: '' },
    ['addUser', { name: 'ci', role: 'viewer', password: undefined }],
    'user-added',
  ],
  ['/bert/role', { role: 'viewer' }, ['setUserRole', 'bert', 'viewer'], 'role-changed'],
  ['/bert/remove', {}, ['removeUser', 'bert'], 'user-removed'],
  ['/tokens/Zm9vYmFy/revoke', {}, ['revokeApiToken', 'Zm9vYmFy'], 'token-revoked'],
  ['/sessions/bbbb/end', {}, ['endSession', 'bbbb'], 'session-ended'],
] as const;

describe('a form', () => {
  it.each(FORMS)('%s with %j does it once', async (path, fields, call, done) => {
    const answer = await post(path, fields);
    expect([answer.status, answer.headers['location']]).toEqual([303, `/dashboard/users?done=${done}`]);
    // The one that writes the password down is the test's own.
    expect(changes()).toEqual([call]);
  });

  it.each(FORMS)('%s with %j does nothing for a lesser role', async (path, fields) => {
    for (const role of ['viewer', 'operator'] as const) {
      const { status, text } = await post(path, fields, role);
      expect(status).toBe(403);
      expect(text).toContain(`it needs the role admin`);
    }
    expect(changes()).toEqual([]);
  });

  it.each(FORMS)('%s with %j does nothing for a page of another site', async (path, fields) => {
    expect((await post(path, fields, 'admin', 'cross-site')).status).toBe(403);
    expect(changes()).toEqual([]);
  });
});

describe('a token', () => {
  const wish = { user: 'anna', name: 'prometheus', days: '30', role: '' };

  it('is made and shown this once', async () => {
    const { status, text, headers } = await post('/tokens', wish);
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
    expect(text).toContain(`plt_${'x'.repeat(43)}`);
    expect(changes()).toEqual([['createApiToken', { user: 'anna', name: 'prometheus', days: 30, role: undefined }]]);
    expect((await get('/dashboard/users', 'admin')).text).not.toContain('plt_');
  });

  it('may be less than its user, and lasts as long as tokens do', async () => {
    await post('/tokens', { ...wish, days: '', role: 'viewer' });
    expect(changes()).toEqual([
      ['createApiToken', { user: 'anna', name: 'prometheus', days: undefined, role: 'viewer' }],
    ]);
  });

  it('is not made here by those who may not see the page, though their own they may make', async () => {
    for (const role of ['viewer', 'operator'] as const) {
      expect((await post('/tokens', { ...wish, user: role }, role)).status).toBe(403);
    }
    expect(changes()).toEqual([]);
  });
});

describe('what is wrong', () => {
  it('is told above the form, with what was typed but for the password', async () => {
    refuse = new Failure('conflict', 'there is a user dora already', { remedy: 'choose another name' });
    const { status, text } = await post('/add', { name: 'dora', role: 'operator', password: 'four plain words' });
    expect(status).toBe(409);
    expect(text).toContain('there is a user dora already');
    expect(text).toContain('name="name" value="dora"');
    expect(text).toContain('<option value="operator" selected>operator</option>');
    expect(text).not.toContain('four plain words');
  });

  it.each([
    ['/add', { name: '', role: 'admin', password: '' }, 'the field &quot;name&quot; is missing'],
    ['/add', { name: 'x', role: 'root', password: '' }, 'there is no such role'],
    ['/add', { name: 'x', role: 'admin' }, 'the field &quot;password&quot; is missing'],
    ['/bert/role', { role: '' }, 'the field &quot;role&quot; is missing'],
    ['/bert/role', { role: '__proto__' }, 'there is no such role'],
    ['/tokens', { user: 'anna', name: 'ci', role: 'root' }, 'there is no such role'],
    ['/tokens', { name: 'ci' }, 'the field &quot;user&quot; is missing'],
  ])('%s with %j', async (path, fields, message) => {
    const { status, text } = await post(path, fields);
    expect(status).toBe(400);
    expect(text).toContain(message);
    expect(changes()).toEqual([]);
  });
});

test('only an admin sees the page, and the way to it', async () => {
  const seen = await get('/dashboard/users', 'admin');
  expect(seen.status).toBe(200);
  expect(seen.text).toContain('<a href="/dashboard/users" aria-current="page">Users</a>');
  expect(seen.text).toContain('Remove bert');
  for (const role of ['viewer', 'operator'] as const) {
    const { status, text } = await get('/dashboard/users', role);
    expect(status).toBe(403);
    expect(text).not.toMatch(/Remove bert|prometheus|href="\/dashboard\/users" aria-current/);
    expect(text).toContain('>Activity</a>');
  }
});
