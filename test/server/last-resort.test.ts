import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { createLastResort } from '../../src/server/last-resort.ts';
import { recordLog } from '../support/http-server.ts';

async function setup({ serves = true } = {}) {
  const source = new EventEmitter();
  const log = recordLog();
  const given: string[] = [];
  const clock = { now: Date.UTC(2026, 10, 30) };
  const state = { serves };
  const resort = createLastResort({
    ...{ source, log, now: () => clock.now },
    serves: () => state.serves,
    giveUp: (why) => given.push(why.message),
  });
  await resort.start();
  return { source, log, given, clock, state, resort };
}

test('a fault is logged and shown on the Health page, and the server goes on', async () => {
  const { source, log, given, resort } = await setup();
  expect(resort.diagnostics()).toEqual([]);
  const fault = new TypeError('injected');
  source.emit('uncaughtException', fault);
  source.emit('unhandledRejection', 'a text');
  expect(given).toEqual([]);
  expect(log.of('error').map(({ fields }) => fields)).toEqual([
    { err: fault, faults: 1 },
    { err: 'a text', faults: 2 },
  ]);
  expect(resort.diagnostics()).toMatchObject([
    { severity: 'warning', message: 'the server met 2 bugs since its start, the last one at 2026-11-30T00:00:00.000Z' },
  ]);
});

test('a fault at each turn does not fill the disk: ten a minute are told, all are counted', async () => {
  const { source, log, clock, resort } = await setup();
  for (let i = 0; i < 1000; i += 1) source.emit('uncaughtException', new Error('again'));
  expect(log.of('error')).toHaveLength(10);
  clock.now += 60_000;
  source.emit('uncaughtException', new Error('again'));
  expect(log.of('error')).toHaveLength(11);
  expect(resort.diagnostics()[0]?.message).toContain('1001 bugs');
});

test('where nothing is served there is nothing to keep alive: it gives up, once', async () => {
  const { source, given, state } = await setup();
  state.serves = false;
  source.emit('uncaughtException', new Error('one'));
  source.emit('uncaughtException', new Error('two'));
  expect(given).toEqual(['a bug ended the server: it is logged above']);
});

test('after the end nothing is caught any more', async () => {
  const { source, resort } = await setup();
  await resort.stop(AbortSignal.abort());
  expect(source.eventNames()).toEqual([]);
});
