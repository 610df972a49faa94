import { expect, test } from 'vitest';
import { healthPage } from '../../../src/admin/web/health-page.ts';
import { attention } from '../../../src/admin/web/page.ts';
import { FAKE_HEALTH } from '../../support/sample-admin-data.ts';

test('errors come first, with the server before the files', () => {
  const { data, summary } = healthPage(FAKE_HEALTH);
  expect(summary).toBe('3 things need attention');
  expect(data).toMatchObject({
    well: false,
    diagnostics: [{ word: 'Warning', message: 'the disk of the data directory is 93 % full' }],
    problems: [{ word: 'Error' }, { word: 'Warning' }],
  });
});

test('says that all is well', () => {
  const { data, summary } = healthPage({ ...FAKE_HEALTH, problems: [], troubles: [] });
  expect([summary, data['well']]).toEqual(['all is well', true]);
});

test('counts what there is to do something about', () => {
  expect(attention(FAKE_HEALTH)).toBe(3);
});

test('begins the facts with version and uptime', () => {
  expect(healthPage(FAKE_HEALTH).data['facts']).toMatchObject([
    { name: 'Version', value: '0.1.0' },
    { name: 'Running for', value: '9 d 3 h' },
    { name: 'HTTP' },
    {},
    {},
    {},
    {},
  ]);
});
