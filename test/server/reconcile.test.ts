import { expect, it } from 'vitest';
import { reconcile } from '../../src/server/reconcile.ts';
import type { JournalEvent } from '../../src/model/journal-event.ts';
import type { MachineState } from '../../src/model/machine.ts';
import { byMac, claimAs, MAC, NOON, openStand, TARGET } from '../machines/marks.ts';
import { recordLog } from '../support/http-house.ts';

async function toldOf(state: MachineState | undefined, since = NOON - 1, on = true) {
  const { marks } = await openStand();
  await marks.installed(byMac(), TARGET);
  await claimAs(marks, byMac('52:54:00:00:00:02'));
  const told: JournalEvent[] = [];
  const row = state === undefined ? undefined : { key: MAC, state, since, boots: [] };
  const journal = {
    status: () => ({ on, lost: 0 }),
    record: (event: JournalEvent) => void told.push(event),
    machine: (key: string) => {
      expect(key).toBe(MAC);
      return Promise.resolve(row === undefined ? undefined : { row, boots: [] });
    },
  };
  const service = reconcile(marks, journal, recordLog());
  await service.start();
  // Waits for what it does; a long list would be cut short here.
  await new Promise((done) => setImmediate(done));
  await service.stop(AbortSignal.abort());
  return told;
}

it('tells the journal of machines that have reported and of which it does not know', async () => {
  const event = { kind: 'installed', at: NOON, facts: { mac: MAC } };
  expect(await toldOf('installing')).toEqual([event]);
  expect(await toldOf('failed')).toEqual([event]);
  expect(await toldOf(undefined)).toEqual([event]);
});

it('is silent where the journal knows, where it knows what came later, and where it is off', async () => {
  expect(await toldOf('installed')).toEqual([]);
  expect(await toldOf('up')).toEqual([]);
  expect(await toldOf('assigned', NOON + 1)).toEqual([]);
  expect(await toldOf('installing', NOON - 1, false)).toEqual([]);
});
