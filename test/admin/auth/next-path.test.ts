import { expect, test } from 'vitest';
import { nextPath } from '../../../src/admin/auth/next-path.ts';

test.each([
  '/dashboard',
  '/dashboard/machines/52:54:00:12:34:56',
  '/dashboard/machines?state=up&text=a%20b',
  '/dashboard?x=1',
])('%s', (path) => {
  expect(nextPath(path)).toBe(path);
});

test.each([
  undefined,
  ['/dashboard/a', '/dashboard/b'],
  '',
  '/',
  '/api/v1/machines',
  'https://evil.example/dashboard',
  '//evil.example/dashboard',
  '/\\evil.example',
  '/dashboard\\@evil.example',
  '/dashboard\t/x',
  '/dashboard/\r\nSet-Cookie: a=b',
  '/dashboardx',
  '/dashboard@evil.example',
  '/dashboard/"><script>',
  '/dashboard/login',
  '/dashboard/login?next=/dashboard/login',
  '/dashboard/logout',
  'javascript:alert(1)',
  `/dashboard/${'x'.repeat(1024)}`,
])('%j leads home', (path) => {
  expect(nextPath(path)).toBe('/dashboard');
});
