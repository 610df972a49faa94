import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { openDashboard, samplePages, type FakeDashboard } from '../../support/fake-dashboard.ts';

let stand: FakeDashboard;
beforeAll(async () => {
  stand = await openDashboard();
});
afterAll(async () => {
  await stand[Symbol.asyncDispose]();
});

test('every page is a document under a strict policy, kept by nobody', async () => {
  for (const { path } of samplePages(stand.adminService)) {
    const { status, text, headers } = await stand.get(path);
    expect([path, status]).toEqual([path, 200]);
    expect(text).toMatch(/^<!doctype html>/);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toMatch(/script-src 'self'/);
    expect(headers.get('content-security-policy')).not.toMatch(/unsafe/);
    expect(headers.get('cache-control')).toBe('no-store');
  }
});

test('/dashboard is the table of machines', async () => {
  expect((await stand.get('/dashboard')).text).toContain('<title>Machines - Pilotlight</title>');
});

describe('the live part alone', () => {
  it.each([
    ['/dashboard/machines?fragment=1', {}],
    ['/dashboard/machines', { headers: { 'X-Fragment': '1' } }],
  ])('comes for %s %j', async (path, init) => {
    const { text, headers } = await stand.get(path, init);
    expect(text).toMatch(/^<div id="live" data-summary="30 machines: 2 failed, 3 unknown/);
    expect(text).not.toMatch(/<html|<header/);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('is not worth a look at the health', async () => {
    await using other = await openDashboard();
    other.adminService.health = async () => {
      throw new TypeError('nobody asked for this');
    };
    expect((await other.get('/dashboard/machines?fragment=1')).status).toBe(200);
    expect((await other.get('/dashboard/machines')).status).toBe(500);
  });
});

test('a page whose method is wrong says which are right', async () => {
  const { status, headers } = await stand.post('/dashboard/machines', {});
  expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  expect((await stand.get('/dashboard/releases/sync')).headers.get('allow')).toBe('POST');
});

test('what is not there is said by the door', async () => {
  expect((await stand.get('/dashboard/nothing')).status).toBe(404);
});

test('who is not logged in sees no page and no form', async () => {
  for (const { path } of samplePages(stand.adminService)) {
    const answer = await fetch(`${stand.url}${path}`, { redirect: 'manual' });
    expect([path, answer.status]).toEqual([path, 303]);
    expect(answer.headers.get('location')).toMatch(/^\/dashboard\/login/);
  }
});

test.each([undefined, 'null', 'http://evil.example'])('a form with Origin: %s does nothing', async (origin) => {
  const before = stand.adminService.calls.length;
  const answer = await fetch(`${stand.url}/dashboard/releases/sync`, {
    method: 'POST',
    headers: { cookie: `${stand.cookie.name}=${stand.cookie.value}`, ...(origin === undefined ? {} : { origin }) },
    body: new URLSearchParams(),
  });
  expect(answer.status).toBe(403);
  expect(stand.adminService.calls).toHaveLength(before);
});
