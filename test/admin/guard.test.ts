import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createOperatorAuth } from '../../src/admin/auth/operator-auth.ts';
import { createGuard } from '../../src/admin/guard.ts';
import { BEARER, operatorSetup, TOKEN } from '../support/operator-setup.ts';
import { openContext, recordLog } from '../support/http-server.ts';
import { exchange } from '../support/http-raw.ts';

test('a request that nobody let in has no access, and that is a bug', () => {
  const guard = createGuard({ auth: createOperatorAuth({ token: TOKEN }), baseUrl: undefined, log: recordLog() });
  expect(() => guard.accessOf(new IncomingMessage(new Socket()))).toThrow(TypeError);
});

test('a wrong Bearer is a warning with an address and without the token', async () => {
  const { http, log } = operatorSetup();
  await http.get('/api/v1/machines').set('Authorization', 'Bearer wrong-token-xyz').expect(401);
  expect(log.of('warn')).toEqual([{ level: 'warn', message: 'wrong token', fields: { from: '127.0.0.1' } }]);
});

test('GET, HEAD and OPTIONS of a session may come from anywhere, everything else from a page of ours only', async () => {
  const { http, logIn } = operatorSetup({ profiles: async () => [] });
  const { cookie, own } = logIn();
  await http.get('/api/v1/profiles').set('Cookie', cookie).expect(200);
  await http.head('/api/v1/profiles').set('Cookie', cookie).expect(200);
  await http.options('/api/v1/profiles').set('Cookie', cookie).expect(405);
  for (const method of ['post', 'put', 'patch', 'delete'] as const) {
    await http[method]('/api/v1/profiles').set('Cookie', cookie).expect(403);
    await http[method]('/api/v1/profiles').set(own).expect(405);
  }
});

const OURS = 'http://boot.lan:4777';

// What browsers send: Origin with every POST, Sec-Fetch-Site to https and to localhost only.
test.each([
  [{}, 403],
  [{ 'Sec-Fetch-Site': 'none' }, 403],
  [{ 'Sec-Fetch-Site': 'same-origin' }, 404],
  [{ Origin: OURS }, 404],
  [{ Origin: OURS, 'Sec-Fetch-Site': 'same-origin' }, 404],
  [{ Origin: OURS, 'Sec-Fetch-Site': 'none' }, 404],
  [{ Origin: OURS, 'Sec-Fetch-Site': 'same-site' }, 403],
  [{ Origin: OURS, 'Sec-Fetch-Site': 'cross-site' }, 403],
  [{ Origin: 'http://boot.lan:4778' }, 403],
  [{ Origin: 'http://evil.lan' }, 403],
  [{ Origin: 'http://evil.lan', 'Sec-Fetch-Site': 'same-origin' }, 403],
  [{ Origin: 'null' }, 403],
  [{ Referer: `${OURS}/dashboard` }, 403],
] as const)('a form of a session with %j is answered %d; of a program it is never refused', async (headers, status) => {
  const { http, logIn } = operatorSetup();
  const form = (): ReturnType<typeof http.post> =>
    http
      .post('/dashboard/nowhere')
      .set({ Host: 'boot.lan:4777', ...headers })
      .type('form')
      .send('a=b');
  const answer = await form().set('Cookie', logIn().cookie).expect(status);
  if (status === 403) expect(answer.text).toMatch(/^this was not sent from a page of this server \(/);
  await form().set('Authorization', BEARER).expect(404);
});

test('a session that shows the token, too, is a program', async () => {
  const { http, logIn } = operatorSetup();
  await http.post('/dashboard/nowhere').set({ Cookie: logIn().cookie, Authorization: BEARER }).expect(404);
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
