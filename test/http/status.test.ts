import { expect, test } from 'vitest';
import { isOutOfHandles, STATUS } from '../../src/http/status.ts';

test('each kind of failure has its status', () => {
  expect(STATUS).toEqual({
    'not-found': 404,
    invalid: 400,
    conflict: 409,
    'too-large': 413,
    refused: 403,
    unavailable: 503,
    broken: 500,
  });
});

test('no file handles left', () => {
  expect(isOutOfHandles(Object.assign(new Error('x'), { code: 'EMFILE' }))).toBe(true);
  expect(isOutOfHandles(Object.assign(new Error('x'), { code: 'ENFILE' }))).toBe(true);
  expect(isOutOfHandles(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe(false);
  expect(isOutOfHandles('EMFILE')).toBe(false);
});
