import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/model/failure.ts';
import { originOf } from '../../support/app-context.ts';
import { openDashboard, type FakeDashboard } from '../../support/fake-dashboard.ts';

let setup: FakeDashboard;
beforeEach(async () => {
  setup = await openDashboard();
});
afterEach(async () => {
  await setup[Symbol.asyncDispose]();
});
const keyOf = (name: string): string => setup.adminService.rows.find((row) => row.name === name)?.key ?? '';
const unknown = (): string => setup.adminService.rows.find((row) => row.state === 'unknown')?.key ?? '';
const pathOf = (key: string): string => `/dashboard/machines/${encodeURIComponent(key)}`;

describe('the table', () => {
  it('asks the admin service for what the address says', async () => {
    const asked: unknown[] = [];
    const page = await setup.adminService.machines({ limit: 50 });
    setup.adminService.machines = async (query) => {
      asked.push(query);
      return page;
    };
    await setup.get('/dashboard/machines?text=dell&state=up&profile=workers&tag=gpu&sort=-name&page=3');
    await setup.get('/dashboard/machines?state=nonsense&text=&sort=x&page=-1');
    expect(asked).toEqual([
      { text: 'dell', state: 'up', profile: 'workers', tag: 'gpu', sort: '-name', skip: 100, limit: 50 },
      { skip: 0, limit: 50 },
      { state: 'unknown', limit: 6 },
    ]);
  });

  it('has the boot URL in its empty state', async () => {
    await using empty = await openDashboard({ empty: true });
    const { text } = await empty.get('/dashboard/machines');
    expect(text).toContain('No machine was seen yet');
    expect(text).toContain(`chain ${empty.url}/boot.ipxe`);
    expect(text).toContain('href="/dashboard/new-profile"');
  });
});

describe('a machine', () => {
  it('is found by its MAC in any spelling', async () => {
    const { status, text } = await setup.get(pathOf(keyOf('w1').replaceAll(':', '-').toUpperCase()));
    expect([status, text.includes('<h1>w1</h1>')]).toEqual([200, true]);
  });

  it('that nobody has seen is a page that says so', async () => {
    expect((await setup.get(pathOf('00:00:00:00:00:01'))).status).toBe(404);
    expect((await setup.get(pathOf('<script>'))).status).toBe(400);
  });
});

describe('another profile for one boot', () => {
  it('is chosen on the page of the machine, and asked for on a page of its own', async () => {
    const page = pathOf(keyOf('w1'));
    const { text } = await setup.get(page);
    expect(text).toContain(`<form class="inline" method="get" action="${page}/boot-once">`);
    expect(text).toContain('<option value="storage">storage (erases /dev/nvme0n1)</option>');
    const live = await setup.get(`${page}/boot-once?profile=memtest`);
    expect(live.text).toContain('Let w1 boot memtest at its next boot?');
    expect(live.text).not.toContain('erased');
    const install = await setup.get(`${page}/boot-once?profile=storage`);
    expect(install.text).toContain('The disk /dev/nvme0n1 is erased, with everything on it.');
    expect(install.text).toContain('<input type="hidden" name="erases" value="/dev/nvme0n1">');
    expect(setup.adminService.calls).toEqual([]);
  });

  it.each([
    [{ profile: 'memtest' }, 'memtest'],
    [{ profile: 'storage', erases: '/dev/nvme0n1' }, 'storage, erase'],
  ])('%j is set, and told', async (fields, call) => {
    const page = pathOf(keyOf('w1'));
    const { status, headers } = await setup.post(`${page}/boot-once`, fields);
    expect([status, headers.get('location')]).toEqual([303, `${page}?done=boot-once`]);
    expect(setup.adminService.calls).toEqual([`bootOnce ${keyOf('w1')} ${call}`]);
  });

  it.each(['', '?profile=', '?profile=nonsense', '?profile=<b>'])('%j is none of them', async (query) => {
    expect((await setup.get(`${pathOf(keyOf('w1'))}/boot-once${query}`)).status).toBe(409);
  });
});

