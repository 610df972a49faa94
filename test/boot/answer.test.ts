import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createBootService } from '../../src/boot/answer.ts';
import type { UnknownPolicy } from '../../src/boot/decide.ts';
import { parseMac } from '../../src/model/machine.ts';
import { byMac, claimAs, MAC, openSetup, TARGET } from '../machines/marks.ts';
import { must } from '../os/sample.ts';
import { factsOf, contextOf, nameOf, originOf } from '../support/app-context.ts';

const flatcar = (version: string) => ({ system: 'flatcar', version });

it('current is the newest release that a profile boots, in the installer’s words', async () => {
  const { bootService } = await contextOf({
    'profiles/a.json': flatcar('4593.2.5'),
    'profiles/b.json': flatcar('4593.10.0'),
    'profiles/old.json': { version: '1298.6.0' },
    'profiles/other.json': { ...flatcar('9999.0.0'), arch: 'arm64' },
    'profiles/fedora.json': { system: 'fedora-coreos', version: '44.20260707.3.1' },
  });
  expect(bootService.currentVersion('flatcar/amd64')).toBe('FLATCAR_VERSION=4593.10.0\nFLATCAR_VERSION_ID=4593.10.0\n');
  expect(bootService.currentVersion('flatcar/arm64')).toContain('9999.0.0');
  expect(bootService.currentVersion('amd64-usr')).toBe('COREOS_VERSION=1298.6.0\nCOREOS_VERSION_ID=1298.6.0\n');
  for (const folder of ['fedora-coreos/amd64', 'flatcar', '', '..', 'flatcar/amd64/4593.2.5']) {
    expect(bootService.currentVersion(folder)).toBeUndefined();
  }
});

it('how a machine is switched on and off is not in /profiles/NAME.json', async () => {
  const power = { ipmi: { host: '192.0.2.9', user: 'root', password: { file: 'secrets/bmc' } } };
  const { bootService } = await contextOf({
    'profiles/a.json': { ...flatcar('4593.2.5'), vars: { a: 'seen' }, nodes: [{ name: 'w1', mac: MAC, power }] },
  });
  const sent = (await bootService.profileFile(nameOf('a'))).toString();
  expect(JSON.parse(sent)).toMatchObject({ vars: { a: 'seen' }, nodes: [{ name: 'w1' }] });
  expect(sent).not.toMatch(/power|192\.0\.2\.9/);
});

const FILES = {
  'profiles/worker.json': {
    system: 'custom',
    version: '1',
    kernel: 'k',
    initrd: ['i'],
    install: { disk: '/dev/sda' },
    local_boot: 'exit',
    menu: 'Install a worker',
    nodes: [{ name: 'a', mac: MAC }],
  },
  'profiles/gone.json': {
    system: 'custom',
    kernel: 'k',
    install: { disk: '/dev/sda' },
    local_boot: 'http-404',
    nodes: [{ name: 'g', mac: '525400000002' }],
  },
  'images/k': 'k',
  'images/i': 'i',
};
const STRANGER = '52:54:00:00:00:09';
const MENU: UnknownPolicy = { show: 'menu', timeoutSeconds: 30, choice: 'worker' };

async function open(unknown?: UnknownPolicy, claiming = false) {
  const { catalog, imageStore } = await contextOf(FILES);
  const setup = await openSetup();
  const more = claiming ? { claims: setup.marks, installTries: 3 } : {};
  const bootService = createBootService({
    catalog,
    imageStore,
    marks: setup.marks,
    installTries: 1,
    now: () => setup.clock.now,
    unknown,
    ...more,
  });
  const origin = originOf();
  const ask = async (mac = MAC, choice?: string) =>
    await bootService.script({
      facts: factsOf({ mac }),
      origin,
      ...(choice === undefined ? {} : { choice: nameOf(choice) }),
    });
  const mac = must(parseMac(MAC));
  return { ...setup, bootService, origin, ask, mac, facts: factsOf({ mac: MAC }) };
}

describe('a machine that is to be installed', () => {
  it('gets its installer over every protocol', async () => {
    const { bootService, ask, origin, mac, facts } = await open();
    const { decision, script } = await ask();
    expect(decision).toMatchObject({
      outcome: 'install',
      profile: 'worker',
      node: 'a',
      version: '1',
      because: `mac ${MAC} is node a of profiles/worker.json; installs to /dev/sda, try 1 of 1`,
    });
    expect(script).toContain('echo installs to /dev/sda, try 1 of 1');
    expect((await bootService.grub({ facts, origin })).decision.outcome).toBe('install');
    expect((await bootService.pixiecore(mac, origin)).kernel).toContain('/images/k');
    expect(bootService.args(facts, origin).decision.outcome).toBe('install');
    expect(bootService.netboot(facts)).toBe('boot');
    expect(await bootService.pxelinux({ facts, origin })).toMatchObject({
      text: expect.any(String) as string,
    });
  });

  it('is sent to its disk over every protocol once it is installed', async () => {
    const { bootService, marks, ask, origin, mac, facts } = await open();
    await marks.installed(byMac(), TARGET);
    const { decision, script } = await ask();
    expect(decision.outcome).toBe('local');
    expect(decision.because).toContain('installed from profiles/worker.json since 2026-11-21 12:00:00 UTC');
    expect(script).toMatch(/exit 1\n$/);
    expect(script).not.toMatch(/^kernel /m);
    await expect(bootService.grub({ facts, origin })).rejects.toMatchObject({ code: 'not-found' });
    await expect(bootService.pixiecore(mac, origin)).rejects.toMatchObject({ code: 'not-found' });
    expect(bootService.args(facts, origin).decision.outcome).toBe('local');
    expect(bootService.netboot(facts)).toBe('local');
    expect((await bootService.grubConfig({ facts, origin }, true))?.script).toMatch(/\nexit 1\n$/);
  });

  it('is told on its screen when it waits, and by a status where there is no screen', async () => {
    const { bootService, marks, ask, origin, mac } = await open();
    await claimAs(marks, byMac());
    await marks.begun(byMac());
    const { decision, script } = await ask();
    expect(decision).toMatchObject({ outcome: 'waiting', because: expect.stringContaining('began once') as string });
    expect(script).toContain('echo pilotlight reinstall a\n');
    expect(script).not.toMatch(/^kernel /m);
    await expect(bootService.pixiecore(mac, origin)).rejects.toMatchObject({ code: 'unavailable' });
    expect(bootService.netboot(factsOf({ mac: MAC })), 'its screen has something to say').toBe('boot');
  });

  it('gets a 404 where its firmware wants one, with the reason', async () => {
    const { marks, ask } = await open();
    const mac = '52:54:00:00:00:02';
    await marks.installed(byMac(mac), { ...TARGET, profile: 'gone' });
    await expect(ask(mac)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('pilotlight reinstall g') as string,
    });
  });
});

