import { describe, expect, test } from 'vitest';
import { Failure, failureLine } from '../../src/model/failure.ts';
import { errnoOf, systemFailure } from '../../src/files/system-error.ts';

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
