import { Router } from 'express';
import { describe, expect, test } from 'vitest';
import { openApiDocument } from '../../../src/admin/api/openapi.ts';
import { API_ROUTES } from '../../../src/admin/api/routes.ts';
import type { User } from '../../../src/admin/auth/users-file.ts';
import { OPERATION_ROLES, type OperationName } from '../../../src/admin/service/operations.ts';
import { readViews } from '../../../src/admin/web/html.ts';
import { mountPages } from '../../../src/admin/web/pages.ts';
import { includes, type Role, ROLES } from '../../../src/model/operator.ts';
import { originOf } from '../../support/app-context.ts';
import { recordLog } from '../../support/http-server.ts';
import { sampleAdminService } from '../../support/sample-admin-service.ts';
import { BEARER, fakeAdminService, type AdminAnswers, operatorSetup } from '../../support/operator-setup.ts';

// Nobody does by any way what the role does not allow: each route of the OpenAPI document and each form of the pages is
// tried by each role, by session and by API token.

const NOW = Date.now();

/** A user of each role, whose API token is its role's name. */
const USERS: readonly User[] = ROLES.map((role) => ({
  ...{ name: role, role, added: 1, sessionsFrom: 1 },
  tokens: [{ id: 'abcdefgh', name: 'ci', sha256: '', made: 1, ends: NOW * 2 }],
}));
const users = {
  find: (name: string) => USERS.find((user) => user.name === name),
  check: async () => undefined,
  ofToken: (text: string) => {
    const user = USERS.find(({ role }) => text === `plt_${role}`);
    const [token] = user?.tokens ?? [];
    return user && token && { user, token };
  },
};

function setup(answers: AdminAnswers, more: Parameters<typeof operatorSetup>[1] = {}) {
  const made = operatorSetup(answers, { ...more, clock: { users } });
  const cookie = (role: Role): string =>
    made.auth.sessions.cookie(made.auth.sessions.open(role), false).split(';', 1).join('');
  const ways = (role: Role): readonly Readonly<Record<string, string>>[] => [
    { Cookie: cookie(role), 'Sec-Fetch-Site': 'same-origin' },
    { Authorization: `Bearer plt_${role}` },
  ];
  return { ...made, ways };
}

interface Operation {
  readonly 'x-role'?: Role;
  readonly security?: readonly unknown[];
}
const { paths } = openApiDocument(API_ROUTES) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods)
    .filter(([, { security }]) => security === undefined)
    .map(([method, operation]) => ({ method: method as 'get' | 'post' | 'put', path, role: operation['x-role'] })),
);

describe('the API', () => {
  test('every route of the document says its role, and only what changes nothing is for viewers', () => {
    expect(operations.length).toBeGreaterThan(30);
    for (const { method, path, role } of operations) {
      expect(ROLES, `${method} ${path}`).toContain(role);
      // What a viewer sends that is no GET: previews, and what is their own.
      const own =
        /^\/(?:profiles\/\{name\}\/preview|files\/\{folder\}\/\{name\}\/preview|tokens|tokens\/\{id\}\/revoke|sessions\/\{id\}\/end|users\/\{user\}\/password)$/;
      if (method !== 'get' && !own.test(path)) expect(role, `${method} ${path}`).not.toBe('viewer');
    }
  });

  test.each(operations)(
    '$method $path is refused to every role below $role, and to no other',
    async ({ method, path, role }) => {
      const { http, ways, adminService } = setup({ accounts: {} });
      const address = `/api/v1${path.replaceAll(/\{\w+\}/g, '52:54:00:12:34:56')}`;
      for (const asks of ROLES) {
        for (const way of ways(asks)) {
          // A stream would stay open: that it would begin is seen by HEAD.
          const answer = await http[path === '/events' ? 'head' : method](address).set(way);
          const may = includes(asks, role ?? 'admin');
          expect(answer.status === 403, `${asks}: ${answer.status} ${answer.text}`).toBe(
            !may || path === '/login-links',
          );
          if (!may)
            expect((answer.body as { error?: { message: string } }).error?.message ?? '').toMatch(/may not do this|^$/);
        }
      }
      for (const [name] of adminService.calls) expect(OPERATION_ROLES[name as OperationName]).toBe(role);
    },
  );

  test('the admin token may all of it', async () => {
    const { http } = setup({ accounts: {} });
    for (const { method, path } of operations.filter((one) => one.path !== '/events')) {
      const answer = await http[method](`/api/v1${path.replaceAll(/\{\w+\}/g, '52:54:00:12:34:56')}`).set(
        'Authorization',
        BEARER,
      );
      expect([401, 403], path).not.toContain(answer.status);
    }
  });
});

describe('the pages', () => {
  const routes: { readonly path: string; readonly post: boolean }[] = [];
  const router = Router();
  mountPages(router, {
    adminService: fakeAdminService(),
    draw: readViews(),
    origin: () => originOf('a'),
    log: recordLog(),
  });
  for (const { route } of router.stack) {
    if (route === undefined) continue;
    routes.push({ path: route.path, post: route.stack.some((layer) => layer.method === 'post') });
  }
  const forms = routes.filter(({ post }) => post);
  const fields = {
    profile: 'worker',
    name: 'w9',
    text: '{}',
    action: 'save',
    revision: '',
    version: '',
    role: 'admin',
    user: 'anna',
    password: 'x',
    id: 'a',
  };

  test('there are forms', () => {
    expect(forms.length).toBeGreaterThan(5);
  });

  test.each(forms)('a form of $path does for a viewer nothing that a viewer may not', async ({ path }) => {
    const service = sampleAdminService(NOW);
    const { http, ways, adminService } = setup(service, { pages: mountPages });
    const [row] = service.rows;
    const address = path
      .replaceAll(':key', encodeURIComponent(row?.key ?? ''))
      .replaceAll(':name', service.profileRows[0]?.name ?? '')
      .replaceAll(/:\w+/g, 'anna');
    for (const way of ways('viewer')) await http.post(address).set(way).type('form').send(fields);
    for (const [name] of adminService.calls)
      expect(OPERATION_ROLES[name as OperationName], `${path}: ${name}`).toBe('viewer');
  });
});
