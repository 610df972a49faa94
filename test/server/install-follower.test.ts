import { describe, expect, it } from 'vitest';
import { createInstallFollower } from '../../src/server/install-follower.ts';
import { createBootService } from '../../src/boot/answer.ts';
import type { UnknownPolicy } from '../../src/boot/decide.ts';
import type { AnswerEvent } from '../../src/http/access-log.ts';
import { byMac, MAC, NOON, openSetup } from '../machines/marks.ts';
import { factsOf, contextOf, nameOf, originOf } from '../support/app-context.ts';

const custom = { system: 'custom', version: '1', install: { disk: '/dev/sda' } };
const BLIND_MAC = '52:54:00:00:00:02';
const FILES = {
  'profiles/worker.json': {
    ...custom,
    kernel: 'c/kernel',
    initrd: ['c/first', 'c/last+1.img'],
    generic: 'x',
    menu: 'Install',
    nodes: [{ name: 'a', mac: MAC }],
  },
  'profiles/blind.json': {
    ...custom,
    kernel: 'http://elsewhere/k',
    nodes: [{ name: 'b', mac: BLIND_MAC }],
  },
  'profiles/live.json': { system: 'custom', kernel: 'c/kernel', nodes: [{ name: 'l', mac: '525400000003' }] },
  'images/c/kernel': 'k',
  'images/c/first': 'i',
  'images/c/last+1.img': 'i',
  'configs/x': 'x',
};
const MENU: UnknownPolicy = { show: 'menu', timeoutSeconds: 0, choice: 'wait' };
const FROM = '10.0.0.7';

async function open() {
  const { catalog, imageStore } = await contextOf(FILES);
  const setup = await openSetup();
  const { marks } = setup;
  const bootService = createBootService({
    catalog,
    imageStore,
    marks,
    claims: marks,
    unknown: MENU,
    now: () => setup.clock.now,
  });
  const follower = createInstallFollower({ marks: setup.marks, log: setup.log });
  const say = (event: Partial<AnswerEvent>): void => {
    follower.answered({
      kind: 'start',
      method: 'GET',
      status: 200,
      bytes: 1,
      path: '/',
      ms: 0,
      complete: true,
      from: FROM,
      ...event,
    });
  };
  /** The script as the server sends it and tells of it. */
  const script = async (mac = MAC, choice?: string): Promise<void> => {
    const facts = factsOf({ mac });
    const question = {
      facts,
      origin: originOf(),
      asker: FROM,
      ...(choice === undefined ? {} : { choice: nameOf(choice) }),
    };
    const { decision } = await bootService.script(question);
    say({ kind: 'script', path: '/ipxe', facts, decision });
  };
  /** A document of its own, with what the boot service decided about it. */
  const document = async (mac = MAC, more: Partial<AnswerEvent> = {}): Promise<void> => {
    const facts = factsOf({ mac });
    const { decision } = await bootService.document('x', { facts, origin: originOf() });
    say({ kind: 'document', facts, decision, ...more });
    await follower.settled();
  };
  const file = async (path: string, more: Partial<AnswerEvent> = {}): Promise<void> => {
    say({ kind: 'image', path: `/images/${path}`, ...more });
    await follower.settled();
  };
  /** Undefined without a claim. */
  const tries = (mac = MAC): number | undefined => setup.marks.of(byMac(mac))?.tries;
  return { ...setup, follower, bootService, say, script, document, file, tries };
}

