import { describe, expect, test } from 'vitest';
import { underLock } from '../../../src/releases/sync-runner.ts';
import { originOf } from '../../support/app-context.ts';
import { bootOf, eventOf, flatcar, MAC, NOW, adminSetup, rowOf } from './setup.ts';
import { NEW, nodes, OLD, rolloutFolder } from '../../support/rollout-setup.ts';

const INSTALLS = flatcar([{ name: 'w1', mac: MAC }], { install: { disk: '/dev/sda' } });

describe('the list', () => {
  test('is the journal’s, with what it does not know', async () => {
    const setup = await adminSetup({});
    setup.journal.histories.set(MAC, { row: rowOf(), boots: [] });
    setup.deliveries.push({ key: MAC, file: 'f', received: 1, size: 2 });
    const page = await setup.adminService.machines({ limit: 10 });
    expect(page.machines).toMatchObject([{ key: MAC, vendor: 'Intel Corporate', download: { file: 'f' } }]);
    expect(page.states.unknown).toBe(1);
  });

  test('is made of the files when the journal is off', async () => {
    const setup = await adminSetup({ 'profiles/w.json': INSTALLS });
    setup.journal.on = false;
    expect((await setup.adminService.machines({ limit: 10 })).machines).toMatchObject([
      { key: MAC, name: 'w1', state: 'assigned', vendor: 'Intel Corporate' },
    ]);
    expect(await setup.adminService.machine(MAC, originOf())).toMatchObject({ row: { name: 'w1' }, boots: [] });
  });
});

describe('one machine', () => {
  test('with its history, what it was sent, and what it would be sent', async () => {
    const setup = await adminSetup({ 'profiles/w.json': flatcar([{ name: 'w1', mac: MAC }]) });
    const boots = [bootOf([eventOf({ kind: 'script', digest: 'd1' })])];
    setup.journal.histories.set(MAC, { row: rowOf(), boots });
    setup.journal.texts.set('d1', '#!ipxe\nold\n');
    const view = await setup.adminService.machine(MAC, originOf());
    expect(view).toMatchObject({ boots, row: { vendor: 'Intel Corporate' } });
    expect(view.because).toBe(`mac ${MAC} is node w1 of profiles/w.json`);
    expect(view.texts).toMatchObject([{ title: 'boot script', sentAt: NOW, sent: '#!ipxe\nold\n' }]);
    expect(view.texts[0]?.now).toMatch(/^#!ipxe\n/);
  });

  test('in a rollout: which wave is open, and which version it gets therefore', async () => {
    const listed = nodes(30).map((node) => (node.name === 'w7' ? { ...node, mac: MAC } : node));
    const { adminService, journal } = await adminSetup(rolloutFolder({ nodes: listed }));
    journal.histories.set(MAC, { row: rowOf(), boots: [] });
    const because = async (): Promise<string> => (await adminService.machine(MAC, originOf())).because;
    await adminService.rollout('w', { to: NEW });
    expect(await because()).toContain(`canaries: w7 gets the old version, ${OLD}`);
    for (let wave = 0; wave < 3; wave += 1) await adminService.rollout('w', { action: 'promote' });
    expect(await because()).toContain(`wave 3 of 3: w7 gets the new version, ${NEW}`);
  });

  test('that was never seen and that nobody names', async () => {
    const setup = await adminSetup({});
    await expect(setup.adminService.machine(MAC, originOf())).rejects.toMatchObject({ code: 'not-found' });
    setup.journal.on = false;
    await expect(setup.adminService.machine(MAC, originOf())).rejects.toMatchObject({ code: 'not-found' });
  });
});

test('a text by its digest, as long as it is kept', async () => {
  const setup = await adminSetup({});
  setup.journal.texts.set('d', '\u017d');
  expect(await setup.adminService.sent('d')).toBe('\u017d');
  await expect(setup.adminService.sent('e')).rejects.toMatchObject({
    code: 'not-found',
    remedy: expect.any(String) as string,
  });
});

describe('reinstall', () => {
  const target = { profile: 'w', disk: '/dev/sda' };

  test.each(['w1', MAC, MAC.toUpperCase()])('by %s', async (machine) => {
    const setup = await adminSetup({ 'profiles/w.json': INSTALLS });
    const who = { key: MAC, also: [], machine: {} };
    await setup.marks.installed(who, target);
    expect(await setup.adminService.reinstall(machine)).toEqual({ key: MAC, name: 'w1' });
    expect(setup.marks.of(who)?.state).toBe('erase-pending');
    expect(setup.journal.recorded).toMatchObject([{ kind: 'operator', action: 'reinstall', facts: { mac: MAC } }]);
  });

  test('a node that its profile knows by its UUID, named by the MAC that the journal saw', async () => {
    const uuid = 'c6c30f6a-4a1b-4337-8325-c4c2543ad437';
    const setup = await adminSetup({
      'profiles/w.json': flatcar([{ name: 'u', uuid }], { install: { disk: '/dev/sda' } }),
    });
    setup.journal.histories.set(MAC, { row: rowOf({ uuid }), boots: [] });
    const who = { key: `uuid:${uuid}`, also: [], machine: {} };
    await setup.marks.installed(who, target);
    expect(await setup.adminService.reinstall(MAC)).toEqual({ key: MAC, name: 'u' });
    expect(setup.marks.of(who)?.state).toBe('erase-pending');
  });

  test('nobody, and nothing to install', async () => {
    const setup = await adminSetup({ 'profiles/w.json': flatcar([{ name: 'w1', mac: MAC }]) });
    await expect(setup.adminService.reinstall('w2')).rejects.toMatchObject({ code: 'not-found' });
    await expect(setup.adminService.reinstall('w1')).rejects.toMatchObject({ code: 'conflict' });
    expect(setup.journal.recorded).toEqual([]);
  });
});

const image = (version: string, name: string): string => `images/flatcar/amd64/${version}/${name}`;
const release = (version: string): Readonly<Record<string, string | object>> => ({
  [image(version, 'flatcar_production_pxe.vmlinuz')]: 'k',
  [image(version, 'flatcar_production_pxe_image.cpio.gz')]: 'i',
  [image(version, '.pilotlight.json')]: { system: 'flatcar', channel: 'stable', arch: 'amd64', version, files: {} },
});
const FILES = { ...release('4593.2.4'), ...release('4593.2.5') };

test('a rollback is in force when the answer comes', async () => {
  const setup = await adminSetup({ ...FILES, 'profiles/w.json': flatcar() });
  expect(await setup.adminService.rollback('w')).toEqual({
    profile: 'w',
    from: '4593.2.5',
    to: '4593.2.4',
    heldAbove: '4593.2.5',
  });
  expect(setup.catalog.current().profiles.get('w')?.version).toBe('4593.2.4');
  await expect(setup.adminService.rollback('x')).rejects.toMatchObject({ code: 'not-found' });
});

test('a rollback while a sync runs is a conflict', async () => {
  const setup = await adminSetup({ ...FILES, 'profiles/w.json': flatcar() });
  const done = await underLock(setup.files, 'a sync', async () => {
    await expect(setup.adminService.rollback('w')).rejects.toMatchObject({ code: 'conflict' });
    return 'asked';
  });
  expect(done).toEqual({ kind: 'done', value: 'asked' });
  expect(setup.catalog.current().profiles.get('w')?.version).toBe('4593.2.5');
});