describe('a machine that nobody knows', () => {
  it('boots what was chosen at its screen, and keeps to it', async () => {
    const { bootService, ask, origin } = await open(MENU);
    expect((await ask(STRANGER)).decision.outcome).toBe('menu');
    const { decision, script } = await ask(STRANGER, 'worker');
    expect(decision).toMatchObject({ outcome: 'install', profile: 'worker' });
    expect(decision.because).toContain(
      `no profile names mac ${STRANGER}; profiles/worker.json was chosen at its screen`,
    );
    expect(script).toContain('/ipxe?mac=52-54-00-00-00-09&profile=worker');
    expect((await ask(STRANGER, 'gone')).decision.outcome, 'the menu does not offer it').toBe('menu');
    expect(bootService.netboot(factsOf({ mac: STRANGER }))).toBe('boot');
    await expect(bootService.grub({ facts: factsOf({ mac: STRANGER }), origin })).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('boots its disk after it was installed from the menu, without meeting the menu again', async () => {
    const { bootService, marks, ask } = await open(MENU);
    await marks.installed(byMac(STRANGER), TARGET);
    expect((await ask(STRANGER)).decision.outcome).toBe('local');
    expect(bootService.netboot(factsOf({ mac: STRANGER }))).toBe('local');
  });

  it('has no choice while the menu is off', async () => {
    const { ask } = await open();
    expect((await ask(STRANGER, 'worker')).decision.outcome).toBe('unknown');
  });
});

describe('one boot service for all protocols', () => {
  const A = '10.0.0.7';

  it('gives an installer only with a claim, whichever way it is asked', async () => {
    const { bootService, marks, origin, mac, facts } = await open(undefined, true);
    const ways: readonly ((asker?: string) => Promise<unknown>)[] = [
      async (asker) => (await bootService.script({ facts, origin, asker })).decision.outcome,
      async (asker) => (await bootService.grub({ facts, origin, asker })).decision.outcome,
      async (asker) => await bootService.pixiecore(mac, origin, asker),
      async (asker) => (await bootService.grubConfig({ facts, origin, asker }, true))?.decision.outcome,
      async (asker) => await bootService.pxelinux({ facts, origin, asker }),
    ];
    const held = 'unavailable';
    const ask = async (way: (asker?: string) => Promise<unknown>, asker?: string): Promise<unknown> =>
      await way(asker).catch((error: unknown) => (error as { code: string }).code);
    for (const way of ways) {
      expect([undefined, 'waiting', held], 'by none who says where it is').toContain(await ask(way));
      expect(marks.all()).toEqual([]);
      expect([undefined, 'waiting', held]).not.toContain(await ask(way, A));
      expect(marks.of(byMac())).toMatchObject({ state: 'claimed', claim: { address: A, file: 'i' } });
      expect([undefined, 'waiting', held], 'by another').toContain(await ask(way, '10.0.0.8'));
      await marks.release(byMac());
    }
  });

  it('the choice at a menu is a claim, too', async () => {
    const { bootService, marks, origin } = await open(MENU, true);
    const facts = factsOf({ mac: STRANGER });
    const question = { facts, origin, choice: nameOf('worker') };
    expect((await bootService.script({ ...question, asker: A })).decision.outcome).toBe('install');
    const { script, decision } = await bootService.script({ ...question, asker: '10.0.0.8' });
    expect(decision).toMatchObject({ outcome: 'waiting', installation: 'held' });
    expect(script).toContain('echo pilotlight release 52-54-00-00-00-09');
    expect(marks.of(byMac(STRANGER))).toMatchObject({ state: 'claimed' });
  });

  it('says on the screen that a claim cannot be written, and gives nothing', async () => {
    const { bootService, dir, origin, facts } = await open(undefined, true);
    writeFileSync(join(dir, 'state'), 'not a folder');
    const { script, decision } = await bootService.script({ facts, origin, asker: A });
    expect(decision.outcome).toBe('waiting');
    expect(script).toContain('state/machines');
    expect(script).not.toMatch(/^(kernel|initrd|boot)\b/m);
  });

  it('has no installer for a profile that is asked for by name: which machine asks is not known', async () => {
    const { bootService, origin } = await open(undefined, true);
    const { script, decision } = await bootService.scriptOf(nameOf('worker'), origin);
    expect(decision.outcome).toBe('waiting');
    expect(script).toContain('profiles/worker.json installs to a disk');
    expect(script).not.toMatch(/^kernel /m);
  });
});
