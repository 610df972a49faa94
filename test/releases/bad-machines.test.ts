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
import { FLATCAR_PROFILE, makeStand, type SyncStand } from '../support/sync-stand.ts';
import { FLATCAR, serveFlatcar } from '../support/upstream-releases.ts';

const NEW = FLATCAR_PROFILE.replace('4152.2.0', '4593.2.5');

function published(stand: SyncStand, version: string): boolean {
  return stand.visible().includes(`flatcar/amd64/${version}/${FLATCAR.kernel}`);
}

afterEach(() => {
  vi.useRealTimers();
});

describe('the machine has a bad day', () => {
  it('a clock before the release: says so, and changes nothing', async () => {
    const stand = await makeStand();
    serveFlatcar(stand, '4593.2.5');
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(new Date('1970-01-02'));
    const { code, report } = await stand.sync();
    vi.useRealTimers();
    expect([code, stand.visible(), stand.read('profiles/seed.json')]).toEqual([1, [], FLATCAR_PROFILE]);
    expect(report.targets[0]?.message).toMatch(/clock/);
    expect((await stand.sync()).code).toBe(0);
  });

  it('nothing new for a quarter: says so at every run, and goes on serving', async () => {
    const stand = await makeStand();
    serveFlatcar(stand, '4593.2.5');
    await stand.sync();
    const notes = async (): Promise<readonly string[]> =>
      (await stand.sync()).events.flatMap((event) => (event.kind === 'note' ? [event.message] : []));
    expect(await notes()).toEqual([]);
    const manifest = join(stand.dir, 'images/flatcar/amd64/4593.2.5/.pilotlight.json');
    const then = (Date.now() - 91.5 * 86_400_000) / 1000;
    utimesSync(manifest, then, then);
    expect(await notes()).toEqual([
      "nothing new for 91 days: look at the publisher's page whether flatcar/amd64/4593.2.5 is still its newest release",
    ]);
    expect(published(stand, '4593.2.5')).toBe(true);
  });

  it('the data directory is a link, and so is a profile: both stay links', async () => {
    const stand = await makeStand();
    serveFlatcar(stand, '4593.2.5');
    mkdirSync(join(stand.dir, 'elsewhere'));
    renameSync(join(stand.dir, 'profiles/seed.json'), join(stand.dir, 'elsewhere/seed.json'));
    symlinkSync('../elsewhere/seed.json', join(stand.dir, 'profiles/seed.json'));
    const link = `${stand.dir}-link`;
    symlinkSync(stand.dir, link);
    try {
      const flags = stand.flags.map((flag) => (flag === stand.dir ? link : flag));
      expect((await runCli(['sync', ...flags])).code).toBe(0);
    } finally {
      rmSync(link);
    }
    expect(lstatSync(join(stand.dir, 'profiles/seed.json')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(stand.dir, 'elsewhere/seed.json'), 'utf8')).toBe(NEW);
    expect(published(stand, '4593.2.5')).toBe(true);
  });

  it('a broken state file is loud, is kept, and stops nothing', async () => {
    const stand = await makeStand();
    serveFlatcar(stand, '4593.2.5');
    writeFileSync(join(stand.dir, 'state/sync.json'), '{ "holds": ');
    const { code, stderr } = await stand.cli('sync');
    expect(code).toBe(0);
    expect(stderr).toContain('the state of the sync is broken and counts as empty');
    expect(stand.read('state/sync.json.broken')).toBe('{ "holds": ');
    expect(JSON.parse(stand.read('state/sync.json'))).toEqual({
      holds: {},
      accepted: { 'flatcar/stable/amd64': '4593.2.5' },
    });
  });

  it('a broken profile may name any release: retention takes nothing away', async () => {
    const stand = await makeStand();
    for (const version of ['4300.2.0', '4400.2.0', '4500.2.0']) {
      serveFlatcar(stand, version);
      await stand.sync('--keep-releases', '3');
    }
    writeFileSync(join(stand.dir, 'profiles/broken.json'), '{');
    serveFlatcar(stand, '4593.2.5');
    expect((await stand.sync('--keep-releases', '1')).report.removed).toEqual([]);
    rmSync(join(stand.dir, 'profiles/broken.json'));
    expect((await stand.sync('--keep-releases', '1')).report.removed).toEqual([
      'flatcar/amd64/4500.2.0',
      'flatcar/amd64/4400.2.0',
      'flatcar/amd64/4300.2.0',
    ]);
  });

  it('a run in which one channel failed takes nothing away of the others', async () => {
    const stand = await makeStand();
    for (const version of ['4300.2.0', '4400.2.0', '4500.2.0']) {
      serveFlatcar(stand, version);
      await stand.sync('--keep-releases', '3');
    }
    serveFlatcar(stand, '4593.2.5');
    const beta = FLATCAR_PROFILE.replace('stable', 'beta').replace('00:01', '00:02');
    writeFileSync(join(stand.dir, 'profiles/beta.json'), beta);
    stand.upstream.absent('/flatcar/beta/amd64-usr/current/version.txt');
    expect((await stand.sync('--keep-releases', '1')).report).toMatchObject({ failed: 1, removed: [] });
    rmSync(join(stand.dir, 'profiles/beta.json'));
    expect((await stand.sync('--keep-releases', '1')).report.removed).toHaveLength(3);
  });
});

const root = needs({ root: true, commands: ['mount', 'umount'] });
root.describe('the disk has a bad day', () => {
  it.each([
    ['full', 'size=200k', /not enough space in images\/: \d+ bytes are needed, \d+ are free/],
    ['read-only', 'ro,size=10m', /read-only/],
  ])('%s: the old release stays in force, and the next run finishes', async (_, options, said) => {
    const stand = await makeStand();
    serveFlatcar(stand, '4593.2.5');
    const images = join(stand.dir, 'images');
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', images]);
    try {
      const { code, report } = await stand.sync();
      expect(code).toBe(1);
      expect(report.targets[0]?.message).toMatch(said);
      expect(stand.read('profiles/seed.json')).toBe(FLATCAR_PROFILE);
      execFileSync('mount', ['-o', 'remount,rw,size=10m', images]);
      expect((await stand.sync()).code).toBe(0);
      expect(stand.read('profiles/seed.json')).toBe(NEW);
    } finally {
      execFileSync('umount', [images]);
    }
  });

  it('profiles/ is full: the release is published, the profile keeps its old bytes', async () => {
    const stand = await makeStand({ 'elsewhere/seed.json': FLATCAR_PROFILE });
    serveFlatcar(stand, '4593.2.5');
    const profiles = join(stand.dir, 'profiles');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', profiles]);
    try {
      writeFileSync(join(profiles, 'seed.json'), FLATCAR_PROFILE);
      writeFileSync(join(profiles, 'filler'), Buffer.alloc(4096));
      const { code, report } = await stand.sync();
      expect([code, report.rewritten]).toEqual([1, []]);
      expect(stand.read('profiles/seed.json')).toBe(FLATCAR_PROFILE);
      expect(published(stand, '4593.2.5')).toBe(true);
      rmSync(join(profiles, 'filler'));
      expect((await stand.sync()).code).toBe(0);
      expect(stand.read('profiles/seed.json')).toBe(NEW);
    } finally {
      execFileSync('umount', [profiles]);
    }
  });
});
