import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildProfile } from '../../src/catalog/build-profile.ts';
import { profileNamed } from '../../src/catalog/snapshot.ts';
import { openDataRoot } from '../../src/files/data-root.ts';
import { parseVersion } from '../../src/model/profile.ts';
import { withHold } from '../../src/releases/sync-state.ts';
import { pinProfile, rollback, versionBefore } from '../../src/releases/rollback.ts';
import { rollbackHold } from '../../src/releases/rollout-holds.ts';
import { changeRollouts } from '../../src/rollouts/rollout-file.ts';
import { nameOf, settingsFor } from '../support/app-context.ts';
import { makeFolder } from '../support/folder.ts';
import { NEW, OLD, rolloutFolder } from '../support/rollout-setup.ts';

const seed = buildProfile(nameOf('seed'), 'profiles/seed.json', { system: 'flatcar', version: '10.0.0' });
const release = (version: string, series = 'flatcar/stable/amd64') => ({
  shelf: `x/${version}`,
  series,
  version,
  size: 1,
});

describe('versionBefore', () => {
  it('is the newest that is older, of the same channel, compared as numbers', () => {
    const releases = [
      release('9.9.8'),
      release('10.0.0'),
      release('9.10.0'),
      release('11.0.0'),
      release('9.99.0', 'flatcar/beta/amd64'),
    ];
    expect(versionBefore(seed, releases)).toBe('9.10.0');
    expect(() => versionBefore(seed, [release('10.0.0')])).toThrow('nothing older than 10.0.0');
  });
});

describe('versionBefore of what lies there by hand, or of two processors', () => {
  it('counts files that were placed by hand in the folder of the profile, of no other', () => {
    const byHand = (shelf: string) => ({
      ...release(shelf.slice(shelf.lastIndexOf('/') + 1), ''),
      byHand: true as const,
      shelf,
    });
    const all = ['flatcar/amd64/8.0.0', 'flatcar/arm64/9.0.0', 'flatcar/amd64/9.5.0/more'].map(byHand);
    expect(versionBefore(seed, all)).toBe('8.0.0');
  });

  it('is one that both processors have', () => {
    const raw = { system: 'flatcar', arch: 'auto', version: '10.0.0' };
    const both = buildProfile(nameOf('both'), 'profiles/both.json', raw);
    const arm = 'flatcar/stable/arm64';
    const all = [release('9.0.0'), release('9.0.0', arm), release('9.1.0'), release('9.2.0', arm)];
    expect(versionBefore(both, all)).toBe('9.0.0');
    expect(() => versionBefore(both, all.slice(1))).toThrow(
      'nothing older than 10.0.0 of flatcar/stable/amd64 and flatcar/stable/arm64',
    );
  });
});

describe('rollback and pins on a folder', () => {
  function setup(profile: object) {
    const dir = makeFolder(rolloutFolder({ version: NEW, ...profile }));
    const read = (path: string) => JSON.parse(readFileSync(join(dir, path), 'utf8')) as Record<string, unknown>;
    return { dir, settings: settingsFor(dir), version: () => read('profiles/w.json')['version'], read };
  }

  it('what a rollout decides, no other hand does: it is refused, names the rollout, and changes nothing', async () => {
    const { dir, settings, version } = setup({ version: OLD });
    const at = { stage: 0, begun: 1, since: 1, machines: {} };
    await changeRollouts(
      await openDataRoot(dir),
      () => new Map([['w', { from: OLD, to: NEW, state: 'running', ...at }]]),
    );
    for (const act of [() => rollback(settings, 'w', NEW), () => pinProfile(settings, 'w', 'pin')]) {
      await expect(act()).rejects.toMatchObject({
        code: 'conflict',
        message: `a rollout of ${NEW} is under way for w`,
        remedy: expect.stringContaining('rollout w --abort') as string,
      });
    }
    expect(version()).toBe(OLD);
  });

  it('holds what the sync would raise again; a profile that follows nothing needs no hold', async () => {
    const follows = setup({});
    expect(await rollback(follows.settings, 'w')).toEqual({
      kind: 'done',
      value: { profile: 'w', from: NEW, to: OLD, heldAbove: NEW },
    });
    expect([follows.version(), follows.read('state/sync.json')['holds']]).toEqual([
      OLD,
      { w: { version: OLD, until: 'next', above: NEW } },
    ]);
    const manual = setup({ update: 'manual' });
    expect(await rollback(manual.settings, 'w', OLD)).toEqual({
      kind: 'done',
      value: { profile: 'w', from: NEW, to: OLD },
    });
    expect(manual.version()).toBe(OLD);
    expect(() => manual.read('state/sync.json')).toThrow('ENOENT');
    expect(await pinProfile(manual.settings, 'w', 'pin')).toMatchObject({
      value: expect.stringContaining('manual') as string,
    });
    expect(() => manual.read('state/sync.json')).toThrow('ENOENT');
  });

  it('leads to no version whose files are not here, and to none that is no version', async () => {
    const { settings, version } = setup({});
    await expect(rollback(settings, 'w', '1.2.3')).rejects.toMatchObject({
      code: 'not-found',
      message: 'images/flatcar/amd64/1.2.3/flatcar_production_pxe.vmlinuz is not there',
    });
    await expect(rollback(settings, 'w', '../x')).rejects.toMatchObject({ code: 'invalid' });
    expect(version()).toBe(NEW);
  });

  it('a pin is for the version of now, and goes again', async () => {
    const { settings, read } = setup({});
    await pinProfile(settings, 'w', 'pin');
    expect(read('state/sync.json')['holds']).toEqual({ w: { version: NEW, until: 'unpinned' } });
    expect(await pinProfile(settings, 'w', 'unpin')).toEqual({ kind: 'done', value: 'w follows its channel again' });
    expect(read('state/sync.json')['holds']).toEqual({});
  });
});

describe('rollbackHold', () => {
  it('lasts until something newer than everything that was known', () => {
    const version = parseVersion('9.0.0') ?? expect.fail();
    expect(rollbackHold(seed, version, { holds: {}, accepted: {} })).toEqual({
      version: '9.0.0',
      until: 'next',
      above: '10.0.0',
    });
    expect(rollbackHold(seed, version, { holds: {}, accepted: { 'flatcar/stable/amd64': '10.0.1' } }).above).toBe(
      '10.0.1',
    );
  });
});

describe('pins', () => {
  it('one profile’s hold is put in the place of its old one', () => {
    const pin = { version: '1', until: 'unpinned' } as const;
    const state = { holds: { a: pin, b: pin }, accepted: { x: '1' } };
    expect(withHold(state, 'a', { ...pin, version: '2' }).holds).toEqual({ b: pin, a: { ...pin, version: '2' } });
    expect(withHold(state, 'a', undefined)).toEqual({ holds: { b: pin }, accepted: { x: '1' } });
  });

  it('says whether a profile is broken or not there', () => {
    const snapshot = {
      profiles: new Map([['seed', seed]]),
      problems: [{ severity: 'error' as const, message: '', place: { file: 'profiles/bad.json' } }],
    };
    expect(profileNamed(snapshot, 'seed')).toBe(seed);
    expect(() => profileNamed(snapshot, 'bad')).toThrow(expect.objectContaining({ code: 'broken' }));
    expect(() => profileNamed(snapshot, 'sede')).toThrow(
      expect.objectContaining({ code: 'not-found', remedy: 'did you mean "seed"?' }),
    );
    expect(() => profileNamed(snapshot, '../x')).toThrow(expect.objectContaining({ code: 'not-found' }));
  });
});
