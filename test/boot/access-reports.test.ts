import { describe, expect, test } from 'vitest';
import { factsOf } from '../support/app-context.ts';
import {
  type AccessSetup,
  AT,
  D1,
  FOLDER,
  openAccess,
  OTHER,
  question,
  STRANGER,
  tokenIn,
  W1,
} from './access-setup.ts';

const REFUSED = { code: 'refused' };
const D1_AT = '10.0.0.8';

function stateOf({ marks }: AccessSetup): string | undefined {
  return marks.all()[0]?.state;
}

/** The machine's own installer, as far as it goes before its report. */
async function begun(setup: AccessSetup, mac = D1, asker = D1_AT): Promise<string> {
  const token = tokenIn(await setup.script(mac, asker));
  await setup.marks.begun({ key: mac, also: [], machine: factsOf({ mac }) });
  return token;
}

describe('that it is installed', () => {
  test('counts with the token of its installation, and may be said again', async () => {
    const setup = await openAccess();
    const token = await begun(setup);
    await setup.reports.installed(question(D1, D1_AT, token));
    expect(stateOf(setup)).toBe('installed');
    await setup.reports.installed(question(D1, D1_AT, token));
    expect(setup.said()).toEqual([]);
  });

  test.each([
    ['none', () => undefined, 'without a token'],
    ['a forged one', () => `plt-${'A'.repeat(40)}`, 'with a token that is not of this machine'],
    ['one that was cut off', (own: string) => own.slice(0, -1), 'with a token that is not of this machine'],
    ['one that grew', (own: string) => `${own}A`, 'with a token that is not of this machine'],
  ])('does not count with %s: the machine waits, and is not installed again', async (_, made, why) => {
    const setup = await openAccess();
    const own = await begun(setup);
    const token = made(own);
    await expect(setup.reports.installed(question(D1, STRANGER, token))).rejects.toMatchObject(REFUSED);
    expect(setup.said()).toEqual([`${STRANGER} reported that d1 is installed ${why}: refused`]);
    for (const minutes of [0, 5, 60]) {
      setup.clock.now += minutes * 60_000;
      const script = await setup.script(D1, D1_AT);
      expect(script).toContain(`A report that this machine is installed came from ${STRANGER}`);
      expect(script).not.toContain('kernel ');
    }
    await setup.reports.installed(question(D1, D1_AT, own));
    expect(stateOf(setup)).toBe('installed');
    expect(setup.marks.all()[0]?.refused).toBeUndefined();
  });

  test("does not count with another node's own token", async () => {
    const install = { 'profiles/s.json': { ...(FOLDER['profiles/s.json'] as object), install: { disk: '/dev/vda' } } };
    const setup = await openAccess({ ...FOLDER, ...install });
    const foreign = await begun(setup, W1, AT);
    await begun(setup);
    await expect(setup.reports.installed(question(D1, AT, foreign))).rejects.toMatchObject(REFUSED);
    expect(setup.marks.of({ key: D1, also: [], machine: {} })?.state).toBe('installing');
    expect(setup.marks.of({ key: W1, also: [], machine: {} })?.refused).toBeUndefined();
  });

  test('does not count with what only says that the machine is up', async () => {
    const setup = await openAccess({
      ...FOLDER,
      'configs/own.yml.hbs': '#cloud-config\nup: {{report.up_url}}\n',
      'profiles/d.json': { ...(FOLDER['profiles/d.json'] as object), cloud_config: 'own' },
    });
    const token = await begun(setup);
    const { body } = await setup.bootService.document('own.yml', question(D1, D1_AT, token));
    const up = tokenIn(body.toString());
    await expect(setup.reports.installed(question(D1, D1_AT, up))).rejects.toMatchObject(REFUSED);
    expect(setup.said().at(-1)).toContain('with a token that only says that it is up');
  });

  test('counts after strangers have asked for its script at every moment, and nothing is installed twice', async () => {
    const setup = await openAccess();
    const own = tokenIn(await setup.script(D1, D1_AT));
    expect(await setup.script(D1, STRANGER)).not.toContain('kernel ');
    await setup.marks.begun({ key: D1, also: [], machine: factsOf({ mac: D1 }) });
    expect(await setup.script(D1, STRANGER)).not.toContain('kernel ');
    // After the rest a new try may be asked for, by anyone: the one that runs keeps its word.
    setup.clock.now += 61_000;
    expect(await setup.script(D1, STRANGER)).toContain('kernel ');
    await setup.marks.begun({ key: D1, also: [], machine: factsOf({ mac: D1 }) });
    setup.clock.now += 61_000;
    await setup.reports.installed(question(D1, D1_AT, own));
    expect(stateOf(setup)).toBe('installed');
    for (const asker of [STRANGER, D1_AT]) expect(await setup.script(D1, asker)).not.toContain('kernel ');
    expect(setup.said()).toEqual([]);
  });

  test('does not count for a machine that no installer left for; open, it does', async () => {
    const setup = await openAccess();
    await expect(setup.reports.installed(question(D1, D1_AT))).rejects.toMatchObject(REFUSED);
    expect(setup.marks.all()).toEqual([]);
    expect((await setup.script(D1, D1_AT)).includes('kernel ')).toBe(true);
    const open = await openAccess(FOLDER, { reports: 'open' });
    await open.reports.installed(question(D1, D1_AT));
    expect(stateOf(open)).toBe('installed');
  });

  test('of an installation that is over does not count: released, or asked for anew', async () => {
    const setup = await openAccess();
    const who = { key: D1, also: [], machine: factsOf({ mac: D1 }) };
    const first = await begun(setup);
    await setup.marks.release(who);
    await expect(setup.reports.installed(question(D1, D1_AT, first))).rejects.toMatchObject(REFUSED);
    setup.clock.now += 1;
    const second = await begun(setup);
    await expect(setup.reports.installed(question(D1, D1_AT, first))).rejects.toMatchObject(REFUSED);
    await setup.reports.installed(question(D1, D1_AT, second));
    await setup.marks.reinstall(who, { profile: 'd', disk: '/dev/vda' });
    // An old installer's late report ends nothing.
    await setup.reports.installed(question(D1, D1_AT, second));
    expect(stateOf(setup)).toBe('erase-pending');
    setup.clock.now += 1;
    const third = await begun(setup);
    expect([first, second]).not.toContain(third);
    await expect(setup.reports.installed(question(D1, D1_AT, second))).rejects.toMatchObject(REFUSED);
    await setup.reports.installed(question(D1, D1_AT, third));
    expect(stateOf(setup)).toBe('installed');
  });

  test('an operator lets a machine go on of which a report was refused', async () => {
    const setup = await openAccess();
    const who = { key: D1, also: [], machine: factsOf({ mac: D1 }) };
    await begun(setup);
    await expect(setup.reports.installed(question(D1, STRANGER))).rejects.toMatchObject(REFUSED);
    await setup.marks.release(who);
    expect(await setup.script(D1, D1_AT)).toContain('kernel ');
  });

  test('counts without a token where the installer left before there were any', async () => {
    const setup = await openAccess();
    const who = { key: D1, also: [], machine: factsOf({ mac: D1 }) };
    const target = { profile: 'd', disk: '/dev/vda' };
    const asker = { address: D1_AT, mac: factsOf({ mac: D1 }).mac };
    const before = { who, target, limit: 3, now: setup.clock.now, asker, blind: false, carries: false };
    await setup.marks.claim(before);
    // What it asks for after the upgrade carries one, and takes nothing from that.
    expect(tokenIn(await setup.script(D1, D1_AT))).not.toBe('');
    await setup.reports.installed(question(D1, D1_AT));
    expect(stateOf(setup)).toBe('installed');
    expect(setup.said()).toEqual([]);
  });
});

