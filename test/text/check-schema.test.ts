import { expect, test } from 'vitest';
import { schemaCheck, typeWords, valueWords } from '../../src/text/check-schema.ts';

const check = schemaCheck({
  type: 'object',
  properties: { 'a/b~c': { type: 'array', items: { type: 'integer' } }, d: { type: 'object', required: ['e'] } },
  additionalProperties: false,
});

test('violations have paths of keys and indexes', () => {
  expect(check({ 'a/b~c': [1, 2] })).toEqual([]);
  expect(check({ 'a/b~c': [1, 'x'], d: {}, f: 1 })).toMatchObject([
    { path: ['a/b~c', 1], keyword: 'type', wanted: 'integer', value: 'x' },
    { path: ['d'], keyword: 'required', key: 'e' },
    { path: [], keyword: 'additionalProperties', key: 'f' },
  ]);
});

test('a digit is a key where no list is', () => {
  const digits = schemaCheck({ type: 'object', properties: { '0': { type: 'string' } } });
  expect(digits({ '0': 1 })[0]?.path).toEqual(['0']);
});

test('of very many violations the unknown keys are dropped first', () => {
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, 1]));
  const violations = check({ ...many, 'a/b~c': 1 });
  expect(violations).toHaveLength(200);
  expect(violations[0]).toMatchObject({ keyword: 'type' });
});

test('own keys called __proto__ are unknown keys', () => {
  expect(check(JSON.parse('{"__proto__": {"d": 1}}'))).toMatchObject([{ key: '__proto__' }]);
});

test('types in words', () => {
  expect(typeWords(['string', 'number', 'boolean'])).toBe('text');
  expect(typeWords(['null', 'array'])).toBe('a list');
  expect(typeWords('boolean')).toBe('true or false');
  expect(typeWords('whatever')).toBe('something else');
  expect([null, [], {}, true, 1, 'a'].map(valueWords)).toEqual([
    'empty',
    'a list',
    'a map of keys',
    'true or false',
    'a number',
    'text',
  ]);
});
