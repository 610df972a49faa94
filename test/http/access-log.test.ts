import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { createAccessLog, Deliveries, unknownKeys } from '../../src/http/access-log.ts';
import type { AnswerEvent } from '../../src/http/access-log.ts';
import { lineReply, makeReply } from '../../src/http/reply.ts';
import { parseMac } from '../../src/model/machine.ts';
import { DECISION } from '../support/fake-boot-service.ts';
import { recordLog } from '../support/http-server.ts';

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

const REQ = { method: 'GET', url: '/ipxe?mac=x', socket: { remoteAddress: '192.0.2.9' } } as unknown as IncomingMessage;
const mac = parseMac('525400551cee');

test('an answer is one debug line and one event', () => {
  const log = recordLog();
  const events: AnswerEvent[] = [];
  const reply = makeReply(200, [], Buffer.from('#!ipxe\nboot\n'), { decision: DECISION, mac });
  createAccessLog(log, (event) => events.push(event)).answered(REQ, 'script', reply);
  expect(log.lines).toEqual([
    {
      level: 'debug',
      message: 'answered',
      fields: { kind: 'script', method: 'GET', url: '/ipxe?mac=x', status: 200, bytes: 12, from: '192.0.2.9' },
    },
  ]);
  expect(events).toEqual([
    {
      kind: 'script',
      method: 'GET',
      path: '/ipxe',
      status: 200,
      bytes: 12,
      ms: 0,
      complete: true,
      mac,
      decision: DECISION,
      from: '192.0.2.9',
      body: reply.body,
    },
  ]);
});

test('HEAD has no body, and says so', () => {
  const events: AnswerEvent[] = [];
  const head = { method: 'HEAD', url: '/keys', socket: {} } as unknown as IncomingMessage;
  createAccessLog(recordLog(), (event) => events.push(event)).answered(head, 'keys', lineReply(200, 'x'));
  expect(events).toMatchObject([{ method: 'HEAD', bytes: 0 }]);
});

test('a file is an event with its time and no text', () => {
  const events: AnswerEvent[] = [];
  const sent = { status: 206, bytes: 2, complete: false, ms: 7 };
  createAccessLog(recordLog(), (event) => events.push(event)).delivered(REQ, sent);
  expect(events).toEqual([{ kind: 'image', method: 'GET', path: '/ipxe', from: '192.0.2.9', ...sent }]);
});

test('a listener that fails stops nothing', () => {
  const log = recordLog();
  createAccessLog(log, () => {
    throw new TypeError('bug');
  }).answered(REQ, 'keys', lineReply(200, 'x'));
  expect(log.of('error')).toHaveLength(1);
});

test('a decision is news, no decision is none', () => {
  const log = recordLog();
  const reporter = createAccessLog(log, () => undefined);
  reporter.decided('script', { decision: DECISION, mac }, '192.0.2.9');
  reporter.decided('start', {}, '192.0.2.9');
  expect(log.of('info')).toEqual([
    { level: 'info', message: 'decided', fields: { kind: 'script', mac, from: '192.0.2.9', ...DECISION } },
  ]);
});

test('a refusal says what the machine was told', () => {
  const log = recordLog();
  createAccessLog(log, () => undefined).refused('root', lineReply(404, 'no profile "x"'), undefined);
  expect(log.of('info')[0]?.fields).toEqual({ kind: 'root', status: 404, from: undefined, answer: 'no profile "x"' });
});

test('what a machine cannot boot is a warning, once for each machine', () => {
  const log = recordLog();
  const reporter = createAccessLog(log, () => undefined);
  const decision = { ...DECISION, outcome: 'waiting', warning: 'this machine is arm64' } as const;
  for (let i = 0; i < 3; i += 1) reporter.decided('script', { decision, mac }, '192.0.2.9');
  reporter.decided('script', { decision }, '192.0.2.10');
  expect(log.of('info'), 'once for each machine in a minute').toHaveLength(2);
  expect(log.of('warn').map(({ fields }) => fields)).toEqual([
    { kind: 'script', mac, from: '192.0.2.9', problem: 'this machine is arm64' },
    { kind: 'script', mac: undefined, from: '192.0.2.10', problem: 'this machine is arm64' },
  ]);
});

test('a label that selects nothing is a warning, once; invented ones do not fill the log', () => {
  const log = recordLog();
  const reporter = createAccessLog(log, () => undefined);
  for (let i = 0; i < 3; i += 1) reporter.ignored('document', 'os=1&rack%07=2', '192.0.2.9');
  expect(log.of('warn').map(({ fields }) => fields['label'])).toEqual(['os', 'rack?']);
  for (let i = 0; i < 10_000; i += 1) reporter.ignored('document', `x${i}=1`, '192.0.2.9');
  expect(log.of('warn').length).toBeLessThanOrEqual(200);
});

test('says of a machine that waits at most one line a minute, and at once when the reason changes', () => {
  const log = recordLog();
  let now = 0;
  const reporter = createAccessLog(
    log,
    () => undefined,
    () => now,
  );
  const waits = (mac: string, because: string, outcome: 'boot' | 'unknown' | 'waiting' = 'waiting') => {
    reporter.decided('script', { mac, decision: { outcome, because } } as never, '192.0.2.9');
  };
  for (; now < 600_000; now += 5000) waits('a', 'no image');
  expect(log.lines).toHaveLength(10);
  waits('a', 'no image');
  waits('b', 'no image');
  waits('a', 'another reason');
  waits('a', 'another reason', 'unknown');
  expect(log.lines).toHaveLength(14);
  waits('a', 'it boots', 'boot');
  waits('a', 'it boots', 'boot');
  waits('a', 'another reason', 'unknown');
  expect(log.lines).toHaveLength(17);
});

test('of ten thousand machines that wait it remembers what it said; of the one that waited longest it says it again', () => {
  const log = recordLog();
  const accessLog = createAccessLog(
    log,
    () => undefined,
    () => 0,
  );
  const waits = (machine: string) => {
    accessLog.decided('script', { decision: { outcome: 'waiting', because: 'no image' } } as never, machine);
  };
  for (let i = 0; i < 10_000; i += 1) waits(`m${i}`);
  waits('m0');
  waits('m9999');
  expect(log.lines).toHaveLength(10_000);
  waits('one more');
  waits('m1');
  expect(log.lines).toHaveLength(10_001);
  waits('m0');
  expect(log.lines).toHaveLength(10_002);
});

test('a path is told without its query, and its tokens are hidden there and in the log', () => {
  const log = recordLog();
  const events: AnswerEvent[] = [];
  const token = `plt-${'A'.repeat(40)}`;
  const at = (url: string) => ({ method: 'GET', url, socket: {} }) as unknown as IncomingMessage;
  const accessLog = createAccessLog(log, (event) => events.push(event));
  accessLog.answered(at(`/installed/m?token=${token}`), 'report', lineReply(200, 'x'));
  accessLog.answered(at('/keys'), 'keys', lineReply(200, 'x'));
  accessLog.answered({ socket: {} } as never, 'keys', lineReply(200, 'x'));
  expect(events.map(({ path }) => path)).toEqual(['/installed/m', '/keys', '']);
  expect(JSON.stringify(log.lines)).not.toContain(token);
});

test.each([
  ['', []],
  ['mac=1&uuid=2&serial=3', []],
  ['domain=d&ip=1&buildarch=x', []],
  ['os=installed&rack=7', ['os', 'rack']],
  ['os=&=x&os&a=b', ['a']],
  ['%6Fs=1', ['os']],
])('the labels of %j that select nothing', (query, keys) => {
  expect(unknownKeys(query)).toEqual(keys);
});
