import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Request } from 'express';
import { describe, expect, it, test } from 'vitest';
import {
  fieldText,
  longField,
  mediaType,
  pathText,
  queryText,
  readForm,
  requiredField,
} from '../../../src/admin/web/form-fields.ts';
import { Failure } from '../../../src/model/failure.ts';

function post(body: string, headers: Record<string, string> = {}): IncomingMessage {
  const req = new IncomingMessage(new Socket());
  Object.assign(req.headers, { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8', ...headers });
  req.push(body);
  req.push(null);
  return req;
}

test('fields as they were sent, in an object that inherits nothing', async () => {
  const form = await readForm(post('a=1&b=x+y%26z&a=2&__proto__=p&constructor=c'), 1000);
  expect(Object.getPrototypeOf(form)).toBeNull();
  expect({ ...form }).toMatchObject({ a: ['1', '2'], b: 'x y&z', constructor: 'c' });
  expect(({} as Record<string, unknown>)['p']).toBeUndefined();
});

test('at most 200 fields and so many bytes', async () => {
  const many = Array.from({ length: 300 }, (_, i) => `f${i}=`).join('&');
  expect(Object.keys(await readForm(post(many), 10_000))).toHaveLength(200);
  await expect(readForm(post('a=12345'), 6)).rejects.toMatchObject({ code: 'too-large' });
});

test('nothing compressed, nothing else', async () => {
  await expect(readForm(post('', { 'content-encoding': 'gzip' }), 9)).rejects.toMatchObject({ code: 'invalid' });
  await expect(readForm(post('', { 'content-type': 'text/plain' }), 9)).rejects.toMatchObject({ code: 'invalid' });
});

test('a media type is the word before the semicolon', () => {
  expect(mediaType(post('', { 'content-type': 'Application/JSON ; charset=utf-8' }))).toBe('application/json');
});

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
