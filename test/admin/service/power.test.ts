import { expect, it } from 'vitest';
import { lifeAfter } from '../../../src/journal/life.ts';
import { Failure } from '../../../src/model/failure.ts';
import type { PowerControl } from '../../../src/power/power.ts';
import { MAC, NOW, adminSetup } from './setup.ts';

const FILES = {
  'profiles/disk.json': {
    ...{ system: 'custom', kernel: 'k', install: { disk: '/dev/sda' } },
    nodes: [{ name: 'w1', mac: MAC, power: { wol: {} } }],
  },
  'profiles/live.json': {
    system: 'custom',
    kernel: 'k',
    nodes: [{ name: 'l1', mac: '00:1b:21:00:00:02', power: { wol: {} } }],
  },
};

/** A switch that writes down what it was told; what fails is named. */
async function setup(fails?: 'boot' | 'cycle') {
  const told: string[] = [];
  const broken = new Failure('unavailable', 'no controller answers', { remedy: 'is it on?' });
  const power: PowerControl = {
    about: () => ({ by: 'IPMI', does: ['on', 'off', 'cycle', 'status'] }),
    async act(_machine, action) {
      told.push(action);
      if (fails === action) throw broken;
      return await Promise.resolve({ state: 'on', text: 'switched off and on by IPMI' });
    },
    async bootFromNetwork() {
      told.push('network');
      if (fails === 'boot') throw broken;
      return await Promise.resolve(true);
    },
  };
  const service = await adminSetup(FILES, { power });
  await service.marks.start();
  return { ...service, told, now: (name: string) => service.adminService.reinstallNow(name) };
}

it('reinstall now: the network, the mark, the power; the timeline has it', async () => {
  const { now, told, marks, journal } = await setup();
  expect(await now('w1')).toMatchObject({
    key: MAC,
    name: 'w1',
    at: NOW,
    fromNetwork: true,
    restarted: true,
    until: 'installed',
  });
  expect(told).toEqual(['network', 'cycle']);
  expect(marks.all()).toMatchObject([{ key: MAC, state: 'erase-pending' }]);
  expect(journal.recorded).toMatchObject([
    { kind: 'operator', action: 'reinstall' },
    { kind: 'operator', action: 'power', text: 'power cycle: switched off and on by IPMI', facts: { mac: MAC } },
  ]);
});

it('reinstall now marks no disk where the controller does not answer, or the profile installs nothing', async () => {
  const { now, marks } = await setup('boot');
  await expect(now('w1')).rejects.toMatchObject({ code: 'unavailable', message: 'no controller answers' });
  const other = await setup();
  await expect(other.now('l1')).rejects.toMatchObject({ code: 'conflict' });
  expect([marks.all(), other.marks.all(), other.told]).toEqual([[], [], []]);
});

it('reinstall now that cannot restart the machine says that its disk is marked, and how to take that back', async () => {
  const { now, marks, journal } = await setup('cycle');
  await expect(now('w1')).rejects.toMatchObject({
    message: 'no controller answers (is it on?)',
    remedy: expect.stringContaining('`pilotlight reinstall w1 --cancel`') as string,
  });
  expect(marks.all()).toMatchObject([{ state: 'erase-pending' }]);
  expect(journal.recorded.at(-1)).toMatchObject({ action: 'power', failed: true });
});

it('a machine that no profile names has no switch; switching changes no state', async () => {
  const { adminService } = await setup();
  await expect(adminService.power('00:1b:21:00:00:99', 'on')).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('no profile names 00:1b:21:00:00:99') as string,
  });
  const life = { state: 'up', since: 1, deadline: null } as const;
  const event = { kind: 'operator', action: 'power', text: 'power on', at: 5 } as const;
  expect(lifeAfter(life, event, 5)).toBe(life);
});
