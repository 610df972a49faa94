import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  nodes,
  NEW,
  OLD,
  openRolloutSetup,
  ROLLOUT,
  rolloutFolder,
  type RolloutSetup,
} from '../support/rollout-setup.ts';

const NAMES = nodes(30).map(({ name }) => name);

/** Which machines would get the new version now. */
async function newOnes(setup: RolloutSetup): Promise<readonly string[]> {
  const got: string[] = [];
  for (const name of NAMES) {
    const { because } = await setup.asks(name);
    if (because.includes('gets the new version')) got.push(name);
  }
  return got;
}

describe('a release that is good', () => {
  it('goes to the canaries, then wave after wave, and is written into the profile at the end', async () => {
    const setup = await openRolloutSetup();
    await setup.begin();
    expect(await setup.asks('w1')).toMatchObject({ version: NEW });
    expect((await setup.asks('w1')).because).toContain(`canaries: w1 gets the new version, ${NEW}`);
    expect(await setup.asks('w7')).toMatchObject({ version: OLD });
    expect((await setup.asks('w7')).because).toContain(`canaries: w7 gets the old version, ${OLD}`);
    await setup.boots('w1', 'w2');
    await setup.later(3600);
    // Not all canaries are up.
    expect(setup.rollout()).toMatchObject({ stage: 0, state: 'running' });
    await setup.boots('w3');
    await setup.later(599);
    expect(setup.rollout().stage).toBe(0);
    await setup.later(1);
    expect(setup.rollout().stage).toBe(1);
    const sizes: number[] = [];
    for (const stage of [1, 2, 3]) {
      const first = await newOnes(setup);
      sizes.push(first.length);
      await setup.boots(...first);
      expect(setup.version()).toBe(OLD);
      expect(setup.rollout().stage).toBe(stage);
      await setup.later(600);
    }
    // 20 % and 50 % of thirty, with canaries that need not be among them, and everyone.
    expect(sizes[0]).toBeGreaterThanOrEqual(6);
    expect(sizes[0]).toBeLessThanOrEqual(9);
    expect(sizes[1]).toBeGreaterThanOrEqual(15);
    expect(sizes[1]).toBeLessThanOrEqual(18);
    expect(sizes[2]).toBe(30);
    expect(setup.rollout().state).toBe('done');
    expect(setup.version()).toBe(NEW);
    await setup.refresh();
    expect(await setup.asks('w30')).toMatchObject({ version: NEW });
    expect((await setup.asks('w30')).because).not.toContain('version');
    expect(setup.steps.map(({ text }) => text)).toEqual([
      `${NEW} goes on, canaries`,
      `${NEW} goes on, wave 1 of 3`,
      `${NEW} goes on, wave 2 of 3`,
      `${NEW} goes on, wave 3 of 3`,
      `${NEW} is done: it is the version of the profile`,
    ]);
  });

  it('a wave waits for machines of its own: those that never booted prove nothing', async () => {
    const setup = await openRolloutSetup();
    await setup.begin();
    await setup.boots('w1', 'w2', 'w3');
    await setup.later(600);
    await setup.later(100_000);
    expect(setup.rollout().stage).toBe(1);
  });
});

