import { expect, test } from 'vitest';
import { bootedBy, profileLine, profilesPage } from '../../../src/admin/web/profile-pages.ts';
import { FAKE_PROFILES } from '../../support/fake-office-data.ts';

test.each([
  [{ nodes: 0, default: false }, 'whoever asks for it by name'],
  [{ nodes: 1, default: false }, '1 node'],
  [{ nodes: 0, default: true }, 'every machine that no profile lists'],
  [{ nodes: 3, default: true }, '3 nodes, and every machine that no profile lists'],
])('%j: %s', (profile, text) => {
  expect(bootedBy(profile)).toBe(text);
});

test('the page says how many there are and how many are ill', () => {
  expect(profilesPage(FAKE_PROFILES).summary).toBe('6 profiles, 1 with errors');
  expect(profilesPage(FAKE_PROFILES.slice(0, 1)).summary).toBe('1 profile');
  expect(profilesPage([]).data).toMatchObject({ none: true });
});

test('a line says how it is updated and what it does not have', () => {
  const rescue = FAKE_PROFILES.find(({ name }) => name === 'rescue');
  expect(rescue && profileLine(rescue)).toMatchObject({
    version: undefined,
    update: 'pinned by hand',
    href: '/dashboard/profiles/rescue',
    machines: '/dashboard/machines?profile=rescue',
  });
});
