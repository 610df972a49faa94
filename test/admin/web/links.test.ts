import { expect, test } from 'vitest';
import { machineHref, machinesHref, profileHref, slug } from '../../../src/admin/web/links.ts';

test('names and keys are encoded, whatever is in them', () => {
  expect(machineHref('52:54:00:55:1c:ee')).toBe('/dashboard/machines/52%3A54%3A00%3A55%3A1c%3Aee');
  expect(machineHref('serial:a/../b?c#d"')).toBe('/dashboard/machines/serial%3Aa%2F..%2Fb%3Fc%23d%22');
  expect(profileHref('javascript:alert(1)')).toBe('/dashboard/profiles/javascript%3Aalert(1)');
});

test('filters that are not set are left out', () => {
  expect(machinesHref({})).toBe('/dashboard/machines');
  expect(machinesHref({ text: '', state: undefined })).toBe('/dashboard/machines');
  expect(machinesHref({ text: 'a&b=c', state: 'up', profile: 'x y', after: '9' })).toBe(
    '/dashboard/machines?state=up&profile=x%20y&text=a%26b%3Dc&after=9',
  );
});

test('slugs are fit for ids', () => {
  expect(slug('uuid:4c4c-"x" y')).toBe('uuid-4c4c-x-y');
});
