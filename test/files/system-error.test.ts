import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { checkRelative, errnoOf, HOST_FILES, shownPath, systemFailure } from '../../src/files/system-error.ts';
import { Failure, failureLine } from '../../src/model/failure.ts';
import { makeFolder } from '../support/folder.ts';

it('reads, lists and follows what is there', async () => {
  const dir = makeFolder();
  mkdirSync(join(dir, 'fd'));
  writeFileSync(join(dir, 'comm'), 'dnsmasq\n');
  symlinkSync('socket:[42]', join(dir, 'fd', '3'));
  expect(await HOST_FILES.read(join(dir, 'comm'))).toBe('dnsmasq\n');
  expect(await HOST_FILES.list(join(dir, 'fd'))).toEqual(['3']);
  expect(await HOST_FILES.link(join(dir, 'fd', '3'))).toBe('socket:[42]');
});

it('has nothing to say of what is not there', async () => {
  expect(await HOST_FILES.read('/nonexistent')).toBeUndefined();
  expect(await HOST_FILES.list('/nonexistent')).toEqual([]);
  expect(await HOST_FILES.link('/nonexistent')).toBeUndefined();
});

it('reads files of /proc, whose size is said to be zero', async () => {
  expect(await HOST_FILES.read('/proc/self/status')).toContain(`Pid:\t${process.pid}\n`);
});

describe('checkRelative', () => {
  test.each(['a', 'a/b.txt', '.hidden', 'a/..b', 'a/b..', '...', 'a b/c', 'images/flatcar/amd64/1.2.3+4/x.gz'])(
    'admits %j',
    (path) => {
      expect(() => {
        checkRelative(path);
      }).not.toThrow();
    },
  );

  test.each([
    '',
    '.',
    '..',
    '/etc/passwd',
    '../x',
    'a/../b',
    'a/..',
    'a/./b',
    'a//b',
    'a/',
    './a',
    'a\\b',
    '..\\x',
    'a\0b',
  ])('refuses %j', (path) => {
    expect(() => {
      checkRelative(path);
    }).toThrow(expect.objectContaining({ code: 'refused' }));
  });
});

describe('shownPath', () => {
  test('leaves an ordinary path as it is', () => {
    expect(shownPath('configs/ä.yml')).toBe('configs/ä.yml');
  });

  test('has no control characters, so that a log line stays a line', () => {
    expect(shownPath('a\r\nb\u001b[1mc\u0085\u2028d\0')).toBe('a??b?[1mc??d?');
  });

  test('is at most 200 characters long', () => {
    expect(shownPath('x'.repeat(200))).toHaveLength(200);
    expect(shownPath('x'.repeat(5000))).toBe(`${'x'.repeat(197)}...`);
  });
});

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: something, open '/srv/secret/a.json'`), { code });
}

describe('systemFailure', () => {
  test.each([
    ['ENOENT', 'not-found'],
    ['ENOTDIR', 'not-found'],
    ['ENAMETOOLONG', 'not-found'],
    ['ELOOP', 'refused'],
    ['ENXIO', 'refused'],
    ['ENODEV', 'refused'],
    ['EACCES', 'unavailable'],
    ['EPERM', 'unavailable'],
    ['EROFS', 'unavailable'],
    ['ENOSPC', 'unavailable'],
    ['EDQUOT', 'unavailable'],
    ['EFBIG', 'unavailable'],
    ['EMFILE', 'unavailable'],
    ['ENFILE', 'unavailable'],
    ['EIO', 'unavailable'],
  ])('%s is %s, and names the path below the root only', (errno, code) => {
    const error = systemError(errno);
    const failure = systemFailure(error, 'profiles/a.json');
    expect(failure.code).toBe(code);
    expect(failureLine(failure)).toContain('profiles/a.json');
    expect(failureLine(failure)).not.toContain('/srv');
    expect(failure.cause).toBe(error);
  });

  test('an unknown error shows its code, not its text', () => {
    expect(failureLine(systemFailure(systemError('EIO'), 'a'))).toBe('a: cannot be read or written (EIO)');
    expect(failureLine(systemFailure('/srv/x is odd', 'a'))).toBe('a: cannot be read or written (unknown error)');
  });

  test('a full disk and a lack of descriptors say what to do', () => {
    expect(systemFailure(systemError('ENOSPC'), 'a').remedy).toContain('space');
    expect(systemFailure(systemError('EMFILE'), 'a').remedy).toContain('ulimit -n');
  });

  test('a Failure stays what it is', () => {
    const failure = new Failure('too-large', 'x');
    expect(systemFailure(failure, 'a')).toBe(failure);
  });
});

describe('errnoOf', () => {
  test('knows system errors only', () => {
    expect(errnoOf(systemError('EIO'))).toBe('EIO');
    expect(errnoOf(new Error('EIO'))).toBeUndefined();
    expect(errnoOf(Object.assign(new Error('x'), { code: 5 }))).toBeUndefined();
    expect(errnoOf({ code: 'EIO' })).toBeUndefined();
  });
});
