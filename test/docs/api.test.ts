import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { apiPage } from '../../scripts/api-page.ts';
import { DEFAULT_LIMITS } from '../../src/http/listen.ts';
import { STATUS } from '../../src/http/reply.ts';
import { MACHINE_PAGE, PREVIEW } from '../support/sample-answers.ts';
import { operatorSetup, TOKEN } from '../support/operator-setup.ts';

const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');

test('docs/api.md has the tables that scripts/api-docs.ts makes', () => {
  expect(apiPage(page)).toBe(page);
});

test('each curl example is a request that the API answers', async () => {
  const { http, adminService } = operatorSetup({
    machines: async () => MACHINE_PAGE,
    adopt: async () => ({ file: 'f', name: 'n' }),
    reinstall: async () => ({ key: 'k' }),
    saveFile: async () => PREVIEW,
  });
  const example = /```sh\n([^]*?)```/.exec(page)?.[1]?.replaceAll('\\\n', '') ?? '';
  const requests = example.split('\n').filter((line) => line.startsWith('curl '));
  expect(requests).toHaveLength(4);
  for (const line of requests) {
    const path = /"\$api([^"]*)"/.exec(line)?.[1] ?? '';
    const body = / -d '([^']*)'/.exec(line)?.[1];
    const headers = { Authorization: `Bearer ${TOKEN}` };
    expect(line).toContain('-H "Authorization: Bearer $token"');
    if (path === '/events') await http.head(`/api/v1${path}`).set(headers).expect(200);
    else if (body === undefined) await http.get(`/api/v1${path}`).set(headers).expect(200);
    else await http.post(`/api/v1${path}`).set(headers).type('json').send(body).expect(200);
  }
  expect(adminService.calls.map(([name]) => name)).toEqual(['machines', 'adopt', 'reinstall']);
});

test('the example of an error is the error', async () => {
  const { http } = operatorSetup();
  const example = /```json\n([^]*?)```/.exec(page)?.[1] ?? '';
  const answer = await http
    .post('/api/v1/machines/52:54:00:12:34:56/adopt')
    .set('Authorization', `Bearer ${TOKEN}`)
    .send({ profile: 'a', profil: 'b' })
    .expect(400);
  expect(answer.body).toEqual(JSON.parse(example));
});

test('the table of statuses has every code that a failure may have', () => {
  for (const [code, status] of Object.entries(STATUS)) {
    const row = page.split('\n').find((line) => line.startsWith(`| ${status} |`));
    expect(row, code).toContain(`\`${code}\``);
  }
});

test('a silent stream outlives the server’s patience with silent connections', () => {
  expect(DEFAULT_LIMITS.stallTimeout).toBeGreaterThan(15_000 * 2);
});
