import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import type { Rollout } from '../../src/model/rollout.ts';
import { changeRollouts } from '../../src/rollouts/rollout-file.ts';
import { macOf, NEW, nodes, OLD, ROLLOUT } from '../support/rollout-setup.ts';
import { makeSetup, type SyncSetup } from '../support/sync-setup.ts';
import { FLATCAR, serveFlatcar } from '../support/upstream-releases.ts';

const NEWER = '4600.2.0';
const KEEP = ['--keep-releases', '1'];
const image = (version: string) => `flatcar/amd64/${version}/${FLATCAR.kernel}`;

/** A profile with a rollout whose own release was fetched and verified; the publisher has a newer one. */
async function syncedSetup(profile: object = {}): Promise<SyncSetup> {
  const all = { phone_home: true, boot_timeout: 300, rollout: ROLLOUT, nodes: nodes(30), ...profile };
  const setup = await makeSetup({
    'configs/w.ign': '{"ignition": {"version": "3.3.0"}}',
    'profiles/w.json': { system: 'flatcar', channel: 'stable', version: '4081.2.0', ignition: 'w.ign', ...all },
  });
  serveFlatcar(setup, OLD);
  // Its own release is not here: it has nothing to go back to, and gets the first one at once.
  await setup.sync();
  expect([setup.version('w'), rolloutOf(setup)]).toEqual([OLD, undefined]);
  serveFlatcar(setup, NEW);
  return setup;
}

function rolloutOf(setup: SyncSetup, name = 'w'): Rollout | undefined {
  try {
    return (JSON.parse(setup.read('state/rollouts.json')) as Record<string, Rollout>)[name];
  } catch {
    return undefined;
  }
}

function editProfile(setup: SyncSetup, from: string, to: string): void {
  const file = join(setup.dir, 'profiles/w.json');
  const before = readFileSync(file, 'utf8');
  expect(before).toContain(from);
  writeFileSync(file, before.replace(from, to));
}

/** As the server leaves a rollout that failed: the sync has not noted its hold yet. */
async function fails(setup: SyncSetup): Promise<void> {
  await changeRollouts(await openDataRoot(setup.dir), (all) => {
    const rollout = all.get('w') ?? expect.fail('no rollout of w');
    return new Map([['w', { ...rollout, state: 'rolled-back', why: '2 failures', unheld: true }]]);
  });
}

const keptWhy = (events: readonly object[]): unknown =>
  events.find((event) => 'kind' in event && event.kind === 'kept');
const holdOf = (setup: SyncSetup): unknown =>
  (JSON.parse(setup.read('state/sync.json')) as { holds: Record<string, unknown> }).holds['w'];

describe('a sync that finds a new release of a profile with a rollout', { timeout: 60_000 }, () => {
  it('fetches it, begins the rollout, and leaves the version in the file as it is', async () => {
    const setup = await syncedSetup();
    const before = setup.read('profiles/w.json');
    const { code, events, report } = await setup.sync();
    expect(code).toBe(0);
    expect(setup.read('profiles/w.json')).toBe(before);
    expect(events).toContainEqual({
      ...{ kind: 'rollout', target: 'flatcar/stable/amd64', profile: 'w' },
      ...{ from: OLD, to: NEW },
    });
    expect(report).toMatchObject({ rewritten: [], failed: 0, targets: [{ outcome: 'published', version: NEW }] });
    expect(rolloutOf(setup)).toMatchObject({ from: OLD, to: NEW, state: 'running', stage: 0, machines: {} });
    expect((await setup.cli('render', 'script', '--mac', macOf(1))).stdout).toContain(`/images/${image(NEW)}`);
    expect((await setup.cli('render', 'script', '--mac', macOf(7))).stdout).toContain(`/images/${image(OLD)}`);
  });

  it('keeps both releases, however few are kept, until the rollout is over; the next run changes nothing', async () => {
    const setup = await syncedSetup();
    expect((await setup.sync(...KEEP)).report.removed).toEqual([]);
    const begun = setup.read('state/rollouts.json');
    const again = await setup.sync(...KEEP);
    expect(setup.read('state/rollouts.json')).toBe(begun);
    expect(keptWhy(again.events)).toMatchObject({ profile: 'w', why: `its rollout of ${NEW} is under way` });
    expect(setup.visible()).toEqual(expect.arrayContaining([image(OLD), image(NEW)]));
    expect((await setup.cli('images')).stdout).toContain('w (rollout)');
    for (let i = 0; i < 4; i += 1) await setup.cli('rollout', 'w', '--promote');
    expect([setup.version('w'), rolloutOf(setup)?.state]).toEqual([NEW, 'done']);
    expect((await setup.sync(...KEEP)).report.removed).toEqual([`flatcar/amd64/${OLD}`]);
    expect(setup.visible()).not.toContain(image(OLD));
  });

  it('that failed: it is held, no later run begins it again, and something newer is rolled out', async () => {
    const setup = await syncedSetup();
    await setup.sync();
    await fails(setup);
    for (let run = 0; run < 2; run += 1) {
      const { code, events, report } = await setup.sync(...KEEP);
      expect([code, report.targets[0]?.outcome]).toEqual([0, 'held']);
      expect(keptWhy(events)).toMatchObject({
        why: `rolled back to ${OLD}: held until something newer than ${NEW} is published`,
      });
      expect(holdOf(setup)).toEqual({ version: OLD, until: 'next', above: NEW });
      expect(rolloutOf(setup)).toMatchObject({ to: NEW, state: 'rolled-back' });
      expect(rolloutOf(setup)).not.toHaveProperty('unheld');
    }
    expect(setup.version('w')).toBe(OLD);
    serveFlatcar(setup, NEWER);
    await setup.sync();
    expect(rolloutOf(setup)).toMatchObject({ from: OLD, to: NEWER, state: 'running', stage: 0 });
  });

  it('that failed while the file of its profile is broken: the hold waits until it can be read again', async () => {
    const setup = await syncedSetup();
    await setup.sync();
    await fails(setup);
    editProfile(setup, '"flatcar"', 'flatcar');
    await setup.cli('sync');
    editProfile(setup, 'flatcar', '"flatcar"');
    expect((await setup.sync()).report.targets[0]?.outcome).toBe('held');
    expect(rolloutOf(setup)).toMatchObject({ to: NEW, state: 'rolled-back' });
  });

  it('that fails while the run is under way: it does not begin anew', async () => {
    const setup = await syncedSetup();
    await setup.sync();
    // The publisher is asked after the holds were read.
    setup.upstream.fail('/flatcar/stable/amd64-usr/current/version.txt', (response, { body, etag }) => {
      fails(setup).then(
        () => response.writeHead(200, { 'content-length': body.length, etag }).end(body),
        (error: unknown) => response.destroy(error as Error),
      );
    });
    expect(keptWhy((await setup.sync()).events)).toMatchObject({
      why: expect.stringContaining('held until') as string,
    });
    expect(rolloutOf(setup)).toMatchObject({ to: NEW, state: 'rolled-back', unheld: true });
  });

  it('that an operator tried in spite of a pin, and that failed: the pin holds on', async () => {
    const setup = await syncedSetup();
    await setup.sync();
    await setup.cli('rollout', 'w', '--abort');
    await setup.cli('sync', '--pin', 'w');
    await setup.cli('rollout', 'w', '--to', NEW);
    expect(rolloutOf(setup)).toMatchObject({ to: NEW, state: 'running' });
    await fails(setup);
    serveFlatcar(setup, NEWER);
    await setup.sync();
    expect(rolloutOf(setup)).toMatchObject({ to: NEW, state: 'rolled-back' });
    expect(holdOf(setup)).toEqual({ version: OLD, until: 'unpinned' });
  });
});