describe('a release that is bad', () => {
  it('came to 3 canaries of 30: it stops, is rolled back and held, and 27 never got it', async () => {
    const setup = await openRolloutSetup();
    await setup.begin();
    const asked = await newOnes(setup);
    expect(asked).toEqual(['w1', 'w2', 'w3']);
    await setup.fetches('w1');
    await setup.later(299);
    expect(setup.rollout().state).toBe('running');
    // The first is back at its script, the others never phone home.
    expect(await setup.asks('w1')).toMatchObject({ version: NEW });
    expect(setup.rollout().machines['w1']).toMatchObject({ why: 'was back at its boot script before it phoned home' });
    await setup.later(1);
    expect(setup.rollout()).toMatchObject({ state: 'rolled-back', unheld: true });
    expect(setup.rollout().why).toBe(
      '3 failures (canaries): w1 was back at its boot script before it phoned home; ' +
        'w2 did not phone home within 5 min 00 s; w3 did not phone home within 5 min 00 s',
    );
    expect(Object.keys(setup.rollout().machines).sort()).toEqual(['w1', 'w2', 'w3']);
    for (const name of NAMES) expect(await setup.asks(name)).toMatchObject({ version: OLD });
    expect(setup.version()).toBe(OLD);
    expect(setup.rollouts.diagnostics()).toMatchObject([{ severity: 'warning' }]);
  });

  it('a machine that is taken out of the profile while it is on its way is no failure', async () => {
    const setup = await openRolloutSetup(rolloutFolder({ rollout: { ...ROLLOUT, canaries: 3, tolerate: 0 } }));
    await setup.begin();
    const [gone = ''] = await newOnes(setup);
    const file = join(setup.dir, 'profiles/w.json');
    const profile = JSON.parse(readFileSync(file, 'utf8')) as { readonly nodes: readonly { readonly name: string }[] };
    writeFileSync(file, JSON.stringify({ ...profile, nodes: profile.nodes.filter(({ name }) => name !== gone) }));
    await setup.refresh();
    const others = Object.keys(setup.rollout().machines).filter((name) => name !== gone);
    for (const name of others) await setup.up(name);
    await setup.later(300);
    expect(setup.rollout()).toMatchObject({ state: 'running' });
    expect(setup.rollout().machines[gone]).not.toHaveProperty('failed');
    // It would have been one.
    expect(others.length).toBeGreaterThan(0);
  });

  it('the machine that brings the failure too many gets the old version at once', async () => {
    const setup = await openRolloutSetup(rolloutFolder({ rollout: { ...ROLLOUT, tolerate: 0 } }));
    await setup.begin();
    await setup.asks('w2');
    await setup.fetches('w2');
    expect(await setup.asks('w2')).toMatchObject({ version: OLD });
  });

  it('on_failure "stop": machines keep what they have, no further one gets it', async () => {
    const setup = await openRolloutSetup(rolloutFolder({ rollout: { ...ROLLOUT, tolerate: 0, on_failure: 'stop' } }));
    await setup.begin();
    await setup.asks('w2');
    await setup.later(300);
    expect(setup.rollout().state).toBe('stopped');
    expect(await newOnes(setup)).toEqual(['w1', 'w2', 'w3']);
    await setup.later(100_000);
    expect(setup.rollout()).toMatchObject({ state: 'stopped', stage: 0 });
  });

  it('asking again is no failure: a file that was cut, another address, a machine that is up', async () => {
    const setup = await openRolloutSetup(rolloutFolder({ rollout: { ...ROLLOUT, tolerate: 0 } }));
    await setup.begin();
    await setup.asks('w1');
    await setup.asks('w1');
    await setup.fetches('w1');
    await setup.asks('w1', '10.9.9.9');
    await setup.boots('w2');
    await setup.asks('w2');
    expect(setup.rollout()).toMatchObject({ state: 'running' });
    expect(setup.rollout().machines['w2']?.failed).toBeUndefined();
  });
});

describe('a restart', () => {
  it('in the middle loses nothing: neither who is up, nor who failed, nor who is on its way', async () => {
    let setup = await openRolloutSetup();
    await setup.begin();
    await setup.boots('w1');
    await setup.asks('w2');
    await setup.later(300);
    expect(setup.rollout().machines['w2']?.failed).toBeDefined();
    await setup.asks('w3');
    const before = setup.rollout();
    setup = await setup.again();
    expect(setup.rollout()).toEqual(before);
    expect(await newOnes(setup)).toEqual(['w1', 'w2', 'w3']);
    // Its report may have met no server: it has two minutes more.
    setup.clock.now += 10_000_000;
    setup = await setup.again();
    expect(setup.rollout().state).toBe('running');
    await setup.later(119);
    expect(setup.rollout().state).toBe('running');
    await setup.later(1);
    expect(setup.rollout().state).toBe('rolled-back');
    expect(await newOnes(setup)).toEqual([]);
  });

  it('after the version was written and before that was noted: it is done', async () => {
    let setup = await openRolloutSetup();
    await setup.begin();
    const file = join(setup.dir, 'profiles/w.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(OLD, NEW));
    setup = await setup.again();
    expect(setup.rollout().state).toBe('done');
  });

  it('a broken state file: everyone gets the version of the profile, and Health says so', async () => {
    let setup = await openRolloutSetup();
    await setup.begin();
    writeFileSync(join(setup.dir, 'state/rollouts.json'), '{ "w": { "from": ');
    setup = await setup.again();
    expect(await newOnes(setup)).toEqual([]);
    expect(setup.rollouts.diagnostics()).toMatchObject([{ severity: 'error' }]);
  });
});

it('an operator who edits the version overrules it', async () => {
  const setup = await openRolloutSetup();
  await setup.begin();
  const file = join(setup.dir, 'profiles/w.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace(OLD, '4081.2.0'));
  await setup.refresh();
  expect(setup.rollout()).toMatchObject({ state: 'aborted', why: 'profiles/w.json names 4081.2.0 by now' });
});

describe('looks that meet', () => {
  it('one that is asked for while another ends sees what the time has brought', async () => {
    const canaries = nodes(16).map(({ name }) => name);
    const setup = await openRolloutSetup(rolloutFolder({ rollout: { ...ROLLOUT, canaries, tolerate: 30 } }));
    await setup.begin();
    for (const [turns, name] of canaries.entries()) {
      await setup.asks(name);
      const first = setup.rollouts.look();
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      setup.clock.now += 300_000;
      await setup.rollouts.look();
      expect(setup.rollout().machines[name], `after ${turns} turns`).toHaveProperty('failed');
      await first;
    }
  });
});
