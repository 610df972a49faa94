import { describe, expect, test } from 'vitest';
import { markText, parseMark } from '../../src/machines/mark-file.ts';
import type { InstallIdentity } from '../../src/model/machine.ts';
import { factsOf, nameOf } from '../support/app-context.ts';
import { AT, D1, FOLDER, openAccess, question, STRANGER, tokenIn } from './access-setup.ts';

const NOW_LIVE = '52:54:00:55:1c:01';
const LIVE_AT = '10.0.0.9';
const FILES = {
  ...FOLDER,
  'profiles/live.json': { system: 'custom', kernel: 'k', nodes: [{ name: 'l1', mac: NOW_LIVE }] },
  'profiles/wipe.json': {
    system: 'custom',
    ...{ kernel: 'k', initrd: ['i'], cloud_config: 'done', install: { disk: '/dev/vdb' } },
  },
  'configs/done.yml.hbs': '#cloud-config\nhostname: {{node.name}}\ndone: {{report.installed_url}}\n',
};
const WIPE = { profile: 'wipe', disk: '/dev/vdb' };

function who(mac: string): InstallIdentity {
  return { key: mac, also: [], machine: factsOf({ mac }) };
}

/** What a machine gets: the outcome and the profile, in two words. */
async function gets(setup: Awaited<ReturnType<typeof openAccess>>, mac: string, asker: string, choice?: string) {
  const { bootService } = setup;
  const asked = { ...question(mac, asker), ...(choice === undefined ? {} : { choice: nameOf(choice) }) };
  const { script, decision } = await bootService.script(asked);
  const { outcome, profile = '' } = decision;
  expect(script.includes('kernel '), outcome).toBe(outcome === 'boot' || outcome === 'install');
  return `${outcome} ${profile}`;
}

describe('one boot of a profile that keeps secrets', () => {
  test('goes with a token, its documents to the machine alone, and then it has its own profile again', async () => {
    const setup = await openAccess(FILES);
    await setup.marks.bootOnce(who(D1), 's');
    const script = await setup.script(D1, '10.0.0.8');
    const token = tokenIn(script);
    expect(script).toContain(`profile=s&token=${token}`);
    const asked = { ...question(D1, '10.0.0.8'), choice: nameOf('s') };
    const document = await setup.bootService.documentOf('cloud_config', { ...asked, token });
    expect(document.body.toString()).toContain('password: geheim\n');
    await expect(setup.bootService.documentOf('cloud_config', asked)).rejects.toMatchObject({ code: 'refused' });
    expect(await gets(setup, D1, '10.0.0.8')).toBe('install d');
  });

  test('is not used up by a stranger, who gets nothing of it', async () => {
    const setup = await openAccess(FILES);
    await setup.marks.bootOnce(who(D1), 's');
    expect(await gets(setup, D1, STRANGER)).toBe('waiting s');
    expect(setup.marks.of(who(D1))?.once).not.toHaveProperty('used');
    expect(setup.said()).toEqual([expect.stringContaining(`${STRANGER} is not ${D1}`)]);
    expect(await gets(setup, D1, '10.0.0.8')).toBe('boot s');
  });
});