describe('a release that its publisher withdraws while it is rolled out', { timeout: 60_000 }, () => {
  it('goes on until an operator allows the downgrade: then its rollout is over, and it may come again', async () => {
    const setup = await syncedSetup();
    await setup.sync();
    expect(rolloutOf(setup)).toMatchObject({ to: NEW, state: 'running' });
    serveFlatcar(setup, OLD);
    expect((await setup.sync()).code).not.toBe(0);
    expect(rolloutOf(setup)).toMatchObject({ to: NEW, state: 'running' });
    expect((await setup.sync('--allow-downgrade')).code).toBe(0);
    const why = `its publisher offers ${OLD} again`;
    expect([rolloutOf(setup), setup.version('w')]).toEqual([
      expect.objectContaining({ to: NEW, state: 'aborted', why }),
      OLD,
    ]);
    serveFlatcar(setup, NEW);
    await setup.sync();
    expect(rolloutOf(setup)).toMatchObject({ from: OLD, to: NEW, state: 'running', stage: 0 });
  });
});

describe('a newer release while another is rolled out', { timeout: 60_000 }, () => {
  it('takes its place, from the canaries on, and the old one is what the profile names', async () => {
    const setup = await syncedSetup();
    await setup.sync();
    await setup.cli('rollout', 'w', '--promote');
    expect(rolloutOf(setup)).toMatchObject({ to: NEW, stage: 1 });
    serveFlatcar(setup, NEWER);
    await setup.sync(...KEEP);
    expect(rolloutOf(setup)).toMatchObject({ from: OLD, to: NEWER, state: 'running', stage: 0, machines: {} });
    expect(setup.version('w')).toBe(OLD);
    expect(setup.visible()).toEqual(expect.arrayContaining([image(OLD), image(NEWER)]));
  });

  it('waits while the one before is paused, and begins once that is aborted, which holds only what it was of', async () => {
    const setup = await syncedSetup();
    await setup.sync();
    await setup.cli('rollout', 'w', '--pause');
    serveFlatcar(setup, NEWER);
    const { code, events } = await setup.sync(...KEEP);
    expect(code).toBe(0);
    const why = `its rollout of ${NEW} is paused: see \`pilotlight rollout w\``;
    expect(keptWhy(events)).toMatchObject({ why });
    expect(rolloutOf(setup)).toMatchObject({ to: NEW, state: 'paused' });
    expect(setup.visible()).toEqual(expect.arrayContaining([image(OLD), image(NEW), image(NEWER)]));
    await setup.cli('rollout', 'w', '--abort');
    await setup.sync();
    expect(holdOf(setup)).toEqual({ version: OLD, until: 'next', above: NEW });
    expect(rolloutOf(setup)).toMatchObject({ from: OLD, to: NEWER, state: 'running', stage: 0 });
  });
});

it(
  'two profiles of one channel: the one without a rollout gets the release at once, the other in waves',
  { timeout: 60_000 },
  async () => {
    const setup = await syncedSetup();
    const { rollout, nodes: listed, ...rest } = JSON.parse(setup.read('profiles/w.json')) as Record<string, unknown>;
    expect([rollout, listed]).not.toContain(undefined);
    writeFileSync(join(setup.dir, 'profiles/all.json'), JSON.stringify(rest));
    const { report } = await setup.sync(...KEEP);
    expect(report).toMatchObject({ rewritten: [{ profile: 'all', to: NEW }], removed: [] });
    expect([setup.version('all'), setup.version('w'), rolloutOf(setup)?.state]).toEqual([NEW, OLD, 'running']);
  },
);
