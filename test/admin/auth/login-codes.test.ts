import { expect, test } from 'vitest';
import { LoginCodes } from '../../../src/admin/auth/sessions.ts';

function setup() {
  const clock = { now: 1000 };
  return { clock, codes: new LoginCodes(() => clock.now) };
}

test('a code has 128 bits, works once, and no other one does', () => {
  const { codes } = setup();
  const code = codes.make();
  expect(Buffer.from(code, 'base64url')).toHaveLength(16);
  expect(codes.use(codes.make().toUpperCase())).toBe(false);
  expect(codes.use('')).toBe(false);
  expect(codes.use('x'.repeat(5000))).toBe(false);
  expect(codes.use(code)).toBe(true);
  expect(codes.use(code)).toBe(false);
});

test('it runs out after a quarter of an hour', () => {
  const { clock, codes } = setup();
  const [early, late] = [codes.make(), codes.make()];
  clock.now += 15 * 60_000 - 1;
  expect(codes.use(early)).toBe(true);
  clock.now += 1;
  expect(codes.use(late)).toBe(false);
});

test('of more than 32 that wait, the oldest are void', () => {
  const { codes } = setup();
  const all = Array.from({ length: 33 }, () => codes.make());
  expect(new Set(all).size).toBe(33);
  expect(all.map((code) => codes.use(code))).toEqual([false, ...Array.from({ length: 32 }, () => true)]);
});
