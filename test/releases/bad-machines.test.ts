import {
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { needs } from '../support/needs.ts';
import { runCli } from '../support/run-cli.ts';
import { FLATCAR_PROFILE, makeSetup, type SyncSetup } from '../support/sync-setup.ts';
import { FLATCAR, serveFlatcar } from '../support/upstream-releases.ts';

const NEW = FLATCAR_PROFILE.replace('4152.2.0', '4593.2.5');

function published(setup: SyncSetup, version: string): boolean {
  return setup.visible().includes(`flatcar/amd64/${version}/${FLATCAR.kernel}`);
}

afterEach(() => {
  vi.useRealTimers();
});

describe('the machine has a bad day', () => {
  it('a clock before the release: says so, and changes nothing', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(new Date('1970-01-02'));
    const { code, report } = await setup.sync();
    vi.useRealTimers();
    expect([code, setup.visible(), setup.read('profiles/seed.json')]).toEqual([1, [], FLATCAR_PROFILE]);
    expect(report.targets[0]?.message).toMatch(/clock/);
    expect((await setup.sync()).code).toBe(0);
  });

  it('nothing new for a quarter: says so at every run, and goes on serving', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    await setup.sync();
    const notes = async (): Promise<readonly string[]> =>
      (await setup.sync()).events.flatMap((event) => (event.kind === 'note' ? [event.message] : []));
    expect(await notes()).toEqual([]);
    const manifest = join(setup.dir, 'images/flatcar/amd64/4593.2.5/.pilotlight.json');
    const then = (Date.now() - 91.5 * 86_400_000) / 1000;
    utimesSync(manifest, then, then);
    expect(await notes()).toEqual([
      "nothing new for 91 days: look at the publisher's page whether flatcar/amd64/4593.2.5 is still its newest release",
    ]);
    expect(published(setup, '4593.2.5')).toBe(true);
  });

  it('the data directory is a link, and so is a profile: both stay links', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    mkdirSync(join(setup.dir, 'elsewhere'));
    renameSync(join(setup.dir, 'profiles/seed.json'), join(setup.dir, 'elsewhere/seed.json'));
    symlinkSync('../elsewhere/seed.json', join(setup.dir, 'profiles/seed.json'));
    const link = `${setup.dir}-link`;
    symlinkSync(setup.dir, link);
    try {
      const flags = setup.flags.map((flag) => (flag === setup.dir ? link : flag));
      expect((await runCli(['sync', ...flags])).code).toBe(0);
    } finally {
      rmSync(link);
    }
    expect(lstatSync(join(setup.dir, 'profiles/seed.json')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(setup.dir, 'elsewhere/seed.json'), 'utf8')).toBe(NEW);
    expect(published(setup, '4593.2.5')).toBe(true);
  });

  it('a broken state file is loud, is kept, and stops nothing', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    writeFileSync(join(setup.dir, 'state/sync.json'), '{ "holds": ');
    const { code, stderr } = await setup.cli('sync');
    expect(code).toBe(0);
    expect(stderr).toContain('the state of the sync is broken and counts as empty');
    expect(setup.read('state/sync.json.broken')).toBe('{ "holds": ');
    expect(JSON.parse(setup.read('state/sync.json'))).toEqual({
      holds: {},
      accepted: { 'flatcar/stable/amd64': '4593.2.5' },
    });
  });

  it('a broken profile may name any release: retention takes nothing away', async () => {
    const setup = await makeSetup();
    for (const version of ['4300.2.0', '4400.2.0', '4500.2.0']) {
      serveFlatcar(setup, version);
      await setup.sync('--keep-releases', '3');
    }
    writeFileSync(join(setup.dir, 'profiles/broken.json'), '{');
    serveFlatcar(setup, '4593.2.5');
    expect((await setup.sync('--keep-releases', '1')).report.removed).toEqual([]);
    rmSync(join(setup.dir, 'profiles/broken.json'));
    expect((await setup.sync('--keep-releases', '1')).report.removed).toEqual([
      'flatcar/amd64/4500.2.0',
      'flatcar/amd64/4400.2.0',
      'flatcar/amd64/4300.2.0',
    ]);
  });

  it('a run in which one channel failed takes nothing away of the others', async () => {
    const setup = await makeSetup();
    for (const version of ['4300.2.0', '4400.2.0', '4500.2.0']) {
      serveFlatcar(setup, version);
      await setup.sync('--keep-releases', '3');
    }
    serveFlatcar(setup, '4593.2.5');
    const beta = FLATCAR_PROFILE.replace('stable', 'beta').replace('00:01', '00:02');
    writeFileSync(join(setup.dir, 'profiles/beta.json'), beta);
    setup.upstream.absent('/flatcar/beta/amd64-usr/current/version.txt');
    expect((await setup.sync('--keep-releases', '1')).report).toMatchObject({ failed: 1, removed: [] });
    rmSync(join(setup.dir, 'profiles/beta.json'));
    expect((await setup.sync('--keep-releases', '1')).report.removed).toHaveLength(3);
  });
});

const root = needs({ root: true, commands: ['mount', 'umount'] });
root.describe('the disk has a bad day', () => {
  it.each([
    ['full', 'size=200k', /not enough space in images\/: \d+ bytes are needed, \d+ are free/],
    ['read-only', 'ro,size=10m', /read-only/],
  ])('%s: the old release stays in force, and the next run finishes', async (_, options, said) => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    const images = join(setup.dir, 'images');
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', images]);
    try {
      const { code, report } = await setup.sync();
      expect(code).toBe(1);
      expect(report.targets[0]?.message).toMatch(said);
      expect(setup.read('profiles/seed.json')).toBe(FLATCAR_PROFILE);
      execFileSync('mount', ['-o', 'remount,rw,size=10m', images]);
      expect((await setup.sync()).code).toBe(0);
      expect(setup.read('profiles/seed.json')).toBe(NEW);
    } finally {
      execFileSync('umount', [images]);
    }
  });

  it('profiles/ is full: the release is published, the profile keeps its old bytes', async () => {
    const setup = await makeSetup({ 'elsewhere/seed.json': FLATCAR_PROFILE });
    serveFlatcar(setup, '4593.2.5');
    const profiles = join(setup.dir, 'profiles');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', profiles]);
    try {
      writeFileSync(join(profiles, 'seed.json'), FLATCAR_PROFILE);
      writeFileSync(join(profiles, 'filler'), Buffer.alloc(4096));
      const { code, report } = await setup.sync();
      expect([code, report.rewritten]).toEqual([1, []]);
      expect(setup.read('profiles/seed.json')).toBe(FLATCAR_PROFILE);
      expect(published(setup, '4593.2.5')).toBe(true);
      rmSync(join(profiles, 'filler'));
      expect((await setup.sync()).code).toBe(0);
      expect(setup.read('profiles/seed.json')).toBe(NEW);
    } finally {
      execFileSync('umount', [profiles]);
    }
  });
});
