import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { placeFile } from '../../src/files/place-file.ts';
import { makeFolder } from '../support/folder.ts';

describe('placeFile', () => {
  test('the first writer wins: what is there stays, byte for byte, and no draft is left', async () => {
    const dir = makeFolder();
    const results = await Promise.all(
      ['one', 'two', 'three'].map(async (text) => placeFile(join(dir, 'state'), text, { mode: 0o600, replace: false })),
    );
    expect(results.toSorted()).toEqual(['exists', 'exists', 'placed']);
    const winner = ['one', 'two', 'three'][results.indexOf('placed')];
    expect(readFileSync(join(dir, 'state'), 'utf8')).toBe(winner);
    expect(readdirSync(dir)).toEqual(['configs', 'images', 'profiles', 'sshkeys', 'state']);
  });

  test('replaces when that is asked for, as another file', async () => {
    const dir = makeFolder({ old: 'old' });
    const before = statSync(join(dir, 'old')).ino;
    expect(await placeFile(join(dir, 'old'), 'new', { mode: 0o640, replace: true })).toBe('placed');
    expect(readFileSync(join(dir, 'old'), 'utf8')).toBe('new');
    expect(statSync(join(dir, 'old')).ino).not.toBe(before);
    expect(statSync(join(dir, 'old')).mode & 0o777).toBe(0o640);
  });

  test('leaves no draft when it fails', async () => {
    const dir = makeFolder();
    mkdirSync(join(dir, 'full'));
    writeFileSync(join(dir, 'full/x'), '');
    await expect(placeFile(join(dir, 'full'), 'x', { mode: 0o600, replace: true })).rejects.toThrow('EISDIR');
    const fails = placeFile(join(dir, 'new'), 'x', {
      mode: 0o600,
      replace: false,
      prepare: async () => Promise.reject(new TypeError('not now')),
    });
    await expect(fails).rejects.toThrow('not now');
    expect(readdirSync(dir)).toEqual(['configs', 'full', 'images', 'profiles', 'sshkeys']);
  });
});
