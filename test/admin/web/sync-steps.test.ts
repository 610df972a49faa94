import { expect, test } from 'vitest';
import { syncLine } from '../../../src/admin/web/sync-steps.ts';
import type { SyncEvent } from '../../../src/model/sync-event.ts';

const target = 'flatcar/stable/amd64';
const CASES: readonly (readonly [SyncEvent, string])[] = [
  [{ kind: 'plan', targets: [], skipped: [] }, 'Plan: no profile follows a channel'],
  [{ kind: 'plan', targets: [{ target, system: 'flatcar', profiles: [] }], skipped: [] }, `Plan: ${target}`],
  [{ kind: 'found', target, version: '1', shelf: 's', files: 2, profiles: [] }, `Found: ${target} 1, 2 files`],
  [
    { kind: 'retry', target, file: 'f', attempt: 2, waitMs: 2000, why: 'cut' },
    `Retry: ${target}: f again in 2.0 s: cut`,
  ],
  [{ kind: 'verified', target, file: 'f', size: 1024, by: 'signed by X' }, 'Verified: f (1.0 KiB): signed by X'],
  [{ kind: 'published', target, shelf: 'a/1' }, 'Published: images/a/1'],
  [{ kind: 'rewritten', target, profile: 'p', from: '', to: '2' }, 'Updated: profile p from no version to 2'],
  [{ kind: 'rewritten', target, profile: 'p', from: '1', to: '2' }, 'Updated: profile p from 1 to 2'],
  [{ kind: 'kept', target, profile: 'p', why: 'manual' }, 'Left alone: profile p: manual'],
  [{ kind: 'note', target, message: 'm' }, `Note: ${target}: m`],
  [{ kind: 'failed', target, message: 'm' }, `Failed: ${target}: m`],
  [{ kind: 'removed', shelf: 'a/0', size: 2048 }, 'Removed: images/a/0 (2.0 KiB)'],
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
