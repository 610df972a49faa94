import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RolloutView } from '../../../src/model/release-views.ts';
import { makeFolder } from '../../support/folder.ts';
import { macOf, NEW, OLD, rolloutFolder } from '../../support/rollout-setup.ts';
import { type CliRun, runCli } from '../../support/run-cli.ts';

/** The command line on a folder of thirty machines, without a server. */
function lab(profile: object = {}) {
  const dir = makeFolder(rolloutFolder(profile));
  const cli = async (...words: readonly string[]): Promise<CliRun> => runCli([...words, '--data-dir', dir]);
  const view = async (...words: readonly string[]): Promise<RolloutView> =>
    JSON.parse((await cli('rollout', 'w', '--json', ...words)).stdout) as RolloutView;
  const version = (): unknown =>
    (JSON.parse(readFileSync(join(dir, 'profiles/w.json'), 'utf8')) as { version: unknown }).version;
  return { cli, view, version };
}

it('begins a rollout, pauses it, lets it go on, opens its waves, and writes the version at the end', async () => {
  const { cli, view, version } = lab();
  expect((await cli('rollouts')).stdout).toBe('no rollout yet\n');
  expect(await view('--to', NEW)).toMatchObject({ from: OLD, to: NEW, state: 'running', stage: 0 });
  expect((await cli('rollouts')).stdout).toMatch(/^w +4152\.2\.0 +4593\.2\.5 +running +canaries +0 +0$/m);
  const explained = await cli('render', 'script', '--mac', macOf(7), '--explain');
  expect(explained.stdout + explained.stderr).toContain(`canaries: w7 gets the old version, ${OLD}`);
  expect((await cli('rollout', 'w')).stdout).toContain('the next step waits: w1, w2, w3 must phone home with it first');
  expect(await view('--pause')).toMatchObject({ state: 'paused' });
  expect(await view('--resume')).toMatchObject({ state: 'running' });
  for (const stage of [1, 2, 3]) expect(await view('--promote')).toMatchObject({ state: 'running', stage });
  expect(version()).toBe(OLD);
  expect(await view('--promote')).toMatchObject({ state: 'done' });
  expect(version()).toBe(NEW);
  expect((await cli('rollout', 'w')).stdout).toContain(`w: ${OLD} -> ${NEW}, done`);
});

it('aborts: the new version is held, and neither rollback nor pin come in between', async () => {
  const { cli, view, version } = lab();
  await view('--to', NEW);
  expect((await cli('rollback', 'w')).stderr + (await cli('sync', '--pin', 'w')).stderr).toContain(
    `a rollout of ${NEW} is under way for w`,
  );
  expect(await view('--abort')).toMatchObject({ state: 'aborted' });
  expect(version()).toBe(OLD);
});

describe('says what is wrong with', () => {
  it.each([
    ['a version that is not here', ['rollout', 'w', '--to', '9999.0.0'], 'is not there'],
    ['the version that is booted', ['rollout', 'w', '--to', OLD], `w boots ${OLD} already`],
    ['two wishes', ['rollout', 'w', '--pause', '--abort'], 'at a time'],
    ['no rollout to pause', ['rollout', 'w', '--pause'], 'w has no rollout under way'],
    ['no rollout to show', ['rollout', 'w'], 'w has no rollout'],
    ['an unknown profile', ['rollout', 'v', '--pause'], 'there is no profile "v"'],
    ['an unknown profile to show', ['rollout', 'ww'], 'there is no profile "ww" (did you mean "w"?)'],
    ['no version', ['rollout', 'w', '--to', '../x'], 'a version is letters, digits'],
  ])('%s', async (_what, words, message) => {
    const { code, stderr } = await lab().cli(...words);
    expect(stderr).toContain(message);
    expect(code).not.toBe(0);
  });
});

describe('check refuses', () => {
  const rollout = { canaries: ['w1'] };
  it.each([
    [{ rollout, boot_timeout: undefined }, 'needs "boot_timeout"'],
    [{ rollout, phone_home: false }, 'needs machines that phone home'],
    [{ rollout: { canaries: ['w1', 'w99'] } }, '"w99" is no node of this profile'],
    [{ rollout: { canaries: 31 } }, '31 canaries of 30 nodes'],
    [{ rollout: { canaries: 1, waves: ['50%', '10%'] } }, '10% is not more than 50%'],
    [{ rollout: { canaries: 1, waves: ['0%'] } }, 'per cent'],
  ])('%j', async (profile, message) => {
    const { code, stdout, stderr } = await lab(profile).cli('check');
    expect(stdout + stderr).toContain(message);
    expect(stdout + stderr).toMatch(/profiles\/w\.json:\d+:\d+/);
    expect(code).toBe(1);
  });
});
