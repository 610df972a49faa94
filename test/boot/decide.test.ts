import { describe, expect, it, vi } from 'vitest';
import { createDecide, installStateOf } from '../../src/boot/decide.ts';
import type { Profile } from '../../src/model/profile.ts';
import { byMac, claimAs, MAC, NOON, openSetup, TARGET, UUID } from '../machines/marks.ts';
import { profileOf } from '../os/sample.ts';
import { factsOf, contextOf, nameOf, originOf } from '../support/app-context.ts';

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
  const { catalog } = await contextOf(FILES);
  const setup = await openSetup();
  const bootService = createDecide({
    marks: setup.marks,
    installTries: 2,
    now: () => setup.clock.now,
    unknown,
  });
  const kind = (told: Parameters<typeof factsOf>[0], choice?: string): string | undefined => {
    const question = { facts: factsOf(told), ...(choice === undefined ? {} : { choice: nameOf(choice) }) };
    return bootService.find(question, catalog.current())?.installState.kind;
  };
  return { ...setup, bootService, kind };
}

describe('profile and mark together', () => {
  it('take a machine through its life', async () => {
    const { marks, clock, kind } = await open();
    const who = byMac(MAC, UUID);
    expect(kind({ mac: MAC })).toBe('install');
    for (const after of ['unfinished', 'stopped']) {
      await claimAs(marks, who, undefined, clock.now);
      expect(kind({ mac: MAC })).toBe('install');
      await marks.begun(who);
      expect(kind({ mac: MAC })).toBe(after);
      clock.now += 60_000;
    }
    expect(kind({ mac: MAC })).toBe('stopped');
    await marks.reinstall(who, TARGET);
    expect(kind({ mac: MAC })).toBe('install');
    await claimAs(marks, who, undefined, clock.now);
    await marks.installed(who, TARGET);
    expect(kind({ mac: MAC })).toBe('local');
  });

  it('know a node again by any of its names', async () => {
    const { marks, kind } = await open();
    await marks.installed(byMac(), TARGET);
    expect(kind({ mac: STRANGER, uuid: UUID }), 'its second network card').toBe('local');
  });

  it.each([
    [[], 'installing'],
    [['report=http://10.0.0.1:4777/installed/52-54-00-55-1c-ee'], 'installing'],
    [['ks=http://10.0.0.1:4777/configs/a.ks'], 'installing'],
    [['root=live:http://10.0.0.1:4777/images/c/root.squashfs'], 'installing'],
    [['ks=http://10.0.0.1:4777/configs/a.ks?mac=52-54-00-55-1c-ee'], 'claimed'],
    [['ks=http://10.0.0.1:4777/configs/a.ks?profile=a&uuid=x'], 'claimed'],
    [['s=http://10.0.0.1:4777/nocloud/52-54-00-55-1c-ee/'], 'claimed'],
  ])(
    'a kernel from elsewhere with %j counts as begun by a document of its own, or by itself: %s',
    async (args, state) => {
      const { catalog } = await contextOf(FILES);
      const { marks } = await openSetup();
      const bootService = createDecide({ marks, claims: marks });
      const question = { facts: factsOf({ mac: MAC }), origin: originOf('10.0.0.1:4777'), asker: '10.0.0.7' };
      const decision = bootService.decide(question, catalog.current());
      const kernel = { kind: 'url', url: 'http://elsewhere/k' } as const;
      await bootService.claim({
        ...(decision ?? expect.unreachable()),
        plan: { kernel, initrds: [], extras: [], args },
      });
      expect(marks.of(byMac())?.state).toBe(state);
    },
  );

  it('no marks: nothing is installed', async () => {
    const { catalog } = await contextOf(FILES);
    const bootService = createDecide({});
    expect(bootService.find({ facts: factsOf({ mac: MAC }) }, catalog.current())?.installState).toMatchObject({
      attempt: 1,
      limit: 3,
    });
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
    await claimAs(marks, byMac(STRANGER));
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

describe('a machine that looks like another one', () => {
  const DEFAULT = {
    'profiles/def.json': { system: 'custom', kernel: 'k', default: true, install: { disk: '/dev/sda' } },
    'profiles/loc.json': { system: 'custom', kernel: 'k', boot: 'local', nodes: [{ name: 'prod2', mac: MAC }] },
  };

  async function openDefault() {
    const { catalog } = await contextOf(DEFAULT);
    const setup = await openSetup();
    const { marks } = setup;
    const bootService = createDecide({ marks, claims: marks, now: () => setup.clock.now });
    const look = (told: Parameters<typeof factsOf>[0]) =>
      bootService.find({ facts: factsOf(told) }, catalog.current())?.installState;
    const ask = (told: Parameters<typeof factsOf>[0]): void => {
      const question = { facts: factsOf(told), asker: '10.0.0.7', origin: originOf() };
      const decision = bootService.decide(question, catalog.current());
      if (decision !== undefined) bootService.saw(decision, catalog.current());
    };
    return { ...setup, look, ask };
  }

  it('case 02-second-nic-default-install: the second card of an installed machine waits', async () => {
    const { marks, look } = await openDefault();
    await marks.installed(byMac(STRANGER, UUID), { profile: 'def', disk: '/dev/sda' });
    expect(look({ mac: '52:54:00:00:00:98', uuid: UUID })).toMatchObject({ kind: 'alike', by: 'uuid' });
    expect(look({ mac: '52:54:00:00:00:98' })?.kind).toBe('install');
  });

  it('case 02-second-nic-default-install: the second card of a listed machine waits', async () => {
    const { marks, look, ask } = await openDefault();
    ask({ mac: MAC, uuid: UUID });
    await vi.waitFor(() => {
      expect(marks.all()).toMatchObject([{ key: MAC, state: 'seen' }]);
    });
    expect(look({ mac: STRANGER, uuid: UUID })).toMatchObject({ kind: 'alike', by: 'uuid', mark: { key: MAC } });
    expect(look({ mac: MAC, uuid: UUID })).toEqual({ kind: 'local' });
  });

  it('is no machine of a whole product line that shares its UUID and serial number', async () => {
    const { marks, look, ask } = await openDefault();
    const shared = { uuid: '03000200-0400-0500-0006-000700080009', serial: 'To be filled by O.E.M.' };
    ask({ mac: MAC, ...shared });
    expect(marks.all()).toEqual([]);
    expect(look({ mac: STRANGER, ...shared })?.kind).toBe('install');
    expect(look(shared)?.kind, 'by these alone it cannot be told from others').toBe('nameless');
  });

  it('and one that a broken file names waits, whatever was chosen at its screen', async () => {
    const broken = `{ "versoin": 1, "nodes": [{ "name": "a", "mac": "${STRANGER}" }] }`;
    const { catalog } = await contextOf({ ...FILES, 'profiles/broken.json': broken });
    const { marks } = await openSetup();
    await marks.installed(byMac(STRANGER), TARGET);
    const bootService = createDecide({ marks, unknown: MENU });
    const facts = factsOf({ mac: STRANGER });
    expect(bootService.find({ facts }, catalog.current())).toBeUndefined();
    expect(bootService.find({ facts, choice: nameOf('worker') }, catalog.current())).toBeUndefined();
  });
});

const WORKER: Profile = profileOf({ name: nameOf('worker'), install: { disk: '/dev/sda' } });
const LIVE: Profile = profileOf({});
const LIFE = { kind: 'install', target: TARGET, attempt: 1, limit: 3 } as const;

function asked(): never {
  throw new TypeError('nobody asks for a life that does not matter');
}

it('without an installation a machine boots its image, or its disk where its profile says so', () => {
  expect(installStateOf({ profile: LIVE }, asked)).toEqual({ kind: 'boot' });
  expect(installStateOf({ profile: { ...LIVE, boot: 'local' } }, asked)).toEqual({ kind: 'local' });
  expect(installStateOf({ profile: { ...WORKER, boot: 'local' } }, asked)).toEqual({ kind: 'local' });
});

it('where its profile installs, its life decides; what says nothing of itself would be installed at each boot', () => {
  expect(installStateOf({ profile: WORKER }, () => LIFE)).toBe(LIFE);
  expect(installStateOf({ profile: WORKER }, () => undefined)).toEqual({ kind: 'nameless' });
});
