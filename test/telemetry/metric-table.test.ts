import { expect, test } from 'vitest';
import { Tally } from '../../src/telemetry/metric-table.ts';

test('counts by two labels, one, or none', () => {
  const tally = new Tally();
  tally.add(1, 'script', 200);
  tally.add(2, 'script', 200);
  tally.add(5, 'script', 404);
  tally.add(7, 'image', 200);
  expect(tally.samples(2)).toEqual([
    { labels: ['script', 200], value: 3 },
    { labels: ['script', 404], value: 5 },
    { labels: ['image', 200], value: 7 },
  ]);
  const plain = new Tally();
  plain.add(3);
  expect([plain.samples(0), new Tally().samples(1)]).toEqual([[{ labels: [], value: 3 }], []]);
});

test('values beyond the limit are counted together, those before it go on', () => {
  const tally = new Tally(3);
  for (let i = 0; i < 1000; i += 1) tally.add(1, 'boot', `profile-${i}`);
  for (let i = 0; i < 1000; i += 1) tally.add(1, `outcome-${i}`, 'profile-0');
  tally.add(1, 'boot', 'profile-2');
  const samples = tally.samples(2);
  expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(2001);
  expect(samples).toContainEqual({ labels: ['boot', 'profile-2'], value: 2 });
  expect(samples).toContainEqual({ labels: ['boot', 'other'], value: 997 });
  expect(new Set(samples.map(({ labels }) => labels[0])).size).toBe(4);
  expect(new Set(samples.map(({ labels }) => labels[1])).size).toBe(4);
});

test('a million answers cost next to nothing', () => {
  const tally = new Tally();
  const begun = performance.now();
  for (let i = 0; i < 1_000_000; i += 1) tally.add(1, 'script', 200);
  // Some 30 ns each on an idle core; a hundred times that is still far below the cost of an answer.
  expect(performance.now() - begun).toBeLessThan(3000);
  expect(tally.samples(2)).toEqual([{ labels: ['script', 200], value: 1_000_000 }]);
});
