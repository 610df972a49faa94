import { expect, it } from 'vitest';
import { KeyedMutex } from '../../src/model/keyed-mutex.ts';

it('runs one after the other within a name, side by side otherwise, past what failed', async () => {
  const lanes = new KeyedMutex();
  const order: string[] = [];
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const first = lanes.run('a', async () => {
    order.push('a1');
    await gate;
    order.push('a1 over');
    throw new RangeError('a1');
  });
  const second = lanes.run('a', async () => order.push('a2'));
  await lanes.run('b', async () => order.push('b1'));
  expect(order).toEqual(['a1', 'b1']);
  open();
  await expect(first).rejects.toThrow('a1');
  await second;
  expect(order).toEqual(['a1', 'b1', 'a1 over', 'a2']);
});
