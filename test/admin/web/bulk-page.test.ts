import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BULK_ACTIONS } from '../../../src/admin/web/bulk-actions.ts';
import { createBulkRuns } from '../../../src/admin/web/bulk-page.ts';
import { Failure } from '../../../src/model/failure.ts';
import { SILENT } from '../../../src/model/service.ts';
import { openDashboard, type FakeDashboard } from '../../support/fake-dashboard.ts';

const PATH = '/dashboard/machines/bulk';

let setup: FakeDashboard;
beforeAll(async () => {
  setup = await openDashboard();
});
afterAll(async () => {
  await setup[Symbol.asyncDispose]();
});
beforeEach(() => {
  setup.adminService.calls.length = 0;
});

const keyOf = (name: string): string => setup.adminService.rows.find((row) => row.name === name)?.key ?? '';

/** A form with fields that may be there more than once. */
async function post(path: string, fields: readonly (readonly [string, string])[]) {
  return await setup.get(path, { method: 'POST', body: new URLSearchParams(fields as [string, string][]) });
}

async function asked(action: string, names: readonly string[]) {
  return await post(PATH, [['action', action], ...names.map((name) => ['machine', keyOf(name)] as const)]);
}

/** What the question's own form would send. */
function answerOf(text: string): readonly (readonly [string, string])[] {
  return [...text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)].map(([, a = '', b = '']) => [a, b]);
}

describe('a question about many machines', () => {
  test('names what is erased, of how many, and who is left out and why', async () => {
    const { status, text } = await asked('reinstall', ['store1', 'store2', 'lab1', 'w1']);
    expect(status).toBe(200);
    expect(text).toContain('<h1>Reinstall: 3 machines</h1>');
    expect(text).toMatch(/The disk \/dev\/nvme0n1 of 2 machines of profile storage-ubuntu is erased/);
    expect(text).toMatch(/Left out: 1 machine<[^]*>w1<\/a> <span class="soft">profile workers installs nothing</);
    // What the profile lacks is said before.
    expect(text).toContain('storage-ubuntu: ');
    expect(text).toContain('Erase and reinstall 3 machines');
    expect(setup.adminService.calls).toEqual([]);
  });

  test.each([
    ['power-off', ['w1', 'edge1', 'lab1'], /edge1[^]*Wake-on-LAN cannot switch it off[^]*lab1[^]*its node has no/],
    ['power-cycle', ['edge1'], /done to none of the chosen machines[^]*Wake-on-LAN cannot switch it off and on/],
    ['power-on', ['edge1', 'w1'], /It happens at once, by Wake-on-LAN, IPMI\.[^]*Switch on: 2 machines/],
    ['reinstall-now', ['store1', 'lab1'], /lab1[^]*its node has no[^]*Erase and reinstall 1 machine now/],
  ])('%s of %j', async (action, names, told) => {
    expect((await asked(action, names)).text).toMatch(told);
  });

  test('about unknown machines and others', async () => {
    const unknown = setup.adminService.rows.filter(({ state }) => state === 'unknown').map(({ key }) => key);
    const boxes = [...unknown, keyOf('w1')].map((key) => ['machine', key] as const);
    const { text } = await post(PATH, [['action', 'adopt'], ...boxes]);
    expect(text).toMatch(/3 unknown machines: adopted[^]*1 machine: moved[^]*<select id="bulk-profile"/);
    expect(text).toContain('storage-ubuntu (Ubuntu, installs)');
    expect((await post(PATH, [['action', 'power-on'], ...boxes])).text).toContain(
      'no profile names it, so its power switch',
    );
  });

  test('about all that match the filter', async () => {
    const { text } = await post(PATH, [
      ['action', 'power-off'],
      ['all', '1'],
      ['tag', 'gpu'],
      ['state', 'up'],
    ]);
    const names = setup.adminService.rows.filter((row) => row.tags?.includes('gpu') === true && row.state === 'up');
    expect(text).toContain(`<h1>Switch off: ${names.length} machines</h1>`);
  });

  test('is none of too many', async () => {
    const { machines } = setup.adminService;
    setup.adminService.machines = async (query) => ({ ...(await machines(query)), total: 501 });
    const { status, text } = await post(PATH, [
      ['action', 'power-off'],
      ['all', '1'],
    ]);
    setup.adminService.machines = machines;
    expect([status, text.includes('501 machines match, and at most 500')]).toEqual([400, true]);
  });

  test.each([
    [[['action', 'power-off']], 'no machine is chosen'],
    [
      [
        ['action', 'format'],
        ['all', '1'],
      ],
      'cannot be done to many machines',
    ],
    [[['all', '1']], 'the field &quot;action&quot; is missing'],
    [
      [
        ['action', 'power-on'],
        ['machine', 'nonsense'],
      ],
      'the list of machines cannot be read',
    ],
  ] as const)('with %j is refused', async (fields, told) => {
    const { status, text } = await post(PATH, fields);
    expect([status, text.includes(told)]).toEqual([400, true]);
  });
});

