import { expect, test } from 'vitest';
import { SECURITY_HEADERS } from '../../src/admin/security-headers.ts';
import { BEARER, operatorStand } from '../support/operator-stand.ts';

// That every answer has them is held by operator.test.ts.
test('under the referrer policy, a form of ours says where it comes from', () => {
  // With no-referrer it would be `Origin: null`, which the guard refuses.
  expect(SECURITY_HEADERS.get('Referrer-Policy')).toBe('same-origin');
});

test('a bug in the middle of an answer of the API keeps them, too', async () => {
  const { http } = operatorStand();
  const answer = await http.get('/api/v1/health').set('Authorization', BEARER).expect(500);
  expect(answer.headers['content-security-policy']).toBe(SECURITY_HEADERS.get('Content-Security-Policy'));
});
