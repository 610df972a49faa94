import { describe, expect, it } from 'vitest';
import { releasesPage } from '../../../src/admin/web/releases-page.ts';
import { fakeReleases } from '../../support/fake-releases.ts';

const NOW = 1_800_000_000_000;
const view = fakeReleases(NOW);
const { data, summary } = releasesPage(view, NOW);

describe('releases', () => {
  it('tell whether a sync runs', () => {
    expect(summary).toBe('a sync is running');
    expect(releasesPage({ ...view, running: false }, NOW).summary).toBe('4 channels, no sync is running');
    expect(data).toMatchObject({ running: true, schedule: '17 4 * * *', next: { relative: 'in 7 h' } });
  });

  it('show a bar only of what is on its way', () => {
    expect(data['targets']).toMatchObject([
      { progress: { word: 'Published', bar: undefined } },
      { progress: { word: 'Fetching', bar: { text: '268 MiB of 415 MiB' } } },
      { progress: { word: 'Waiting', bar: undefined } },
      { progress: { word: 'Failed', failed: true, message: 'no good signature on SHA256SUMS' } },
    ]);
  });

  it('say why each shelf is kept, and which one goes', () => {
    expect(data['targets']).toMatchObject([
      {
        size: '1.2 GiB',
        canRollBack: true,
        shelves: [
          { kept: ['named by profiles/workers.json', 'booted 12 min ago'], goes: false },
          { goes: false },
          { goes: true },
        ],
      },
      { canRollBack: false },
      { held: expect.stringContaining('rolled back') as string },
      { shelves: [], canRollBack: false },
    ]);
  });

  it('tell what came of each run', () => {
    expect(data['runs']).toMatchObject([
      {
        going: true,
        ok: false,
        open: true,
        outcome: '4 steps so far',
        steps: [{ word: 'Plan', at: '+200 ms' }, { word: 'Found' }, { word: 'Verified' }, { word: 'Retry' }],
      },
      {
        ok: true,
        open: false,
        took: '2 min 34 s',
        outcome: '1 release published, 1 profile updated, 1 release removed',
      },
      { ok: false, going: false, failed: '1 channel' },
    ]);
  });

  it('say what to do while there are none', () => {
    expect(releasesPage({ running: false, targets: [], runs: [] }, NOW).data).toMatchObject({
      none: true,
      schedule: undefined,
      next: undefined,
    });
  });
});
