import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { listener } from '../../src/model/listener.ts';
import { recordLog } from '../support/http-house.ts';

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
