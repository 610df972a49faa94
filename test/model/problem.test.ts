import { expect, it } from 'vitest';
import { problemFailure, problemLine } from '../../src/model/problem.ts';

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
