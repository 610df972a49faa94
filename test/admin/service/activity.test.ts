import { expect, test } from 'vitest';
import { diffOf } from '../../../src/admin/service/activity.ts';
import { followEdits, runAs } from '../../../src/admin/service/actor.ts';
import { guardOperations } from '../../../src/admin/service/operations.ts';
import type { Activity } from '../../../src/model/operator.ts';
import type { FolderFiles } from '../../support/folder.ts';
import { NEW, rolloutFolder } from '../../support/rollout-setup.ts';
import { flatcar, MAC, adminSetup } from './setup.ts';

async function setup(files: FolderFiles = {}) {
  const both = { 'profiles/workers.json': flatcar(), 'profiles/storage.json': flatcar() };
  const admin = await adminSetup({ ...both, ...files });
  followEdits(admin.files);
  const written: Activity[] = [];
  const service = guardOperations(admin.adminService, { record: (one) => written.push(one) });
  const as = <T>(work: () => Promise<T>, who = 'anna') =>
    runAs({ role: 'admin', who, by: 'session', user: who, from: '10.0.0.7' }, work);
  return { ...admin, service, written, as };
}

test('a change is written down: who, from where, what, and the lines of the file', async () => {
  const { service, written, as } = await setup();
  await as(() => service.adopt({ key: MAC, profile: 'workers', name: 'w1', ip: '10.0.0.9' }));
  expect(written).toMatchObject([
    { who: 'anna', from: '10.0.0.7', action: 'adopt', target: MAC, text: 'into profiles/workers.json as w1' },
  ]);
  const [file] = written[0]?.diff ?? [];
  expect(file?.file).toBe('profiles/workers.json');
  expect(
    file?.lines
      .filter(({ sign }) => sign === '+')
      .map(({ text }) => text)
      .join(''),
  ).toContain('"name": "w1"');
});

test('what the server keeps in state/ is no change of a file', async () => {
  const { service, written, as } = await setup(rolloutFolder());
  await as(() => service.rollout('w', { to: NEW }));
  expect(written).toMatchObject([{ action: 'rollout begin', target: 'profiles/w.json', text: `of ${NEW}: running` }]);
  expect(written[0]).not.toHaveProperty('diff');
});

test('a move is one activity with both files', async () => {
  const { service, written, as } = await setup();
  await as(() => service.adopt({ key: MAC, profile: 'workers', name: 'w1', ip: '10.0.0.9' }));
  await as(() => service.adopt({ key: MAC, profile: 'storage' }), 'bert');
  expect(written[1]?.who).toBe('bert');
  expect(written[1]?.diff?.map(({ file }) => file).sort()).toEqual(['profiles/storage.json', 'profiles/workers.json']);
});

test('two operators at once: each change has its own lines', async () => {
  const { service, written, as } = await setup();
  const save = (name: string, who: string) =>
    as(async () => {
      const { text, revision } = await service.profile(name);
      await service.saveFile(
        { folder: 'profiles', name },
        text.replace('{', `{ "vars": { "by": "${who}" },`),
        revision,
      );
    }, who);
  await Promise.all([save('workers', 'anna'), save('storage', 'bert')]);
  for (const { who, target, diff } of written) {
    expect(diff?.map(({ file }) => file)).toEqual([target]);
    expect(JSON.stringify(diff)).toContain(`\\"by\\": \\"${who}\\"`);
  }
  expect(written).toHaveLength(2);
});

test('what only looks, what failed and what changed nothing is not written down', async () => {
  const { service, written, as } = await setup();
  await as(() => service.profiles());
  await as(() => service.previewFile({ folder: 'profiles', name: 'workers' }, '{}'));
  await as(() => service.saveFile({ folder: 'profiles', name: 'workers' }, '{ broken', undefined)).catch(
    () => undefined,
  );
  await as(() => service.release(MAC)).catch(() => undefined);
  await as(() => service.acceptState());
  expect(written).toEqual([]);
});