describe('one installation of another profile', () => {
  test('its claim uses it up; once it has reported the machine boots what was installed', async () => {
    const setup = await openAccess(FILES);
    const { marks, bootService } = setup;
    await marks.installed(who(D1), { profile: 'd', disk: '/dev/vda' });
    expect(await gets(setup, D1, '10.0.0.8')).toBe('local d');
    await marks.bootOnce(who(D1), 'wipe', '/dev/vdb');
    expect(bootService.netboot(factsOf({ mac: D1 }))).toBe('boot');
    const { script, decision } = await bootService.script(question(D1, '10.0.0.8'));
    expect([decision.outcome, decision.profile, decision.once]).toEqual(['install', 'wipe', true]);
    expect(script).toContain('d1 boots profiles/wipe.json once, as an operator asked');
    expect(marks.of(who(D1))).toMatchObject({ state: 'claimed', ...WIPE, once: { used: setup.clock.now } });
    const token = tokenIn(script);
    const asked = { ...question(D1, '10.0.0.8', token), choice: nameOf('wipe') };
    const { body } = await bootService.documentOf('cloud_config', asked);
    expect(body.toString()).toContain(`hostname: d1\ndone: http`);
    await marks.begun(who(D1));
    await setup.reports.installed(question(D1, '10.0.0.8', token));
    expect(marks.of(who(D1))).toMatchObject({ state: 'installed', ...WIPE });
    expect(await gets(setup, D1, '10.0.0.8')).toBe('local d');
    expect(await gets(setup, D1, '10.0.0.8', 'wipe'), 'nor by its name').toBe('local wipe');
  });

  test('two questions at the same time: one installer, and the other gets its own disk', async () => {
    const setup = await openAccess(FILES);
    await setup.marks.installed(who(D1), { profile: 'd', disk: '/dev/vda' });
    await setup.marks.bootOnce(who(D1), 'wipe', '/dev/vdb');
    const both = await Promise.all([gets(setup, D1, '10.0.0.8'), gets(setup, D1, '10.0.0.8')]);
    expect(both.toSorted()).toEqual(['install wipe', 'local d']);
  });

  test('an answer that was cut is not given again: its own disk, and never an installer of its own', async () => {
    const setup = await openAccess(FILES);
    await setup.marks.bootOnce(who(D1), 'wipe', '/dev/vdb');
    expect(await gets(setup, D1, '10.0.0.8')).toBe('install wipe');
    for (const minutes of [0, 5, 600]) {
      setup.clock.now += minutes * 60_000;
      expect(await gets(setup, D1, '10.0.0.8')).toBe('local d');
      expect(await gets(setup, D1, '10.0.0.99'), 'from elsewhere').toBe('local d');
    }
    const script = await setup.script(D1, '10.0.0.8');
    expect(script).toContain('the installer of profiles/wipe.json left for it once');
    expect(script).toContain('pilotlight reinstall d1');
  });

  test('has one try: in the same boot again until it has begun, and then it waits', async () => {
    const setup = await openAccess(FILES);
    await setup.marks.bootOnce(who(D1), 'wipe', '/dev/vdb');
    expect(await gets(setup, D1, '10.0.0.8', 'wipe'), 'a name alone gives no more').toBe('install wipe');
    expect(await gets(setup, D1, '10.0.0.8', 'wipe'), 'a file that did not arrive').toBe('install wipe');
    expect(await gets(setup, D1, '10.0.0.99', 'wipe'), 'from elsewhere').toBe('waiting wipe');
    await setup.marks.begun(who(D1));
    setup.clock.now += 3_600_000;
    expect(await gets(setup, D1, '10.0.0.8', 'wipe')).toBe('waiting wipe');
    const { script } = await setup.bootService.script({ ...question(D1, '10.0.0.8'), choice: nameOf('wipe') });
    expect(script).toContain('pilotlight boot d1 --once wipe');
    await setup.marks.bootOnce(who(D1), 'wipe', '/dev/vdb');
    expect(await gets(setup, D1, '10.0.0.8'), 'an operator says so once more').toBe('install wipe');
    expect(await gets(setup, D1, '10.0.0.8', 'wipe')).toBe('install wipe');
  });

  test('a machine of a live profile boots that again, also once it is installed', async () => {
    const setup = await openAccess(FILES);
    await setup.marks.bootOnce(who(NOW_LIVE), 'wipe', '/dev/vdb');
    const { script } = await setup.bootService.script(question(NOW_LIVE, LIVE_AT));
    expect(await gets(setup, NOW_LIVE, LIVE_AT)).toBe('boot live');
    await setup.reports.installed(question(NOW_LIVE, LIVE_AT, tokenIn(script)));
    expect(setup.marks.of(who(NOW_LIVE))).toMatchObject({ state: 'installed', ...WIPE });
    expect(await gets(setup, NOW_LIVE, LIVE_AT)).toBe('boot live');
  });

  test('is taken back, kept over a restart, and survives a report and a release of another installer', async () => {
    const setup = await openAccess(FILES);
    const { marks } = setup;
    expect(await gets(setup, D1, '10.0.0.8')).toBe('install d');
    await marks.bootOnce(who(D1), 's');
    expect(await marks.release(who(D1))).toBe(true);
    expect(marks.of(who(D1))).toMatchObject({ state: 'seen', once: { profile: 's' } });
    await marks.installed(who(D1), { profile: 'd', disk: '/dev/vda' });
    expect(marks.of(who(D1))).toMatchObject({ state: 'installed', once: { profile: 's' } });
    await marks.bootOnce(who(D1), 'wipe', '/dev/vdb');
    const mark = marks.of(who(D1));
    if (mark === undefined) throw new TypeError('no mark');
    const text = markText(mark);
    expect(JSON.parse(text), 'an older Pilotlight must not overlook it').toMatchObject({ format: 4 });
    expect(parseMark(text, '52-54-00-55-1c-ef.json')).toEqual(mark);
    expect(parseMark(text.replace('"disk": "/dev/vdb"', '"disk": 1'), '52-54-00-55-1c-ef.json')).toBe(
      '"once" cannot be understood',
    );
    expect(await marks.cancelOnce(who(D1))).toBe(true);
    expect(await gets(setup, D1, '10.0.0.8')).toBe('local d');
  });

  test('never for a machine that no profile names, which has nothing to come back to', async () => {
    const setup = await openAccess(FILES);
    const mac = '52:54:00:00:00:77';
    await setup.marks.bootOnce(who(mac), 'wipe', '/dev/vdb');
    expect(await gets(setup, mac, AT)).toBe('unknown ');
  });
});
