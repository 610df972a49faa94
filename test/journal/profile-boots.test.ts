import { describe, expect, onTestFinished, test } from 'vitest';
import type { Decision } from '../../src/model/plan.ts';
import type { JournalEvent } from '../../src/model/journal-event.ts';
import { SILENT } from '../../src/model/service.ts';
import { openJournalDirectly } from '../../src/journal/create-journal.ts';
import type { MachineQuery } from '../../src/model/views.ts';
import {
  addressOf,
  databaseFile,
  databaseWithout,
  DAY,
  entryOf,
  openSetup,
  script,
  type Setup,
  T,
  tftp,
} from './setup.ts';

/** What `/?profile=NAME` records: no facts, no question. */
function byProfile(at: number, from: string, profile = 'a', more: Partial<Decision> = {}): JournalEvent {
  const decision: Decision = {
    outcome: 'boot',
    profile,
    because: `asked for profiles/${profile}.json by name`,
    ...more,
  };
  return { kind: 'script', at, from, decision, body: Buffer.from('#!ipxe\n') };
}

const seen = ({ store }: Setup, query: Partial<MachineQuery> = {}) =>
  store.machines({ limit: 10, ...query }, T).byProfile;

describe("boots by a profile's name", () => {
  test('are kept by address and profile, with their times and how often, newest first', () => {
    const at = openSetup();
    at.feed(byProfile(T, '10.0.0.7'), byProfile(T + 5, '10.0.0.8'), byProfile(T + 9, '10.0.0.7', 'b'));
    at.store.write([entryOf(byProfile(T + DAY, '10.0.0.8'), 3)]);
    expect(seen(at)).toEqual([
      { address: '10.0.0.8', profile: 'a', boots: 4, firstSeen: T + 5, lastSeen: T + DAY },
      { address: '10.0.0.7', profile: 'b', boots: 1, firstSeen: T + 9, lastSeen: T + 9 },
      { address: '10.0.0.7', profile: 'a', boots: 1, firstSeen: T, lastSeen: T },
    ]);
    expect(at.store.machines({ limit: 10 }, T)).toMatchObject({ machines: [], total: 0 });
  });

  test('one that waits says why, and asking again is no boot', () => {
    const at = openSetup();
    const because = 'asked for profiles/a.json by name, which installs';
    at.feed(byProfile(T, '10.0.0.7'));
    for (let i = 1; i <= 20; i += 1) at.feed(byProfile(T + i, '10.0.0.7', 'a', { outcome: 'waiting', because }));
    expect(seen(at)).toEqual([
      { address: '10.0.0.7', profile: 'a', boots: 1, firstSeen: T, lastSeen: T + 20, waits: because },
    ]);
    at.feed(byProfile(T + 30, '10.0.0.7'));
    expect(seen(at)).toEqual([{ address: '10.0.0.7', profile: 'a', boots: 2, firstSeen: T, lastSeen: T + 30 }]);
  });

  test('a machine that used the address a moment ago has them in its own history', () => {
    const at = openSetup();
    at.feed(script(T, 1, 'boot'), byProfile(T + 1, addressOf(1)), tftp(T + 2, 2));
    expect(seen(at)).toEqual([]);
    expect(at.store.machines({ limit: 10 }, T)).toMatchObject({ machines: [{ profile: 'a' }], total: 1 });
  });

  test('what was told for another reason than a name is none', () => {
    const at = openSetup();
    const unknown = { kind: 'script', at: T, from: '10.0.0.7', body: Buffer.from('#!ipxe\n') } as const;
    at.feed({ ...unknown, decision: { outcome: 'unknown', because: 'no profile is for it' } });
    const question = { facts: {}, origin: 'http://a' as never };
    at.feed(byProfile(T, '10.0.0.7', 'a', { question }));
    expect(seen(at)).toEqual([]);
  });

  test('a flood of addresses keeps the newest, and displaces no machine', () => {
    const at = openSetup({ unlisted: { unknown: 20, booted: 20 } });
    at.feed(script(T, 1, 'unknown'), script(T, 2, 'boot'));
    const flood = Array.from({ length: 700 }, (_, i) => entryOf(byProfile(T + i, `fd00::${i.toString(16)}`)));
    for (let from = 0; from < flood.length; from += 100) {
      const written = at.store.write(flood.slice(from, from + 100));
      expect(written).toMatchObject({ machines: [], newcomers: 0, removed: 0, byProfile: true, lost: 0 });
    }
    expect(seen(at)).toHaveLength(500);
    expect(seen(at)?.[0]).toMatchObject({ address: 'fd00::2bb' });
    expect(seen(at)?.at(-1)).toMatchObject({ address: 'fd00::c8' });
    expect(at.store.machines({ limit: 10 }, T)).toMatchObject({ total: 2, states: { unknown: 1, booting: 1 } });
  });

  test('those who watch look again, though it is about no machine', async () => {
    const journal = await openJournalDirectly({ file: databaseFile(), days: 90, log: SILENT });
    onTestFinished(() => journal.stop(AbortSignal.abort()));
    const heard: string[][] = [];
    journal.onWritten((machines) => heard.push([...machines]));
    journal.record(tftp(T, 1));
    await journal.flushed();
    journal.record(byProfile(T, '10.0.0.7'));
    await journal.flushed();
    expect(heard).toEqual([[]]);
  });

  test('go with the days of the journal', () => {
    const at = openSetup({ days: 10 });
    at.feed(byProfile(T, '10.0.0.7'), byProfile(T + DAY, '10.0.0.8'));
    while (at.store.age(T + 10 * DAY + 1));
    expect(seen(at)).toMatchObject([{ address: '10.0.0.8' }]);
  });

  test('stand beside the first page, and fit its text and profile; they have neither state nor tag', () => {
    const at = openSetup();
    at.feed(byProfile(T, '10.0.0.7', 'a-coreos'), byProfile(T, '10.0.0.8', 'b'));
    expect(seen(at, { text: ' COREOS' })).toMatchObject([{ address: '10.0.0.7' }]);
    expect(seen(at, { text: '0.0.8' })).toMatchObject([{ profile: 'b' }]);
    expect(seen(at, { profile: 'b' })).toMatchObject([{ address: '10.0.0.8' }]);
    expect(seen(at, { profile: 'nothing' })).toEqual([]);
    for (const query of [{ state: 'up' }, { tag: 'rack1' }, { skip: 50 }] as const)
      expect(seen(at, query)).toBeUndefined();
  });

  test('a database of before gets the table, and keeps what it has', () => {
    const at = openSetup({}, databaseWithout('profile_boot'));
    at.feed(byProfile(T, '10.0.0.7'));
    expect([seen(at)?.length, at.store.syncRuns(9).length]).toEqual([1, 1]);
  });
});
