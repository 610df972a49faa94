import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { Type as t } from '@sinclair/typebox';
import { API_ROUTES } from '../../../src/admin/api/routes.ts';
import { closed, oneOf, text, whole } from '../../../src/model/schema.ts';
import { createRequestChecks } from '../../../src/admin/api/request-schema.ts';
import { Failure } from '../../../src/model/failure.ts';

const checks = createRequestChecks();
const body = checks.body(closed({ profile: text(), name: t.Optional(text(undefined, { maxLength: 5 })) }));
const query = checks.query(
  closed({
    state: t.Optional(oneOf(['up', 'down'])),
    limit: t.Optional(whole('', { minimum: 1, maximum: 500 })),
    text: t.Optional(text(undefined, { maxLength: 5 })),
  }),
);

function messageOf(check: () => unknown): string {
  try {
    check();
  } catch (error) {
    if (error instanceof Failure && error.code === 'invalid') return `${error.message} | ${error.remedy ?? ''}`;
    throw error;
  }
  return 'nothing was wrong';
}

test('what is right comes back', () => {
  expect(body({ profile: 'a', name: 'b' })).toEqual({ profile: 'a', name: 'b' });
  expect(query({ state: 'up', limit: '7', text: '007' })).toEqual({ state: 'up', limit: 7, text: '007' });
  expect(query({})).toEqual({});
});

test.each([
  [{ profile: 'a', profil: 'b' }, 'unknown field "profil" | did you mean "profile"?'],
  [{ profile: 'a', zzzzzz: 1 }, 'unknown field "zzzzzz" | known are profile, name'],
  [{}, 'the field "profile" is missing | '],
  [{ profile: 1 }, 'profile must be string | '],
  [{ profile: 'a', name: '123456' }, 'name must NOT have more than 5 characters | '],
  [[], 'the body is not a JSON object | send {...}'],
  ['text', 'the body is not a JSON object | send {...}'],
  [undefined, 'the body is not a JSON object | send {...}'],
  [null, 'the body is not a JSON object | send {...}'],
])('a body %j: %s', (given, message) => {
  expect(messageOf(() => body(given))).toBe(message);
});

test.each([
  [{ stat: 'up' }, 'unknown query key "stat" | did you mean "state"?'],
  [{ state: 'sideways' }, 'state is none of the words that it may be | one of up, down'],
  [{ limit: '0' }, 'limit must be >= 1 | '],
  [{ limit: '1e9' }, 'limit must be <= 500 | '],
  [{ limit: 'many' }, 'limit must be integer | '],
  [{ text: ['a', 'b'] }, 'text must be string | '],
])('a query %j: %s', (given, message) => {
  expect(messageOf(() => query(given))).toBe(message);
});

test.each(['__proto__', 'constructor', 'prototype', 'toString'])('the key %s is unknown like any other', (key) => {
  expect(messageOf(() => body(JSON.parse(`{"profile": "a", "${key}": {"x": 1}}`)))).toContain(`unknown field "${key}"`);
  expect(messageOf(() => query(JSON.parse(`{"${key}": "x"}`)))).toContain(`unknown query key "${key}"`);
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
});

test('a field’s name in a message is cut and cleaned', () => {
  const message = messageOf(() => body({ profile: 'a', [`${'x'.repeat(200)}\u001b[2J`]: 1 }));
  expect(message).toContain('xxx..."');
  expect(message).not.toContain('\u001b');
});

test('the schemas are schemas, which the checks do not look at', () => {
  const ajv = new Ajv2020({ strict: true });
  for (const route of API_ROUTES) {
    for (const schema of [route.body, route.query]) {
      expect(ajv.validateSchema(schema), `${route.id} ${JSON.stringify(ajv.errors)}`).toBe(true);
    }
  }
});
