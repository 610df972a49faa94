import { describe, expect, test } from 'vitest';
import { followSync } from '../../../src/admin/client/remote.ts';
import type { SyncSteps } from '../../../src/model/release-views.ts';
import type { SyncEvent } from '../../../src/model/sync-event.ts';

const REPORT = { targets: [], skipped: [], rewritten: [], removed: [], failed: 0 };
const plan: SyncEvent = { kind: 'plan', targets: [], skipped: [] };
const done: SyncEvent = { kind: 'done', report: REPORT };

/** A server that answers what a test says, in this order. */
function follow(begun: object, answers: readonly (SyncSteps | object)[], allowDowngrade?: boolean) {
  const asked: unknown[] = [];
  const told: SyncEvent[] = [];
  const left = [...answers];
  const ended = followSync(
    {
      get: async (path) => {
        asked.push(path);
        return left.shift();
      },
      post: async (path, body) => {
        asked.push([path, body]);
        return begun;
      },
    },
    {
      signal: new AbortController().signal,
      emit: (event) => told.push(event),
      options: allowDowngrade === undefined ? {} : { allowDowngrade },
    },
  );
  return { asked, told, ended };
}

describe('followSync', () => {
  test('asks for each step once, leaves out what a newer server may tell, gives the report', async () => {
    const strange = { kind: 'sung', target: 't' };
    const { asked, told, ended } = follow(
      { started: true, run: 5 },
      [
        { steps: [plan, strange], last: 2 },
        { steps: [done], last: 3, end: { kind: 'done' } },
      ],
      true,
    );
    expect(await ended).toEqual({ kind: 'done', value: REPORT });
    expect(told).toEqual([plan, done]);
    expect(asked).toEqual([
      ['/sync', { allowDowngrade: true }],
      '/sync/steps?run=5&after=0',
      '/sync/steps?run=5&after=2',
    ]);
  });

  test('a server that begins none', async () => {
    const busy = await follow({ started: false, run: 5 }, []).ended;
    expect(busy).toEqual({
      kind: 'busy',
      message: 'a sync of the server is running already, since 1970-01-01T00:00:00.005Z',
    });
    expect(await follow({ started: false }, []).ended).toMatchObject({ kind: 'busy' });
  });

  test.each([
    [{ kind: 'broken', message: 'why' }, 'the sync of the server ended early: why'],
    [{ kind: 'done' }, 'the sync of the server ended early: no report'],
  ])('an end without a report: %j', async (end, message) => {
    const { ended } = follow({ started: true, run: 5 }, [{ steps: [plan], last: 1, end }]);
    await expect(ended).rejects.toMatchObject({ code: 'unavailable', message });
  });
});
