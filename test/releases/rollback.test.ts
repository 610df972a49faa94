import { describe, expect, it } from 'vitest';
import { buildProfile } from '../../src/catalog/build-profile.ts';
import { profileNamed } from '../../src/catalog/snapshot.ts';
import { parseVersion } from '../../src/model/profile.ts';
import { withHold } from '../../src/releases/sync-state.ts';
import { versionBefore } from '../../src/releases/rollback.ts';
import { rollbackHold } from '../../src/releases/rollout-holds.ts';
import { nameOf } from '../support/app-context.ts';

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
