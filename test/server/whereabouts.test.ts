import { expect, test } from 'vitest';
import { Whereabouts } from '../../src/server/whereabouts.ts';
import { factsOf } from '../support/house.ts';

const A = factsOf({ mac: '525400000001' });
const B = factsOf({ mac: '525400000002' });

test('who asked last is there', () => {
  const known = new Whereabouts(() => 0);
  known.saw('192.0.2.1', A);
  known.saw('192.0.2.1', B);
  expect(known.at('192.0.2.1')).toBe(B);
  expect(known.at('192.0.2.2')).toBeUndefined();
});

test('for a quarter of an hour after it was last heard', () => {
  let now = 0;
  const known = new Whereabouts(() => now);
  known.saw('192.0.2.1', A);
  now = 10 * 60_000;
  known.saw('192.0.2.1', A);
  now = 25 * 60_000;
  expect(known.at('192.0.2.1')).toBe(A);
  now += 1;
  expect(known.at('192.0.2.1')).toBeUndefined();
});

test('a flood of addresses pushes out the oldest', () => {
  let now = 0;
  const known = new Whereabouts(() => now);
  known.saw('first', A);
  known.saw('second', A);
  now = 1000;
  known.saw('first', A);
  for (let i = 0; i < 16_383; i += 1) known.saw(`a${String(i)}`, B);
  expect(known.at('second')).toBeUndefined();
  expect(known.at('first')).toBe(A);
});