describe('that it is up', () => {
  test('counts from any client, as before', async () => {
    const setup = await openAccess();
    await setup.reports.up(question(D1, STRANGER), {});
    await setup.reports.up(question(D1, STRANGER, 'plt-nothing'), {});
    expect(setup.said()).toEqual([]);
  });

  test.each(['secrets', 'PILOTLIGHT_REPORTS=token'])('needs its token: %s', async (why) => {
    const setup = await openAccess(FOLDER, why === 'secrets' ? {} : { reports: 'token' });
    const token = tokenIn(await setup.script(W1, AT));
    const up = tokenIn((await setup.bootService.document('s.yml', question(W1, AT, token))).body.toString());
    await setup.reports.up(question(W1, AT, up), {});
    await setup.reports.up(question(W1, AT, token), {});
    await expect(setup.reports.up(question(W1, STRANGER), {})).rejects.toMatchObject(REFUSED);
    await expect(setup.reports.up(question(W1, STRANGER, `${up}x`), {})).rejects.toMatchObject(REFUSED);
    expect(setup.said()).toEqual([
      `${STRANGER} reported that w1 is up without a token: refused`,
      `${STRANGER} reported that w1 is up with a token that is not of this machine: refused`,
    ]);
    expect(setup.marks.all().filter(({ refused }) => refused !== undefined)).toEqual([]);
  });

  test('with the strict setting every machine is handed a token, and an installed one keeps what lies on its disk', async () => {
    const files = {
      ...FOLDER,
      'configs/live.yml.hbs': '#cloud-config\nup: {{report.up_url}}\n',
      'profiles/d.json': { ...(FOLDER['profiles/d.json'] as object), cloud_config: 'live' },
      'profiles/live.json': {
        ...{ system: 'custom', kernel: 'k', cloud_config: 'live' },
        nodes: [{ name: 'l1', mac: OTHER }],
      },
    };
    const setup = await openAccess(files, { reports: 'token' });
    const live = tokenIn(await setup.script(OTHER, STRANGER));
    expect(live).not.toBe('');
    await setup.reports.up(question(OTHER, STRANGER, live), {});
    const token = await begun(setup);
    const { body } = await setup.bootService.document('live.yml', question(D1, D1_AT, token));
    const up = tokenIn(body.toString());
    await setup.reports.installed(question(D1, D1_AT, token));
    setup.clock.now += 400 * 86_400_000;
    await setup.reports.up(question(D1, '10.0.0.99', up), {});
    const who = { key: D1, also: [], machine: factsOf({ mac: D1 }) };
    await setup.marks.reinstall(who, { profile: 'd', disk: '/dev/vda' });
    await setup.reports.up(question(D1, D1_AT, up), {});
    await setup.marks.cancel(who);
    await setup.reports.up(question(D1, D1_AT, up), {});
    await expect(setup.reports.up(question(D1, D1_AT), {})).rejects.toMatchObject(REFUSED);
  });
});
