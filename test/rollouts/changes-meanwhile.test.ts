import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  macOf,
  NEW,
  nodes,
  OLD,
  openRolloutSetup,
  ROLLOUT,
  rolloutFolder,
  type RolloutSetup,
} from '../support/rollout-setup.ts';

const YEAR = 365 * 86_400;

async function edit(setup: RolloutSetup, change: object): Promise<void> {
  const file = join(setup.dir, 'profiles/w.json');
  const before = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...before, ...change }));
  await setup.refresh();
}

function setClock(setup: RolloutSetup, seconds: number): void {
  setup.clock.now += seconds * 1000;
  setup.clock.set += seconds * 1000;
}

describe('the clock', () => {
  it('is set back by a year: a machine fails, and a wave opens, after the usual time', async () => {
    const setup = await openRolloutSetup();
    await setup.begin();
    await setup.boots('w1', 'w2');
    await setup.asks('w3');
    setClock(setup, -YEAR);
    await setup.later(0);
    await setup.later(299);
    expect(setup.rollout().machines['w3']?.failed).toBeUndefined();
    await setup.later(1);
    expect(setup.rollout().machines['w3']?.failed).toBeDefined();
    await setup.boots('w3');
    setClock(setup, -YEAR);
    await setup.later(0);
    await setup.later(599);
    expect(setup.rollout().stage).toBe(0);
    await setup.later(1);
    expect(setup.rollout().stage).toBe(1);
  });

  it('is set forward, or the host slept: who is on the way has two minutes more, and nothing is rolled back', async () => {
    const setup = await openRolloutSetup(rolloutFolder({ rollout: { ...ROLLOUT, tolerate: 0 } }));
    await setup.begin();
    for (const name of ['w1', 'w2', 'w3']) await setup.asks(name);
    setClock(setup, YEAR);
    await setup.later(0);
    expect(setup.rollout()).toMatchObject({ state: 'running' });
    await setup.boots('w1', 'w2');
    await setup.later(119);
    expect(setup.rollout().state).toBe('running');
    await setup.later(1);
    expect(setup.rollout().state).toBe('rolled-back');
  });
});

describe('the profile', () => {
  it('is gone: the rollout ends half a minute later, so that an editor that saves ends nothing', async () => {
    const setup = await openRolloutSetup({ ...rolloutFolder(), 'profiles/v.json': { version: OLD } });
    await setup.begin();
    const [file, away] = [join(setup.dir, 'profiles/w.json'), join(setup.dir, 'w.json')];
    renameSync(file, away);
    await setup.refresh();
    renameSync(away, file);
    await setup.refresh();
    await setup.later(60);
    expect(setup.rollout().state).toBe('running');
    rmSync(file);
    await setup.refresh();
    await setup.later(29);
    expect(setup.rollout().state).toBe('running');
    await setup.later(1);
    expect(setup.rollout()).toMatchObject({ state: 'aborted', why: 'profiles/w.json is gone' });
    expect(setup.rollouts.diagnostics()).toEqual([]);
  });

  it('has another name: its machines get the version in the file', async () => {
    const setup = await openRolloutSetup();
    await setup.begin();
    renameSync(join(setup.dir, 'profiles/w.json'), join(setup.dir, 'profiles/v.json'));
    await setup.refresh();
    expect(await setup.asks('w1')).toMatchObject({ version: OLD });
    await setup.later(30);
    expect(setup.rollout().state).toBe('aborted');
  });

  it('is broken: the rollout goes on by what it said before', async () => {
    const setup = await openRolloutSetup();
    await setup.begin();
    writeFileSync(join(setup.dir, 'profiles/w.json'), '{');
    await setup.refresh();
    await setup.boots('w1', 'w2', 'w3');
    await setup.later(600);
    expect(setup.rollout()).toMatchObject({ state: 'running', stage: 1 });
  });

  it('names other canaries: they are waited for, and those that came up count', async () => {
    const setup = await openRolloutSetup();
    await setup.begin();
    await setup.boots('w1', 'w2', 'w3');
    await edit(setup, { rollout: { ...ROLLOUT, canaries: ['w1', 'w9'] } });
    expect(await setup.asks('w9')).toMatchObject({ version: NEW });
    await setup.later(1000);
    expect(setup.rollout().stage).toBe(0);
    await setup.boots('w9');
    await setup.later(600);
    expect(setup.rollout().stage).toBe(1);
  });

  it('has fewer waves by now: the last one is open, and it comes to its end', async () => {
    const setup = await openRolloutSetup(rolloutFolder({ nodes: nodes(8) }));
    await setup.begin();
    await setup.boots('w1', 'w2', 'w3');
    await setup.later(600);
    await setup.boots(...nodes(8).map(({ name }) => name));
    await setup.later(600);
    expect(setup.rollout().stage).toBe(2);
    await edit(setup, { rollout: { ...ROLLOUT, waves: [] } });
    await setup.boots(...nodes(8).map(({ name }) => name));
    await setup.later(600);
    expect([setup.rollout().state, setup.version()]).toEqual(['done', NEW]);
  });

  it('has no "rollout" any more: everyone gets the version in the file', async () => {
    const setup = await openRolloutSetup();
    await setup.begin();
    await edit(setup, { rollout: undefined });
    expect(setup.rollout()).toMatchObject({ state: 'aborted', why: 'profiles/w.json has no "rollout" any more' });
    expect(await setup.asks('w1')).toMatchObject({ version: OLD });
  });

  it('names another version after a roll back: Health has nothing to say about it any more', async () => {
    const setup = await openRolloutSetup(rolloutFolder({ rollout: { ...ROLLOUT, tolerate: 0 } }));
    await setup.begin();
    await setup.asks('w1');
    await setup.later(300);
    expect(setup.rollouts.diagnostics()).toHaveLength(1);
    await edit(setup, { version: '4593.2.6' });
    expect(setup.rollouts.diagnostics()).toEqual([]);
  });
});

it('machines that no node names are placed in waves by their keys, wait for none of the canaries, and are counted', async () => {
  const setup = await openRolloutSetup(rolloutFolder({ default: true, rollout: { ...ROLLOUT, waves: [] } }));
  await setup.begin();
  const [mac] = [macOf(77)];
  expect((await setup.asks('w77')).because).toContain('gets the old version');
  await setup.boots('w1', 'w2', 'w3');
  await setup.later(600);
  const { because, version } = await setup.asks('w77');
  expect([version, because]).toEqual([NEW, expect.stringContaining('wave 1 of 1') as string]);
  const [key = ''] = Object.keys(setup.rollout().machines).filter((one) => !one.startsWith('w'));
  expect(key.replaceAll(':', '')).toBe(mac);
  await setup.up(key);
  await setup.later(600);
  expect(setup.rollout().state).toBe('done');
});
