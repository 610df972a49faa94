import { expect, test } from 'vitest';
import { operatorSetup } from '../../support/operator-setup.ts';

test('a session begins a sync from a page of ours and not from elsewhere', async () => {
  const { http, logIn, adminService } = operatorSetup({ syncNow: async () => ({ started: false }) });
  const { cookie, own } = logIn();
  await http.post('/api/v1/sync').set('Cookie', cookie).expect(403);
  const answer = await http.post('/api/v1/sync').set(own).expect(200);
  expect([answer.body, adminService.calls]).toEqual([{ started: false }, [['syncNow', {}]]]);
});
