import { expect, test } from 'vitest';
import type { User } from '../../../src/admin/auth/users-file.ts';
import { mountPages } from '../../../src/admin/web/pages.ts';
import { type Role, ROLES } from '../../../src/model/operator.ts';
import { samplePages } from '../../support/fake-dashboard.ts';
import { sampleAdminService } from '../../support/sample-admin-service.ts';
import { operatorSetup } from '../../support/operator-setup.ts';

// What a role may not do, no page offers: each form and each link to a question is looked for on every page.

const service = sampleAdminService();
const users = {
  find: (name: string): User | undefined =>
    ROLES.filter((role) => role === name).map((role) => ({ name, role, added: 1, sessionsFrom: 1, tokens: [] }))[0],
  check: async () => undefined,
  ofToken: () => undefined,
};
const { http, auth } = operatorSetup(service, { pages: mountPages, clock: { users } });

async function ask(role: Role, path: string, fields?: Readonly<Record<string, string>>) {
  const [cookie = ''] = auth.sessions.cookie(auth.sessions.open(role), false).split(';', 1);
  const asked = (fields === undefined ? http.get(path) : http.post(path)).set({
    Cookie: cookie,
    'Sec-Fetch-Site': 'same-origin',
  });
  return await (fields === undefined ? asked : asked.type('form').send(fields));
}

/** Where forms and buttons of the page lead to, but for those that change nothing. */
function offers(html: string): readonly string[] {
  const forms = [...html.matchAll(/<form[^>]* method="post" action="([^"]*)"/g)];
  const choices = [...html.matchAll(/<form[^>]* method="get" action="([^"]*\/boot-once)"/g)];
  const others = [...html.matchAll(/formaction="([^"]*)"|<a class="button[^"]*" href="([^"]*)"/g)];
  return [...forms, ...choices, ...others]
    .map(([, action, href]) => action ?? href ?? '')
    .filter((href) => !/\/(?:logout|edit|preview)$|^\/dashboard\/(?:[a-z]+|(?:profiles|configs)\/[^/]+)$/.test(href));
}

test('a viewer is offered nothing, an operator what changes machines, profiles and releases', async () => {
  const offered = new Map<Role, string[]>();
  for (const role of ROLES) {
    offered.set(role, []);
    for (const { name, path } of samplePages(service)) {
      const { status, text } = await ask(role, path);
      const asks = ['boot-once', 'reinstall', 'remove', 'version'].includes(name) && role === 'viewer';
      expect(status, `${role}: ${name}`).toBe(asks || (name === 'users' && role !== 'admin') ? 403 : 200);
      offered.get(role)?.push(...offers(text));
    }
  }
  expect(offered.get('viewer')).toEqual([]);
  const operators = offered.get('operator')?.join('\n') ?? '';
  for (const part of [
    '#adopt',
    '/adopt',
    '/release',
    '/reinstall',
    '/power-off',
    '/power-on',
    '/boot-once',
    '/rollback',
    '/sync',
  ]) {
    expect(operators).toContain(part);
  }
  for (const path of ['new-profile', 'new-config', 'new-key', 'new-config?copy', 'configs/edge.yml/remove'])
    expect(operators).toContain(`/dashboard/${path}`);
  expect(operators).not.toContain('/dashboard/users');
  expect(offered.get('admin')?.join('\n')).toContain('/dashboard/users/add');
});

test('a viewer previews a change and is not offered to save it', async () => {
  const { text, revision } = await service.profile('workers');
  const fields = { text: text.replace('stable', 'beta'), revision };
  for (const role of ROLES) {
    const shown = await ask(role, '/dashboard/profiles/workers/preview', fields);
    expect(shown.status).toBe(200);
    expect(shown.text.includes('>Save</button>'), role).toBe(role !== 'viewer');
    expect(shown.text.includes('Your role may look at the change, not save it.'), role).toBe(role === 'viewer');
  }
});

test('the questions before an action are asked only of those who may answer', async () => {
  const key = encodeURIComponent(service.rows.find(({ name }) => name === 'store1')?.key ?? '');
  const questions = ['cancel-boot-once', 'cancel-reinstall', 'power-cycle', 'power-off', 'reinstall', 'reinstall-now'];
  for (const question of [...questions, 'release', 'release-claim']) {
    for (const role of ROLES) {
      const { status } = await ask(role, `/dashboard/machines/${key}/${question}`);
      expect(status, `${role}: ${question}`).toBe(role === 'viewer' ? 403 : 200);
    }
  }
});
