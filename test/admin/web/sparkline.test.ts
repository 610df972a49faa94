import { expect, test } from 'vitest';
import { sparkline } from '../../../src/admin/web/sparkline.ts';

test('no boots, no picture', () => {
  expect(sparkline([])).toBeUndefined();
});

test('the last boot stands at the right edge, the longest is as high as the box', () => {
  const spark = sparkline([40_000, 20_000]);
  expect(spark?.bars).toEqual([
    { x: '72', y: '0', height: '20', last: false },
    { x: '76', y: '10', height: '10', last: true },
  ]);
  expect(spark).toMatchObject({ title: 'Last boot 20 s', description: '2 boots between 20 s and 40 s', last: '20 s' });
});

test('one boot is not called a range', () => {
  expect(sparkline([41_000])?.description).toBe('its only boot so far');
});

test('more than twenty boots: the newest twenty, from the left edge', () => {
  const spark = sparkline(Array.from({ length: 30 }, (_, i) => (i < 10 ? 900_000 : 1000)));
  expect(spark?.bars).toHaveLength(20);
  expect(spark?.bars[0]).toMatchObject({ x: '0', height: '20' });
});

test('a boot that took no time is still seen', () => {
  expect(sparkline([0, 0])?.bars.map(({ height }) => height)).toEqual(['2', '2']);
});
