import { expect, it } from 'vitest';
import type { Activity } from '../../src/model/operator.ts';
import { SILENT } from '../../src/model/service.ts';
import { watchRollouts } from '../../src/server/watch-rollouts.ts';
import type { MetricSources } from '../../src/telemetry/counts.ts';
import { readContext } from '../../src/context/app-context.ts';
import { settingsFor } from '../support/app-context.ts';
import { NEW, OLD, openRolloutSetup, ROLLOUT, rolloutFolder, type RolloutSetup } from '../support/rollout-setup.ts';

async function watched(rollout: object = ROLLOUT) {
  const setup = await openRolloutSetup(rolloutFolder({ rollout }));
  const { catalog } = await readContext(settingsFor(setup.dir));
  const activities: Activity[] = [];
  let sources: MetricSources = {};
  watchRollouts({
    ...{ rollouts: setup.rollouts, catalog, log: SILENT, now: () => setup.clock.now },
    journal: { activity: (one) => void activities.push(one) },
    metrics: { watch: (more) => void (sources = more) },
  });
  const told = (): readonly string[] => activities.map(({ action, text }) => `${action}: ${text}`);
  return { setup, activities, told, counts: () => sources.rollouts?.() };
}

async function decide(setup: RolloutSetup, action: 'pause' | 'promote' | 'resume'): Promise<void> {
  const { catalog } = await readContext(settingsFor(setup.dir));
  await setup.rollouts.act(catalog.current().profiles.get('w') ?? expect.fail(), action);
}

it('what a rollout does by itself is an activity of the server, from its beginning to its end', async () => {
  const { setup, told, activities, counts } = await watched({ canaries: ['w1', 'w2'], soak: 600 });
  await setup.begin();
  await setup.boots('w1');
  await setup.asks('w2');
  expect(counts()).toEqual([
    { profile: 'w', state: 'running', wave: 0, waves: 1, machines: { waiting: 1, up: 1, failed: 0 } },
  ]);
  await setup.boots('w2');
  await setup.later(600);
  await setup.boots('w3');
  await setup.later(600);
  expect(told()).toEqual([
    `rollout begun: ${NEW} goes on, canaries`,
    `rollout wave: ${NEW} goes on, wave 1 of 1`,
    `rollout done: ${NEW} is done: it is the version of the profile`,
  ]);
  expect(activities[0]).toMatchObject({
    who: 'the server',
    target: 'profiles/w.json',
    at: expect.any(Number) as number,
  });
  expect(counts()).toMatchObject([{ state: 'done', wave: 1, machines: { up: 3 } }]);
});

it.each([
  ['rollback', 'rolled back', `${NEW} is rolled back, canaries: all machines get ${OLD} again`],
  ['stop', 'stopped', `${NEW} is stopped, canaries`],
])('on_failure "%s": it %s, and why', async (on_failure, word, text) => {
  const { setup, told, counts } = await watched({ canaries: ['w1'], on_failure });
  await setup.begin();
  await setup.asks('w1');
  await setup.later(300);
  expect(told().at(-1)).toBe(`rollout ${word}: ${text}: 1 failure (canaries): w1 did not phone home within 5 min 00 s`);
  expect(counts()).toMatchObject([{ machines: { failed: 1 } }]);
});

it('what an operator decided is told under the operator’s name, not a second time', async () => {
  const { setup, told } = await watched();
  await setup.begin();
  await decide(setup, 'pause');
  await decide(setup, 'resume');
  for (let i = 0; i < 4; i += 1) await decide(setup, 'promote');
  expect(setup.rollout().state).toBe('done');
  expect(told()).toEqual([`rollout begun: ${NEW} goes on, canaries`]);
});