describe('the power of a machine', () => {
  it.each([
    ['power-on', 'power-on', 'power on'],
    ['power-status', 'power-is-on', 'power status'],
    ['power-off', 'power-off', 'power off'],
    ['power-cycle', 'power-cycle', 'power cycle'],
    ['reinstall-now', 'reinstall-now', 'reinstallNow'],
  ])('%s does it, and says so', async (form, done, call) => {
    const key = keyOf('w1');
    const { status, headers } = await setup.post(`${pathOf(key)}/${form}`, {});
    expect([status, headers.get('location')]).toEqual([303, `${pathOf(key)}?done=${done}`]);
    expect(setup.adminService.calls).toEqual([`${call} ${key}`]);
  });

  it.each(['power-off', 'power-cycle', 'reinstall-now'])('%s is asked for on a page of its own first', async (form) => {
    const { status, text } = await setup.get(`${pathOf(keyOf('w1'))}/${form}`);
    expect([status, text.includes('IPMI')]).toEqual([200, true]);
    expect(setup.adminService.calls).toEqual([]);
    expect((await setup.get(`${pathOf(keyOf('w1'))}/power-on`)).status).toBe(405);
  });

  it('has buttons only for what can be done', async () => {
    const key = keyOf('w1');
    expect((await setup.get(pathOf(key))).text).toMatch(
      /Switched by IPMI[^]*Is it on\?[^]*Switch on[^]*Restart\.\.\.[^]*Switch off\.\.\./,
    );
    const view = await setup.adminService.machine(key, originOf());
    setup.adminService.machine = () =>
      Promise.resolve({ ...view, row: { ...view.row, power: { by: 'Wake-on-LAN', does: ['on'] } } });
    const { text } = await setup.get(pathOf(key));
    expect(text).toContain('Switch on');
    expect(text).not.toMatch(/Is it on|Switch off|Restart\.\.\./);
    setup.adminService.machine = () => Promise.resolve({ ...view, row: { ...view.row, power: undefined } });
    expect((await setup.get(pathOf(key))).text).not.toContain('Switch on');
  });

  it('that fails is a page that says why', async () => {
    setup.adminService.power = () =>
      Promise.reject(new Failure('unavailable', 'no IPMI controller answers at 10.0.0.9', { remedy: 'is it on?' }));
    const { status, text } = await setup.post(`${pathOf(keyOf('w1'))}/power-on`, {});
    expect([status, text.includes('no IPMI controller answers at 10.0.0.9')]).toEqual([503, true]);
  });
});

describe('adopting', () => {
  it('writes it down and leads back to the machine', async () => {
    const { status, headers } = await setup.post(`${pathOf(unknown())}/adopt`, { profile: 'workers', name: 'w16' });
    expect([status, headers.get('location')]).toEqual([
      303,
      `${pathOf(setup.adminService.calls[0]?.split(' ')[1] ?? '')}?done=adopted`,
    ]);
    expect(setup.adminService.calls[0]).toMatch(/^adopt \S+ workers w16$/);
  });

  it('of a known machine is a change of profile', async () => {
    const { headers } = await setup.post(`${pathOf(keyOf('w1'))}/adopt`, { profile: 'rescue', name: 'w1' });
    expect(headers.get('location')).toMatch(/\?done=moved$/);
  });

  it('that fails keeps what was typed', async () => {
    const { status, text } = await setup.post(`${pathOf(unknown())}/adopt`, { profile: 'edge-canary', name: 'taken' });
    expect(status).toBe(409);
    expect(text).toContain('has a node taken already');
    expect(text).toContain('choose another name');
    expect(text).toContain('value="taken"');
    expect(text).toContain('<option value="edge-canary" selected>');
  });

  it('into nothing is refused on the same page', async () => {
    const { status, text } = await setup.post(`${pathOf(unknown())}/adopt`, { name: 'x1' });
    expect([status, text.includes('value="x1"')]).toEqual([400, true]);
    expect(setup.adminService.calls).toEqual([]);
  });
});

describe('reinstalling', () => {
  it('asks first and names the disk', async () => {
    const { text } = await setup.get(`${pathOf(keyOf('store1'))}/reinstall`);
    expect(text).toContain('The disk /dev/nvme0n1 is erased');
    expect(setup.adminService.calls).toEqual([]);
  });

  it('asks also where the profile cannot be read', async () => {
    setup.adminService.profile = async () => {
      throw new Failure('not-found', 'gone');
    };
    expect((await setup.get(`${pathOf(keyOf('store1'))}/reinstall`)).text).toContain('Erase and reinstall');
  });

  it('is done by a POST', async () => {
    const { headers } = await setup.post(`${pathOf(keyOf('store1'))}/reinstall`, {});
    expect(setup.adminService.calls).toEqual([`reinstall ${keyOf('store1')}`]);
    expect(headers.get('location')).toBe(`${pathOf(keyOf('store1'))}?done=reinstall`);
  });
});

it('releasing asks first, then does it', async () => {
  const path = `${pathOf(keyOf('w1'))}/release`;
  expect((await setup.get(path)).text).toContain('Take w1 out of profile workers?');
  expect(setup.adminService.calls).toEqual([]);
  expect((await setup.post(path, {})).headers.get('location')).toMatch(/\?done=released$/);
  expect(setup.adminService.calls).toHaveLength(1);
});
