import { describe, expect, it } from 'vitest';
import {
  asFailure,
  Failure,
  type FailureCode,
  failureLine,
  placeText,
  problemFailure,
  problemLine,
  unlessFailed,
} from '../../src/model/failure.ts';

it('a problem reads like a failure and becomes one', () => {
  const problem = {
    severity: 'error',
    message: 'no such document',
    place: { file: 'profiles/a.json', line: 1 },
    remedy: 'create configs/a.yml',
  } as const;
  expect(problemLine(problem)).toBe('profiles/a.json:1: no such document (create configs/a.yml)');
  expect(problemFailure(problem)).toMatchObject({ code: 'broken', remedy: 'create configs/a.yml' });
});

describe('failureLine', () => {
  it('says where, what and what to do, on one line', () => {
    const failure = new Failure('broken', 'unknown key\n"a"', {
      place: { file: 'profiles/a.json', key: 'nodes[0].mc', line: 3, column: 5 },
      remedy: 'did you mean "mac"?',
    });
    expect(failureLine(failure)).toBe('profiles/a.json:3:5 nodes[0].mc: unknown key "a" (did you mean "mac"?)');
  });
  it('says only what it knows', () => {
    expect(failureLine(new Failure('invalid', 'no'))).toBe('no');
    expect(placeText({ file: 'configs/a.yml', line: 2 })).toBe('configs/a.yml:2');
  });
  it('keeps its cause for the log', () => {
    const cause = new TypeError('x');
    expect(new Failure('unavailable', 'no', { cause }).cause).toBe(cause);
  });
});

describe('a failure is an answer, a bug is thrown on', () => {
  const failed = (code: FailureCode): Promise<string> => Promise.reject(new Failure(code, 'no'));
  it('unlessFailed', async () => {
    expect(await unlessFailed(Promise.resolve(1), 'not-found')).toBe(1);
    expect(await unlessFailed(failed('not-found'), 'not-found', 'refused')).toBeUndefined();
    expect(await unlessFailed(failed('broken'))).toBeUndefined();
    await expect(unlessFailed(failed('broken'), 'not-found')).rejects.toMatchObject({ code: 'broken' });
    await expect(unlessFailed(Promise.reject(new TypeError('bug')))).rejects.toBeInstanceOf(TypeError);
  });
  it('asFailure', () => {
    const failure = new Failure('invalid', 'no');
    expect(asFailure(failure)).toBe(failure);
    expect(() => asFailure(new TypeError('bug'))).toThrow(TypeError);
  });
});
