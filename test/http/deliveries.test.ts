import { expect, test } from 'vitest';
import { Deliveries } from '../../src/http/deliveries.ts';

test('what is under way is listed until it ends', () => {
  const deliveries = new Deliveries();
  const one = deliveries.begin('192.0.2.1', 'flatcar/amd64/1/kernel', 10);
  const two = deliveries.begin('192.0.2.2', 'flatcar/amd64/1/kernel', 10);
  one.position = 4;
  expect(deliveries.running()).toEqual([
    { from: '192.0.2.1', file: 'flatcar/amd64/1/kernel', size: 10, position: 4 },
    { from: '192.0.2.2', file: 'flatcar/amd64/1/kernel', size: 10, position: 0 },
  ]);
  deliveries.end(one);
  expect(deliveries.running()).toEqual([two]);
});
