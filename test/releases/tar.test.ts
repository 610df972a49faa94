import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readTar } from '../../src/releases/tar.ts';
import { tarOf } from '../support/boot-programs.ts';
import { addFiles, makeFolder } from '../support/folder.ts';

function texts(archive: Buffer): Readonly<Record<string, string>> {
  return Object.fromEntries([...readTar(archive)].map(([path, bytes]) => [path, bytes.toString()]));
}

it('links inside the archive are the files that they lead to; others, folders and devices are left out', () => {
  const archive = tarOf([
    { path: 'a/', type: '5' },
    { path: 'a/one', body: '1' },
    { path: 'a/two', link: 'one' },
    { path: 'three', link: 'a/two' },
    { path: 'b', link: 'a' },
    { path: 'four', link: 'b/one' },
    { path: 'out', link: '../../etc/passwd' },
    { path: 'root', link: '/etc/passwd' },
    { path: 'loop', link: 'loop' },
    { path: 'nowhere', link: 'a/nine' },
    { path: '../up', body: 'x' },
    { path: '/abs', body: 'x' },
    { path: 'null', type: '3' },
    { path: 'a/hard', link: 'a/one', type: '1' },
    { path: 'outside', link: '../a/one', type: '1' },
    { path: 'all', type: 'g', body: '13 path=other\n' },
    { path: 'old', body: '2', type: '\0' },
    { path: 'whole', body: '3', type: '7' },
  ]);
  const more = { 'a/hard': '1', old: '2', whole: '3' };
  expect(texts(archive)).toEqual({ 'a/one': '1', 'a/two': '1', three: '1', four: '1', ...more });
});

it('a link may lead to a link, and so on, but not for ever', () => {
  const links = Array.from({ length: 9 }, (_, i) => ({ path: `l${i + 1}`, link: i === 0 ? 'file' : `l${i}` }));
  const found = texts(tarOf([{ path: 'file', body: '1' }, ...links]));
  expect([found['l7'], found['l8']]).toEqual(['1', undefined]);
});

it.each(['gnu', 'posix', 'ustar'])('what GNU tar makes (%s), with long names and links', (format) => {
  const dir = makeFolder();
  const long = `deep/${'n'.repeat(format === 'ustar' ? 60 : 90)}/${'m'.repeat(90)}`;
  addFiles(dir, { [`t/${long}`]: 'long', 't/plain': 'p'.repeat(700) });
  symlinkSync(format === 'ustar' ? 'plain' : long, join(dir, 't', 'link'));
  mkdirSync(join(dir, 't', 'empty'));
  const archive = execFileSync('tar', ['--format', format, '-C', join(dir, 't'), '-cf', '-', '.']);
  const plain = 'p'.repeat(700);
  expect(texts(archive)).toEqual({ [long]: 'long', plain, link: format === 'ustar' ? plain : 'long' });
});

it('what is cut off, damaged or no archive is refused', () => {
  const archive = tarOf([{ path: 'a', body: 'x'.repeat(2000) }]);
  expect(() => readTar(archive.subarray(0, 1024))).toThrow('ends in the middle of a file');
  expect(() => readTar(archive.subarray(0, 512 + 2048))).toThrow('is cut off');
  expect(() => readTar(Buffer.alloc(0))).toThrow('is cut off');
  const damaged = Buffer.from(archive);
  damaged.write('b', 0);
  expect(() => readTar(damaged)).toThrow('it is no tar archive, or damaged');
  const huge = Buffer.from(archive);
  huge.write('77777777777', 124);
  expect(() => readTar(huge)).toThrow('it is no tar archive, or damaged');
});
