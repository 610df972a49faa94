import { EventEmitter } from 'node:events';
import { expect, it, test } from 'vitest';
import { KeyedMutex, listener } from '../../src/model/service.ts';
import { recordLog } from '../support/http-server.ts';

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

test('what a listener throws is logged, and those after it hear the event', () => {
  const log = recordLog();
  const fault = new TypeError('injected');
  const heard: string[] = [];
  const emitter = new EventEmitter();
  emitter.on(
    'word',
    listener(log, 'first', () => {
      throw fault;
    }),
  );
  emitter.on(
    'word',
    listener(log, 'second', (word: string) => {
      heard.push(word);
    }),
  );
  emitter.emit('word', 'hello');
  expect(heard).toEqual(['hello']);
  expect(log.lines).toEqual([
    { level: 'error', message: 'an event listener failed', fields: { listener: 'first', err: fault } },
  ]);
});
