import { describe, expect, it } from 'vitest';
import { createStandingDesk } from '../../src/boot/standing-desk.ts';
import { byMac, MAC, NOON, openStand, TARGET, UUID } from '../machines/marks.ts';
import { factsOf, houseOf, nameOf } from '../support/house.ts';

const FILES = {
  'profiles/worker.json': {
    system: 'custom',
    kernel: 'k',
    install: { disk: '/dev/sda' },
    menu: 'Install a worker',
    nodes: [{ name: 'a', mac: MAC, uuid: UUID }],
  },
  'profiles/plain.json': { system: 'custom', kernel: 'k', install: { disk: '/dev/sda' } },
};
const MENU = { show: 'menu', timeoutSeconds: 0, choice: 'wait' } as const;
const STRANGER = '52:54:00:00:00:99';

async function open(unknown?: typeof MENU) {
  const { catalog } = await houseOf(FILES);
  const stand = await openStand();
  const desk = createStandingDesk({
    marks: stand.marks,
    installTries: 2,
    now: () => stand.clock.now,
    ...(unknown === undefined ? {} : { unknown }),
  });
  const kind = (told: Parameters<typeof factsOf>[0], choice?: string): string | undefined => {
    const question = { facts: factsOf(told), ...(choice === undefined ? {} : { choice: nameOf(choice) }) };
    return desk.find(question, catalog.current())?.standing.kind;
  };
  return { ...stand, desk, kind };
}

describe('profile and mark together', () => {
  it('take a machine through its life', async () => {
    const { marks, clock, kind, desk } = await open();
    const who = byMac(MAC, UUID);
    expect(kind({ mac: MAC })).toBe('install');
    for (const after of ['unfinished', 'stopped']) {
      await marks.offered(who, { ...TARGET, blind: false });
      expect(kind({ mac: MAC })).toBe('install');
      await marks.begun(who);
      expect(kind({ mac: MAC })).toBe(after);
      clock.now += 60_000;
    }
    expect(kind({ mac: MAC })).toBe('stopped');
    await marks.forget(who);
    expect(kind({ mac: MAC })).toBe('install');
    await marks.installed(who, TARGET);
    expect(kind({ mac: MAC })).toBe('local');
    expect(desk.generation()).toBe(marks.generation());
  });

  it('know a node again by any of its names', async () => {
    const { marks, kind } = await open();
    await marks.installed(byMac(), TARGET);
    expect(kind({ mac: STRANGER, uuid: UUID }), 'its second network card').toBe('local');
  });

  it('no marks: nothing is installed', async () => {
    const { catalog } = await houseOf(FILES);
    const desk = createStandingDesk({});
    expect(desk.find({ facts: factsOf({ mac: MAC }) }, catalog.current())?.standing).toMatchObject({
      attempt: 1,
      limit: 3,
    });
    expect(desk.generation()).toBe(0);
  });
});

describe('a machine that nobody knows', () => {
  it('is installed from the menu, and after that boots its disk without the menu', async () => {
    const { marks, kind } = await open(MENU);
    expect(kind({ mac: STRANGER })).toBeUndefined();
    expect(kind({ mac: STRANGER }, 'worker')).toBe('install');
    await marks.installed(byMac(STRANGER), TARGET);
    expect(kind({ mac: STRANGER })).toBe('local');
    expect(kind({ mac: STRANGER }, 'worker')).toBe('local');
  });

  it('gets the menu again when its installation did not finish', async () => {
    const { marks, kind } = await open(MENU);
    await marks.offered(byMac(STRANGER), { ...TARGET, blind: false });
    await marks.begun(byMac(STRANGER));
    expect(kind({ mac: STRANGER })).toBeUndefined();
    expect(kind({ mac: STRANGER }, 'worker')).toBe('unfinished');
  });

  it('is not remembered by what the menu does not offer, nor without a menu', async () => {
    const menu = await open(MENU);
    await menu.marks.installed(byMac(STRANGER), { ...TARGET, profile: 'plain' });
    expect(menu.kind({ mac: STRANGER })).toBeUndefined();
    const { marks, kind, clock } = await open();
    await marks.installed(byMac(STRANGER), TARGET);
    expect([kind({ mac: STRANGER }), clock.now]).toEqual([undefined, NOON]);
  });
});
