import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { releasesPage, syncLine } from '../../../src/admin/web/releases-page.ts';
import type { SyncEvent } from '../../../src/model/sync-event.ts';
import { type FakeDashboard, openDashboard } from '../../support/fake-dashboard.ts';
import { fakeReleases } from '../../support/fake-releases.ts';

const target = 'flatcar/stable/amd64';
const CASES: readonly (readonly [SyncEvent, string])[] = [
  [{ kind: 'plan', targets: [], skipped: [] }, 'Plan: no profile follows a channel'],
  [{ kind: 'plan', targets: [{ target, system: 'flatcar', profiles: [] }], skipped: [] }, `Plan: ${target}`],
  [{ kind: 'found', target, version: '1', shelf: 's', files: 2, profiles: [] }, `Found: ${target} 1, 2 files`],
  [
    { kind: 'retry', target, file: 'f', attempt: 2, waitMs: 2000, why: 'cut' },
    `Retry: ${target}: f again in 2.0 s: cut`,
  ],
  [{ kind: 'verified', target, file: 'f', size: 1024, by: 'signed by X' }, 'Verified: f (1 KiB): signed by X'],
  [{ kind: 'published', target, shelf: 'a/1' }, 'Published: images/a/1'],
  [{ kind: 'rewritten', target, profile: 'p', from: '', to: '2' }, 'Updated: profile p from no version to 2'],
  [{ kind: 'rewritten', target, profile: 'p', from: '1', to: '2' }, 'Updated: profile p from 1 to 2'],
  [{ kind: 'kept', target, profile: 'p', why: 'manual' }, 'Left alone: profile p: manual'],
  [{ kind: 'note', target, message: 'm' }, `Note: ${target}: m`],
  [{ kind: 'failed', target, message: 'm' }, `Failed: ${target}: m`],
  [{ kind: 'removed', shelf: 'a/0', size: 2048 }, 'Removed: images/a/0 (2 KiB)'],
  [{ kind: 'done', report: { targets: [], skipped: [], rewritten: [], removed: [], failed: 0 } }, 'Done: 0 targets'],
];

test.each(CASES)('%j', (event, text) => {
  const line = syncLine(event);
  expect(`${line?.word ?? ''}: ${line?.text ?? ''}`).toBe(text);
  expect(line?.bad).toBe(event.kind === 'failed');
});

test('bytes that come in are no step', () => {
  expect(syncLine({ kind: 'download', target, file: 'f', received: 1 })).toBeUndefined();
});

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

describe('an upload', () => {
  let setup: FakeDashboard;
  beforeAll(async () => {
    setup = await openDashboard();
  });
  afterAll(async () => {
    await setup[Symbol.asyncDispose]();
  });
  const post = async (path: string, body: Buffer | URLSearchParams) =>
    await setup.get(`/dashboard/releases/upload${path}`, { method: 'POST', body });

  test('comes in pieces and is published by a form', async () => {
    setup.adminService.calls.length = 0;
    const { text } = await post('/begin', new URLSearchParams({ bytes: '5' }));
    expect(text.trim()).toMatch(/^a{32}$/);
    expect(await post(`/piece?upload=${text.trim()}&name=a.sig&at=0`, Buffer.from('12345'))).toMatchObject({
      status: 200,
    });
    const done = await post('', new URLSearchParams({ upload: text.trim(), channel: '', version: '', digests: 'x' }));
    expect([done.status, done.headers.get('location')]).toEqual([303, '/dashboard/releases?done=uploaded']);
    expect(setup.adminService.calls).toEqual(['beginUpload 5', 'uploadPiece a.sig 0 5', 'importUpload x']);
  });

  test('that is wrong is told in a line, and its form on the page', async () => {
    expect(await post('/begin', new URLSearchParams({ bytes: '-1' }))).toMatchObject({
      status: 400,
      text: '"bytes" is not a whole number\n',
    });
    expect((await post('/piece?upload=a&name=b&at=0', Buffer.alloc(8 * 2 ** 20 + 1))).status).toBe(413);
    const { status, text } = await post('', new URLSearchParams({ upload: '', digests: '' }));
    expect([status, text.includes('no file was uploaded'), text.includes('<h1>Releases</h1>')]).toEqual([
      400,
      true,
      true,
    ]);
  });
});
