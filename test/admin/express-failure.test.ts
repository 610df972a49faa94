import { expect, test } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { expressFailure } from '../../src/admin/express-failure.ts';

test('the client’s mistakes become failures without the library’s text', () => {
  const mistake = (status: unknown): unknown => expressFailure(Object.assign(new Error('/srv/secret'), { status }));
  expect(mistake(400)).toMatchObject({ code: 'invalid', message: 'the request is malformed' });
  expect(mistake(413)).toMatchObject({ code: 'too-large', message: 'the request is too large' });
});

test('bugs and failures stay what they are', () => {
  const all = [new Failure('conflict', 'x'), new TypeError('x'), 'x', undefined];
  for (const error of [...all, Object.assign(new Error('x'), { status: 500 })])
    expect(expressFailure(error)).toBe(error);
});
