import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { profilePage } from '../../scripts/profile-page.ts';
import { createProfileCheck, profileSchema } from '../../src/catalog/profile-schema.ts';
import type { Json } from '../../src/model/profile.ts';

const PAGE = readFileSync(new URL('../../docs/profile-keys.md', import.meta.url), 'utf8');

test('docs/profile-keys.md is what the schema says: run scripts/profile-docs.ts after a change', () => {
  expect(PAGE).toBe(profilePage());
});

test('every key is on the page', () => {
  for (const key of Object.keys(profileSchema()['properties'] as object)) expect(PAGE).toContain(`| \`${key}\` |`);
});

test('the profile in docs/profiles.md is one', () => {
  const text = readFileSync(new URL('../../docs/profiles.md', import.meta.url), 'utf8');
  const examples = [...text.matchAll(/```json\n([^`]*)```/g)].map(([, json = '']) => json);
  expect(examples.length).toBeGreaterThan(0);
  const check = createProfileCheck();
  for (const example of examples) expect(check(JSON.parse(example) as Json)).toEqual([]);
});
