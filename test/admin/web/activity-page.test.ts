import { describe, expect, it, test } from 'vitest';
import { activityPage } from '../../../src/admin/web/activity-page.ts';
import { mountPages } from '../../../src/admin/web/pages.ts';
import { sampleAdminService } from '../../support/sample-admin-service.ts';
import { BEARER, operatorSetup } from '../../support/operator-setup.ts';

const NOW = 1_800_000_000_000;
const view = await sampleAdminService(NOW).activities({ limit: 50 });
const { data } = activityPage(view, {}, NOW);

describe('a row', () => {
  it('says when, who, from where and what', () => {
    expect(data['rows']).toMatchObject([
      { who: 'anna', from: '10.0.0.7', at: { relative: '1 min ago' }, href: '/dashboard/profiles/worker' },
      { who: 'bert (token terraform)', href: '/dashboard/machines/52%3A54%3A00%3A55%3A1c%3Aee' },
      { who: 'root on this host', from: undefined, href: undefined },
      { who: 'admin token', target: 'anna', href: undefined },
    ]);
  });

  it('leads to all changes of its user, those by tokens included', () => {
    expect(data['rows']).toMatchObject([
      { whoHref: '/dashboard/activity?who=anna' },
      { whoHref: '/dashboard/activity?who=bert' },
      { whoHref: '/dashboard/activity?who=root%20on%20this%20host' },
      { whoHref: '/dashboard/activity?who=admin%20token' },
    ]);
  });

  it('has the lines that changed, all that were kept', () => {
    const lines = [' ', ' ', ' ', ' ', ' ', '-'].map((sign, i) => ({ sign: sign as ' ' | '-', text: String(i) }));
    const one = { id: 1, at: NOW, who: 'a', action: 'b', text: 'c', diff: [{ file: 'profiles/a.json', lines }] };
    expect(activityPage({ activities: [one] }, {}, NOW).data['rows']).toMatchObject([
      { files: [{ diff: { summary: '1 line removed', hunks: [{ skipped: undefined, lines: { length: 6 } }] } }] },
    ]);
  });
});

test('pages follow each other with the filters kept', () => {
  expect(activityPage({ ...view, next: 7 }, { who: 'anna', text: 'a&b' }, NOW).data).toMatchObject({
    first: undefined,
    next: '/dashboard/activity?who=anna&text=a%26b&after=7',
  });
  expect(activityPage(view, { text: 'x', after: 7 }, NOW).data).toMatchObject({
    first: '/dashboard/activity?text=x',
    next: undefined,
  });
});

describe('GET /dashboard/activity', () => {
  const asked = async (
    query: string,
    answer: Awaited<ReturnType<ReturnType<typeof sampleAdminService>['activities']>>,
  ) => {
    const { http, adminService } = operatorSetup(
      { activities: async () => answer, health: sampleAdminService(NOW).health },
      { pages: mountPages },
    );
    const { status, text } = await http.get(`/dashboard/activity${query}`).set('Authorization', BEARER);
    return { status, text, calls: adminService.calls.filter(([name]) => name === 'activities') };
  };

  it('asks for what the filters say', async () => {
    const { status, text, calls } = await asked('?who=anna&text=profiles%2Fworker&after=9', view);
    expect(status).toBe(200);
    expect(calls).toEqual([['activities', { who: 'anna', text: 'profiles/worker', after: 9, limit: 50 }]]);
    expect(text).toContain('value="profiles/worker"');
    expect(text).toContain('<ins><b>+</b>  &quot;version&quot;: &quot;4593.2.1&quot;,</ins>');
    expect(text).toContain('<a href="/dashboard/activity" aria-current="page">Activity</a>');
  });

  it.each(['?after=x', '?after=-1', '?after=1e3', '?after=1&after=2', '?who=', `?text=${'x'.repeat(300)}`])(
    'takes %s for no filter',
    async (query) => {
      const { status, calls } = await asked(query, view);
      expect(status).toBe(200);
      expect(calls).toEqual([['activities', { who: undefined, text: undefined, after: undefined, limit: 50 }]]);
    },
  );

  it('says that there is nothing, or that nothing is written down', async () => {
    expect((await asked('', { activities: [] })).text).toContain('Nothing was changed yet.');
    expect((await asked('?who=x', { activities: [] })).text).toContain('No change matches.');
    expect((await asked('', { activities: [], noJournal: 'the journal is off' })).text).toContain('the journal is off');
  });
});
