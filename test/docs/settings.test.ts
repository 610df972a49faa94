import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { settingsPage } from '../../scripts/settings-page.ts';

it('docs/settings.md is what scripts/settings-docs.ts makes of the table', () => {
  expect(readFileSync(new URL('../../docs/settings.md', import.meta.url), 'utf8')).toBe(settingsPage());
});