describe('an installation begins', () => {
  it('with the last initramfs, whole', async () => {
    const { script, file, tries, clock, marks, follower } = await open();
    await script();
    await file('c/kernel');
    await file('c/first');
    await file('c/last%2B1.img', { complete: false });
    await file('c/last%2B1.img', { method: 'HEAD' });
    await file('c/last%2B1.img', { status: 206 });
    await file('c/last%2B1.img', { from: '10.0.0.8' });
    expect(tries()).toBe(0);
    clock.now += 7000;
    await file('c/last%2B1.img');
    expect(marks.of(byMac())).toMatchObject({ tries: 1, begun: NOON + 7000, profile: 'worker', disk: '/dev/sda' });
    await file('c/last%2B1.img');
    expect(tries(), 'once for a script').toBe(1);
    await follower.settled();
    expect((await (await open()).reopen()).all()).toEqual([]);
  });

  it.each(['document', 'nocloud'] as const)('with its %s, also when its client has it already', async (kind) => {
    for (const status of [200, 304]) {
      const { script, document, tries } = await open();
      await document(MAC, { kind, status });
      expect(tries(), 'before there was a script').toBeUndefined();
      await script();
      await document(MAC, { kind, status: 404 });
      await document('525400000003', { kind, status });
      await document(MAC, { kind, status, method: 'HEAD' });
      expect(tries()).toBe(0);
      await document(MAC, { kind, status });
      expect(tries()).toBe(1);
    }
  });

  it('half a minute after the script where nothing of it can be seen', async () => {
    const { script, marks, tries } = await open();
    await script(BLIND_MAC);
    expect(marks.of(byMac(BLIND_MAC))).toMatchObject({ begun: NOON + 30_000, tries: 1 });
    await script();
    expect(tries(), 'this one can be seen').toBe(0);
  });

  it('of a profile that was chosen at the screen', async () => {
    const stranger = '52:54:00:00:00:09';
    const { script, document, tries } = await open();
    await script(stranger);
    await document(stranger);
    expect(tries(stranger), 'that was the menu').toBeUndefined();
    await script(stranger, 'worker');
    await document(stranger);
    expect(tries(stranger)).toBe(1);
  });

  it('with a file over TFTP, too', async () => {
    const { bootService, follower, tries } = await open();
    await bootService.grubConfig({ facts: factsOf({ mac: MAC }), origin: originOf(), asker: FROM }, true);
    const sent = { client: `::ffff:${FROM}`, file: 'images/c/last+1.img', end: 'done' } as const;
    follower.transferred({ ...sent, end: 'aborted' });
    follower.transferred({ ...sent, file: 'c/last+1.img' });
    await follower.settled();
    expect(tries()).toBe(0);
    follower.transferred(sent);
    await follower.settled();
    expect(tries()).toBe(1);
  });

  it('never for a live boot, or a look with HEAD', async () => {
    const { script, document, file, marks, follower } = await open();
    await script('525400000003');
    await document();
    await file('c/kernel');
    await file('c/last+1.img');
    await file('%zz');
    await follower.settled();
    expect(marks.all()).toEqual([]);
  });
});

it('a machine goes through its whole life by what the servers send', async () => {
  const { script, file, bootService, clock } = await open();
  const outcome = async (): Promise<string> =>
    (await bootService.script({ facts: factsOf({ mac: MAC }), origin: originOf(), asker: FROM })).decision.outcome;
  const seen: string[] = [];
  for (let boot = 0; boot < 4; boot += 1) {
    seen.push(await outcome());
    await script();
    await file('c/last+1.img');
    seen.push(await outcome());
    clock.now += 60_000;
  }
  expect(seen).toEqual(['install', 'waiting', 'install', 'waiting', 'install', 'waiting', 'waiting', 'waiting']);
});

it('what cannot be marked is in the log, and harms nobody else', async () => {
  const { marks, log } = await openSetup();
  const broken = { ...marks, begun: () => Promise.reject(new TypeError('a bug')) };
  const follower = createInstallFollower({ marks: broken, log });
  const event = { method: 'GET', bytes: 1, path: '/', ms: 0, complete: true, from: FROM, status: 200 } as const;
  follower.answered({ ...event, kind: 'document', decision: { outcome: 'boot', identity: byMac(), because: '' } });
  await follower.settled();
  expect(log.of('error')).toHaveLength(1);
});
