import { expect, it } from 'vitest';
import { eventLine, reportText } from '../../src/cli/sync-text.ts';

const T = 'flatcar/stable/amd64';

it('says what a person should know', () => {
  expect(eventLine({ kind: 'plan', targets: [], skipped: [] })).toBe('no profile follows a channel\n');
  expect(eventLine({ kind: 'retry', target: T, file: 'a', attempt: 1, waitMs: 1500, why: 'HTTP 503' })).toBe(
    `${T}: asking again for a in 2 s: HTTP 503\n`,
  );
  expect(eventLine({ kind: 'verified', target: T, file: 'a', size: 1024, by: 'sha256' })).toBe(
    `${T}: a (1 KiB) verified: sha256\n`,
  );
  expect(eventLine({ kind: 'kept', target: T, profile: 'seed', why: 'why' })).toBe(
    `${T}: profile seed is left alone: why\n`,
  );
  expect(eventLine({ kind: 'failed', target: T, message: 'no' })).toBe(`${T}: no\n`);
  expect(eventLine({ kind: 'removed', shelf: 's', size: 1 })).toBe('removed images/s (1 B)\n');
  expect(eventLine({ kind: 'download', target: T, file: 'a', received: 1 })).toBeUndefined();
});

it('ends with a table', () => {
  const text = reportText({
    targets: [
      { target: T, profiles: ['a', 'b'], version: '1.2.3', outcome: 'would-fetch' },
      { target: 'talos/stable/amd64', profiles: ['t'], outcome: 'failed', message: 'x' },
    ],
    skipped: [{ profile: 'm', why: 'its "update" is "manual"' }],
    rewritten: [],
    removed: [],
    failed: 1,
  });
  expect(text).toBe(
    'CHANNEL               VERSION  RESULT            PROFILES\n' +
      'flatcar/stable/amd64  1.2.3    would be fetched  a, b\n' +
      'talos/stable/amd64             FAILED            t\n' +
      '\nprofile m is left alone: its "update" is "manual"\n',
  );
  expect(reportText({ targets: [], skipped: [], rewritten: [], removed: [], failed: 0 })).toBe('');
});
