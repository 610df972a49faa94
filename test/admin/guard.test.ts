import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createOperatorAuth } from '../../src/admin/auth/operator-auth.ts';
import { createGuard } from '../../src/admin/guard.ts';
import { BEARER, operatorStand, TOKEN } from '../support/operator-stand.ts';
import { openContext, recordLog } from '../support/http-house.ts';
import { exchange } from '../support/http-raw.ts';

test('a request that nobody let in has no access, and that is a bug', () => {
  const guard = createGuard({ auth: createOperatorAuth({ token: TOKEN }), baseUrl: undefined, log: recordLog() });
  expect(() => guard.accessOf(new IncomingMessage(new Socket()))).toThrow(TypeError);
});

test('a wrong Bearer is a warning with an address and without the token', async () => {
  const { http, log } = operatorStand();
  await http.get('/api/v1/machines').set('Authorization', 'Bearer wrong-token-xyz').expect(401);
  expect(log.of('warn')).toEqual([
    { level: 'warn', message: 'somebody showed a wrong admin token', fields: { from: '127.0.0.1' } },
  ]);
});

test('GET, HEAD and OPTIONS of a session need no CSRF token, everything else does', async () => {
  const { http, logIn } = operatorStand({ profiles: async () => [] });
  const { cookie, csrf } = logIn();
  await http.get('/api/v1/profiles').set('Cookie', cookie).expect(200);
  await http.head('/api/v1/profiles').set('Cookie', cookie).expect(200);
  await http.options('/api/v1/profiles').set('Cookie', cookie).expect(405);
  for (const method of ['post', 'put', 'patch', 'delete'] as const) {
    await http[method]('/api/v1/profiles').set('Cookie', cookie).expect(403);
    await http[method]('/api/v1/profiles').set({ Cookie: cookie, 'X-CSRF-Token': csrf }).expect(405);
  }
});

test('a form field is no CSRF token for what is not a form', async () => {
  const { http, logIn } = operatorStand();
  const { cookie, csrf } = logIn();
  await http.post('/api/v1/reinstall').set('Cookie', cookie).send({ csrf, machine: 'a' }).expect(403);
});

test('an oversized form of a page is 413, and the connection ends', async () => {
  const appContext = await openContext();
  onTestFinished(async () => {
    await appContext.close();
  });
  const answer = await exchange(
    appContext.port,
    `POST /dashboard/nowhere HTTP/1.1\r\nHost: a\r\nAuthorization: ${BEARER}\r\n` +
      `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${2 ** 30}\r\n\r\na=`,
  );
  expect([answer.status, answer.headers['connection']]).toEqual([413, 'close']);
});
