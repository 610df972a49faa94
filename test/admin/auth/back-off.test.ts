import { expect, test } from 'vitest';
import { BackOff } from '../../../src/admin/auth/operator-auth.ts';

function setup() {
  const clock = { now: 5_000_000 };
  const backOff = new BackOff(() => clock.now);
  return { clock, backOff };
}

test('1, 2, 4 ... 60 seconds', () => {
  const { clock, backOff } = setup();
  const waits = Array.from({ length: 9 }, () => {
    clock.now += 60_000;
    expect(backOff.wait('a')).toBe(0);
    backOff.failed('a');
    return backOff.wait('a');
  });
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
});

test('a second is a second', () => {
  const { clock, backOff } = setup();
  backOff.failed('a');
  clock.now += 999;
  expect(backOff.wait('a')).toBe(1);
  clock.now += 1;
  expect(backOff.wait('a')).toBe(0);
});

test('success, and a quarter of an hour of peace, wipe the slate', () => {
  const { clock, backOff } = setup();
  for (let i = 0; i < 5; i += 1) backOff.failed('a');
  backOff.succeeded('a');
  expect(backOff.wait('a')).toBe(0);
  backOff.failed('a');
  expect(backOff.wait('a')).toBe(1);
  clock.now += 15 * 60_000 + 1;
  backOff.failed('a');
  expect(backOff.wait('a')).toBe(1);
});

test('an address that has not failed never waits, however many others fail; those wait longer in a crowd', () => {
  const { clock, backOff } = setup();
  for (let i = 0; i < 60; i += 1) backOff.failed(`host-${i}`);
  expect(backOff.wait('host-59')).toBe(1);
  backOff.failed('one more');
  expect(backOff.wait('one more')).toBe(10);
  expect(backOff.wait('an operator')).toBe(0);
  clock.now += 60_000;
  backOff.failed('another minute');
  expect(backOff.wait('another minute')).toBe(1);
});

test('a flood of addresses does not fill the memory', () => {
  const { backOff } = setup();
  for (let i = 0; i < 10_000; i += 1) backOff.failed(`host-${i}`);
  expect(backOff.size).toBe(4096);
  expect(backOff.wait('host-9999')).toBeGreaterThan(0);
});
