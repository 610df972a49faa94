import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AdminClient } from '../../src/admin/client/client.ts';
import { machineList, keyOf, withAdminClient } from '../../src/cli/admin-call.ts';
import { SILENT } from '../../src/model/service.ts';
import { openJournalDirectly } from '../../src/journal/create-journal.ts';
import type { MachinePage, MachineQuery, MachineRow } from '../../src/model/views.ts';
import { makeFolder } from '../support/folder.ts';
import { settingsFor } from '../support/app-context.ts';
import { pageOf } from '../admin/service/setup.ts';

const MAC = '52:54:00:00:00:01';
const row = (key: string, name?: string): MachineRow => ({
  key,
  state: 'up',
  boots: [],
  name,
});

function adminClient(rows: readonly MachineRow[]) {
  const queries: MachineQuery[] = [];
  return {
    queries,
    machines: (query: MachineQuery): Promise<MachinePage> => {
      queries.push(query);
      const start = Number(query.after ?? 0);
      const found = rows.filter(({ name, key }) =>
        `${name ?? ''} ${key}`.toLowerCase().includes((query.text ?? '').toLowerCase()),
      );
      const next = start + query.limit < found.length ? { next: String(start + query.limit) } : {};
      return Promise.resolve({ ...pageOf(found.slice(start, start + query.limit)), ...next });
    },
  };
}

test('all machines, a page after the other', async () => {
  const many = Array.from({ length: 1100 }, (_, i) => row(`serial:${i}`));
  const asked = adminClient(many);
  expect((await machineList(asked, { state: 'up' })).machines).toEqual(many);
  expect(asked.queries).toEqual([
    { state: 'up', limit: 500 },
    { state: 'up', limit: 500, after: '500' },
    { state: 'up', limit: 500, after: '1000' },
  ]);
});

test("boots by a profile's name come with the first page alone, and stay", async () => {
  const many = Array.from({ length: 600 }, (_, i) => row(`serial:${i}`));
  const { machines } = adminClient(many);
  const byProfile = [{ address: '10.0.0.7', profile: 'a', boots: 1, firstSeen: 0, lastSeen: 0 }];
  const list = await machineList(
    {
      machines: async (query) => ({ ...(await machines(query)), ...(query.after === undefined ? { byProfile } : {}) }),
    },
    {},
  );
  expect([list.machines.length, list.byProfile]).toEqual([600, byProfile]);
});

describe('the machine that somebody means', () => {
  const rows = [
    row(MAC, 'w1'),
    row('serial:7', 'w10'),
    row('serial:8', 'twin'),
    row('serial:9', 'TWIN'),
    row('serial:w1'),
  ];

  test.each([
    ['5254.0000.0001', MAC],
    ['52:54:00:00:00:99', '52:54:00:00:00:99'],
    ['serial:abc', 'serial:abc'],
    ['W1', MAC],
    ['w10', 'serial:7'],
  ])('%s', async (text, key) => {
    expect(await keyOf(adminClient(rows), text)).toBe(key);
  });

  test('nobody, with the one that was probably meant; and two at once', async () => {
    await expect(keyOf(adminClient(rows), 'w2')).rejects.toMatchObject({
      code: 'not-found',
      remedy: 'did you mean "w1"?',
    });
    await expect(keyOf(adminClient([]), 'x')).rejects.toMatchObject({ code: 'not-found' });
    await expect(keyOf(adminClient(rows), 'twin')).rejects.toMatchObject({
      code: 'conflict',
      remedy: 'name it by its MAC: serial:8, serial:9',
    });
  });
});

test('nothing is left open, also after a failure', async () => {
  const dir = makeFolder();
  const file = join(dir, 'state/pilotlight.db');
  await (await openJournalDirectly({ file, days: 1, log: SILENT })).stop(AbortSignal.timeout(5000));
  const settings = settingsFor(dir, { journal: { on: true, days: 1 } });
  // The log beside the database is there for as long as somebody has it open.
  const isOpen = (): boolean => existsSync(`${file}-wal`);
  const look = async (client: AdminClient) => {
    await client.machines({ limit: 1 });
    return [client.at, isOpen()];
  };
  expect(await withAdminClient(settings, look)).toEqual(['files', true]);
  await expect.poll(isOpen).toBe(false);
  const failing = async (client: AdminClient) => {
    await look(client);
    throw new TypeError('x');
  };
  await expect(withAdminClient(settings, failing)).rejects.toThrow('x');
  await expect.poll(isOpen).toBe(false);
});
