import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/model/profile.ts';
import { custom } from '../../src/os/old-feeds-custom.ts';
import { expectGolden } from '../support/golden.ts';
import { describeRelease, drive } from '../support/upstream-feed.ts';

const file = { name: 'vmlinuz', url: 'http://files.lan/vmlinuz', sha256: 'A'.repeat(64), size: 5 };
const initrd = { name: 'initrd.img', url: 'http://files.lan/initrd', sha256: 'b'.repeat(64), kind: 'initrd' };
const good: JsonObject = { version: '1.0', files: [file, initrd] };
const run = (release: JsonObject): ReturnType<typeof drive> =>
  drive(custom, { custom: { profile: 'rescue', release } }, {});

describe('custom', () => {
  it('takes what the profile says', () => {
    expect(run(good).asked).toEqual([]);
    expectGolden('systems/feeds/custom.txt', describeRelease(run(good).release));
  });

  it.each<[string, JsonObject]>([
    ['version', { ...good, version: '../x' }],
    ['version', { ...good, version: 'a..b' }],
    ['version', { files: [file] }],
    ['files', { version: '1' }],
    ['files', { version: '1', files: [] }],
    ['files', { version: '1', files: [file, file] }],
    ['files[0].sha256', { version: '1', files: [{ ...file, sha256: 'x' }] }],
    ['files[0].sha256', { version: '1', files: [{ name: 'a', url: 'http://x/a' }] }],
    ['files[0].sha256', { version: '1', files: ['vmlinuz'] }],
    ['files[0].name', { version: '1', files: [{ ...file, name: '../x' }] }],
    ['files[0].name', { version: '1', files: [{ ...file, name: '.pilotlight.json' }] }],
    ['files[0].url', { version: '1', files: [{ ...file, url: 'file:///etc/passwd' }] }],
    ['files[0].url', { version: '1', files: [{ ...file, url: 'http://' }] }],
    ['files[0].size', { version: '1', files: [{ ...file, size: -1 }] }],
    ['files[0].kind', { version: '1', files: [{ ...file, kind: 'floppy' }] }],
  ])('says that %s is wrong', (key, release) => {
    expect(() => run(release)).toThrow(
      expect.objectContaining({ code: 'broken', place: { file: 'profiles/rescue.json', key: `release.${key}` } }),
    );
  });
});