describe('the answer', () => {
  test('is done to each, and its result can be looked at again', async () => {
    const { text } = await asked('reinstall', ['store1', 'w1', 'store2']);
    const { status, headers } = await post(`${PATH}/run`, answerOf(text));
    expect(status).toBe(303);
    expect(setup.adminService.calls).toEqual([`reinstall ${keyOf('store1')}`, `reinstall ${keyOf('store2')}`]);
    const result = await setup.get(headers.get('location') ?? '');
    expect(result.text).toMatch(/Reinstall: 2 machines[^]*2 done[^]*store1[^]*Done[^]*will be erased at its next boot/);
  });

  test('puts machines into a profile, and says which it could not', async () => {
    const { text } = await asked('adopt', ['w1', 'w2']);
    const { adopt } = setup.adminService;
    setup.adminService.adopt = (adoption) => {
      if (adoption.key !== keyOf('w2')) return adopt(adoption);
      throw new Failure('conflict', 'profiles/workers.json was changed just now', { remedy: 'try again' });
    };
    const fields = [...answerOf(text), ['profile', 'edge-canary'] as const];
    const { headers } = await post(`${PATH}/run`, fields);
    setup.adminService.adopt = adopt;
    const result = await setup.get(headers.get('location') ?? '');
    expect(result.text).toMatch(/1 done, 1 failed[^]*w2<[^]*Failed[^]*was changed just now[^]*w1<[^]*Done/);
    expect((await post(`${PATH}/run`, answerOf(text))).text).toContain('the field &quot;profile&quot; is missing');
  });

  test('that is not kept any more is a page', async () => {
    const { status, text } = await setup.get(`${PATH}/0123456789abcdef`);
    expect([status, text.includes('not kept any more'), text.includes('/dashboard/activity')]).toEqual([
      404,
      true,
      true,
    ]);
    for (const path of [PATH, `${PATH}/run`]) {
      const { status: moved, headers } = await setup.get(path);
      expect([moved, headers.get('location')]).toEqual([303, '/dashboard/machines']);
    }
  });
});

test('controllers are asked eight at a time, and a page comes before slow ones are done', async () => {
  const off = BULK_ACTIONS.find(({ name }) => name === 'power-off');
  if (off === undefined) throw new Error('no such action');
  const ends: (() => void)[] = [];
  let [running, most] = [0, 0];
  const adminService = {
    ...setup.adminService,
    power: async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => ends.push(resolve));
      running -= 1;
      return { key: 'a', text: 'power is off' };
    },
  };
  const runs = createBulkRuns({ adminService, log: SILENT });
  const machines = Array.from({ length: 12 }, (_, n) => ({ key: `serial:${String(n)}`, title: `m${String(n)}` }));
  const run = await runs.begin(off, machines, '');
  expect([most, run.items.filter(({ state }) => state === 'waiting').length]).toEqual([8, 12]);
  while (run.items.some(({ state }) => state === 'waiting')) {
    ends.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect([most, runs.get(run.id)?.items.every(({ state }) => state === 'done')]).toEqual([8, true]);
});
