import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, test } from 'vitest';
import type { AnswerEvent } from '../../src/http/access-log.ts';
import { SILENT } from '../../src/model/service.ts';
import { createBootWatch, createEventBus, type EventBusOptions, AddressTable } from '../../src/server/events.ts';
import { factsOf, contextOf } from '../support/app-context.ts';
import { DECISION } from '../support/fake-boot-service.ts';
import { recordLog } from '../support/http-server.ts';

it('writes down the releases that machines were told to boot, and nothing else', async () => {
  const appContext = await contextOf({
    'profiles/a.json': { system: 'flatcar', version: '1.2.3' },
    'profiles/b.json': { system: 'flatcar', version: '4.5.6' },
    'profiles/disk.json': { system: 'flatcar', version: '7.8.9', ignition: 'd.ign', install: { disk: '/dev/sda' } },
    'profiles/own.json': { system: 'custom', kernel: 'own/1/vmlinuz', initrd: ['http://x/initrd', 'own/2/initrd'] },
  });
  const watch = createBootWatch(appContext, SILENT);
  await watch.start();
  const because = 'test';
  watch.answered({ decision: { outcome: 'boot', profile: 'a', because } });
  watch.answered({ decision: { outcome: 'waiting', profile: 'b', because } });
  watch.answered({ decision: { outcome: 'install', profile: 'disk', because } });
  watch.answered({ decision: { outcome: 'boot', profile: 'own', because } });
  watch.answered({ decision: { outcome: 'boot', profile: 'gone', because } });
  watch.answered({ decision: undefined });
  await watch.stop(AbortSignal.abort());
  const times = JSON.parse(readFileSync(join(appContext.dir, 'state/booted.json'), 'utf8')) as object;
  expect(Object.keys(times).sort()).toEqual(['flatcar/amd64/1.2.3', 'flatcar/amd64/7.8.9', 'own/1', 'own/2']);
});

const A = factsOf({ mac: '525400000001' });
const B = factsOf({ mac: '525400000002' });

test('who asked last is there', () => {
  const known = new AddressTable(() => 0);
  known.saw('192.0.2.1', A);
  known.saw('192.0.2.1', B);
  expect(known.at('192.0.2.1')).toBe(B);
  expect(known.at('192.0.2.2')).toBeUndefined();
});

test('for a quarter of an hour after it was last heard', () => {
  let now = 0;
  const known = new AddressTable(() => now);
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
  const known = new AddressTable(() => now);
  known.saw('first', A);
  known.saw('second', A);
  now = 1000;
  known.saw('first', A);
  for (let i = 0; i < 16_383; i += 1) known.saw(`a${i}`, B);
  expect(known.at('second')).toBeUndefined();
  expect(known.at('first')).toBe(A);
});

const FROM = '192.0.2.9';
const FACTS = factsOf({ mac: '525400551cee' });
const ANSWER: AnswerEvent = {
  kind: 'script',
  method: 'GET',
  path: '/ipxe',
  status: 200,
  bytes: 7,
  ms: 0,
  complete: true,
  from: FROM,
};

function setup(more: Partial<EventBusOptions> = {}) {
  const told: string[] = [];
  const hear =
    (who: string) =>
    (...args: readonly unknown[]): void => {
      told.push([who, ...args.filter((arg) => typeof arg !== 'object' && arg !== undefined)].join(' '));
    };
  const addressTable = new AddressTable(() => 0);
  const listeners = createEventBus({
    eventRecorder: { answered: hear('journal'), transferred: hear('journal tftp'), offered: hear('journal dhcp') },
    follower: { answered: hear('marks'), transferred: hear('marks tftp'), settled: () => Promise.resolve() },
    metrics: {
      httpAnswered: hear('http'),
      bytes: hear('bytes'),
      bootAnswered: hear('boot'),
      tftpTransfer: hear('tftp'),
    },
    boots: { answered: hear('boots') },
    addressTable,
    neighbours: { macOf: async () => undefined },
    log: recordLog(),
    ...more,
  });
  return { listeners, told, addressTable };
}

test('a script is heard by everybody, and its machine is where it asked from', () => {
  const { listeners, told, addressTable } = setup();
  listeners.answered({ ...ANSWER, facts: FACTS, decision: DECISION });
  expect(told).toEqual(['http script 200', 'bytes script 7', 'boot boot a-coreos', 'boots', 'marks', 'journal']);
  expect(addressTable.at(FROM)).toBe(FACTS);
});

test('a document is no boot, and who says nothing of itself is nowhere', () => {
  const { listeners, told, addressTable } = setup();
  listeners.answered({ ...ANSWER, kind: 'document', facts: {}, decision: DECISION, source: 'configs/a.yml' });
  expect(told).not.toContain('boot boot a-coreos');
  expect(addressTable.at(FROM)).toBeUndefined();
});

test('the servers on the LAN', () => {
  const { listeners, told } = setup();
  listeners.transferred({ client: FROM, file: 'a', size: 5, ms: 2, end: 'done' });
  listeners.transferred({ client: FROM, file: 'a', size: 5, ms: 2, end: 'aborted' });
  const heard = ['marks tftp', 'journal tftp'];
  expect(told).toEqual(['tftp done 5 2', ...heard, 'tftp aborted 0 2', ...heard]);
});

test('who fails keeps it from none of the others, and the log says who it was', () => {
  const log = recordLog();
  const broken = (): never => {
    throw new TypeError('injected');
  };
  const { listeners, told } = setup({
    log,
    metrics: { httpAnswered: broken, bytes: broken, bootAnswered: broken, tftpTransfer: broken },
    boots: { answered: broken },
  });
  listeners.answered({ ...ANSWER, facts: FACTS, decision: DECISION });
  listeners.transferred({ client: FROM, file: 'a', size: 5, ms: 2, end: 'done' });
  expect(told).toEqual(['marks', 'journal', 'marks tftp', 'journal tftp']);
  expect(log.of('error').map(({ message, fields }) => [message, fields['listener']])).toEqual([
    ['an event listener failed', 'measure'],
    ['an event listener failed', 'boots'],
    ['an event listener failed', 'measure'],
  ]);
});
