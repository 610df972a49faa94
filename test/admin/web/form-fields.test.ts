import type { Request } from 'express';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/model/failure.ts';
import { fieldText, longField, pathText, queryText, requiredField, told } from '../../../src/admin/web/form-fields.ts';

const request = (parts: object): Request =>
  ({ query: {}, params: {}, body: undefined, ...parts }) as unknown as Request;

describe('what a request says', () => {
  it.each([
    [' a ', 'a'],
    ['', undefined],
    ['   ', undefined],
    [['a', 'b'], undefined],
    [undefined, undefined],
    ['x'.repeat(257), undefined],
  ])('%j in an address or a form is %j', (value, text) => {
    expect(queryText(request({ query: { q: value } }), 'q')).toBe(text);
    expect(fieldText(request({ body: { q: value } }), 'q')).toBe(text);
  });

  it('is missing without a body', () => {
    expect(fieldText(request({}), 'q')).toBeUndefined();
    expect(() => requiredField(request({ body: {} }), 'profile')).toThrow('the field "profile" is missing');
  });

  it('has line ends as files here have them, and keeps its spaces', () => {
    expect(longField(request({ body: { text: ' a\r\nb\n\r\n ' } }), 'text')).toBe(' a\nb\n\n ');
    expect(longField(request({ body: { text: '' } }), 'text')).toBe('');
    expect(() => longField(request({ body: { text: ['a', 'b'] } }), 'text')).toThrow(Failure);
  });

  it('may be a part of the path', () => {
    expect(pathText(request({ params: { key: 'a:b' } }), 'key')).toBe('a:b');
    expect(pathText(request({}), 'key')).toBe('');
  });
});

it('a page tells failures and nothing else', () => {
  expect(told(new Failure('conflict', 'm', { remedy: 'r' }))).toEqual({ message: 'm', remedy: 'r' });
  const bug = new TypeError('bug');
  expect(() => told(bug)).toThrow(bug);
});