test('no password and no token is written down', async () => {
  const { service, written, as } = await setup();
  const password = 'four plain words here';
  await as(() => service.accounts.addUser({ name: 'bert', role: 'viewer', password }));
  await as(() => service.accounts.setPassword('bert', 'another long one'));
  const { token, id } = await as(() => service.accounts.createApiToken({ name: 'ci', user: 'bert' }));
  await as(() => service.accounts.revokeApiToken(id));
  await as(() => service.accounts.setUserRole('bert', 'operator'));
  await as(() => service.accounts.removeUser('bert'));
  expect(written.map(({ action, target }) => `${action} ${target ?? ''}`)).toEqual([
    'add user bert',
    'change password bert',
    'make token bert',
    'revoke token bert',
    'change role bert',
    'remove user bert',
  ]);
  for (const secret of [password, 'another long one', token, token.slice(4)]) {
    expect(JSON.stringify(written)).not.toContain(secret);
  }
});

test.each([
  ['{\n  "vars": { "password": "hunter2hunter2" }\n}'],
  ['{\n  "vars": {\n    "join_token":\n      "hunter2hunter2"\n  }\n}'],
  ['{ "vars": { "passwords": ["hunter2hunter2", "x"] } }'],
  ['{\n  "vars": { "wifi": { "psk": "hunter2hunter2" }, "a": 1 }\n}'],
  ['{ "vars": { "secret": { "deep": [{ "er": "hunter2hunter2" }] } } }'],
  ['users:\n  - passwd: hunter2hunter2\n'],
  ['{ "broken": 1, "token": "hunter2hunter2"'],
  ['d-i passwd/root-password password hunter2 hunter2\n'],
  ['d-i passwd/user-password-crypted password $6$salt$hunter2hunter2\n'],
  ['rootpw --plaintext hunter2\nuser --name=a --password=hunter2\n'],
  ['rootpw --iscrypted $y$j9T$hunter2$hunter2\n'],
  ['users:\n- name: a\n  password_hash: $2b$12$hunter2hunter2\n'],
  ['wifi:\n  psk: |\n    hunter2\n\n    hunter2\n  ssid: home\n'],
  ['token: >-\n  hunter2'],
])('a secret value stays out of the diff: %s', (text) => {
  const diff = diffOf([{ file: 'profiles/a.json', before: undefined, after: Buffer.from(text) }]);
  expect(diff[0]?.lines.length).toBeGreaterThan(0);
  expect(JSON.stringify(diff)).not.toContain('hunter2');
});

test('long lines of a document cost no time', () => {
  for (const text of [
    'pass'.repeat(500_000),
    'QUJD'.repeat(500_000),
    '\n'.repeat(200_000),
    `${' '.repeat(3000)}\n`.repeat(200),
  ]) {
    const [diff] = diffOf([{ file: 'configs/a', before: undefined, after: Buffer.from(text) }]);
    expect(diff?.lines.length).toBeGreaterThan(0);
    // A change far behind is one.
    const edit = { file: 'configs/a', before: Buffer.from(text), after: Buffer.from(`${text}x`) };
    expect(diffOf([edit])).toHaveLength(1);
  }
});

test('a diff has a few lines around each change, and an end', () => {
  const lines = Array.from({ length: 1000 }, (_, i) => `line ${i}`);
  const edit = (after: readonly string[]) =>
    diffOf([{ file: 'a', before: Buffer.from(lines.join('\n')), after: Buffer.from(after.join('\n')) }])[0]?.lines ??
    [];
  expect(edit(lines.with(500, 'new')).map(({ sign, text }) => `${sign}${text}`)).toEqual([
    ' ...',
    ...[' line 497', ' line 498', ' line 499', '-line 500', '+new', ' line 501', ' line 502', ' line 503'],
  ]);
  expect(edit(lines.map((line) => `${line}!`)).length).toBe(201);
  expect(edit(lines)).toEqual([]);
});
