import { expect, test } from 'vitest';
import { BEARER, operatorStand } from '../support/operator-stand.ts';

const render = async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', body: 'up 1\n' });

test('with the token', async () => {
  const { http, logIn } = operatorStand({}, { metrics: { access: 'token', render } });
  const refused = await http.get('/metrics').expect(401);
  expect(refused.headers['www-authenticate']).toBe('Bearer realm="pilotlight"');
  const answer = await http.get('/metrics').set('Authorization', BEARER).expect(200);
  expect([answer.text, answer.headers['content-type']]).toEqual(['up 1\n', 'text/plain; version=0.0.4; charset=utf-8']);
  await http.get('/metrics').set('Cookie', logIn().cookie).expect(200);
  await http.get('/metrics').set('Authorization', 'Bearer wrong').expect(401);
  expect((await http.get('/metrics').set('Authorization', BEARER).expect(429)).headers['retry-after']).toBe('1');
});

test('open', async () => {
  const { http } = operatorStand({}, { metrics: { access: 'open', render } });
  expect((await http.get('/metrics').expect(200)).text).toBe('up 1\n');
  expect((await http.head('/metrics').expect(200)).headers['content-length']).toBe('5');
  expect((await http.post('/metrics').expect(405)).headers['allow']).toBe('GET, HEAD');
});

test('off', async () => {
  const { http } = operatorStand({}, { metrics: { access: 'off', render } });
  await http.get('/metrics').set('Authorization', BEARER).expect(404);
});
