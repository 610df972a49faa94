import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { parseMac } from '../../../src/domain/mac.ts';
import type { AnswerEvent } from '../../../src/doors/http/answer-event.ts';
import { lineReply } from '../../../src/doors/http/reply.ts';
import { createReporter } from '../../../src/doors/http/reporter.ts';
import { DECISION } from '../../support/http-desk.ts';
import { recordLog } from '../../support/http-house.ts';

const REQ = { method: 'GET', url: '/ipxe?mac=x', socket: { remoteAddress: '192.0.2.9' } } as unknown as IncomingMessage;
const mac = parseMac('525400551cee');

test('an answer is one debug line and one event', () => {
  const log = recordLog();
  const events: AnswerEvent[] = [];
  createReporter(log, (event) => events.push(event)).answered(REQ, 'script', 200, 12, { decision: DECISION, mac });
  expect(log.lines).toEqual([
    {
      level: 'debug',
      message: 'answered',
      fields: { kind: 'script', method: 'GET', url: '/ipxe?mac=x', status: 200, bytes: 12, from: '192.0.2.9' },
    },
  ]);
  expect(events).toEqual([
    { kind: 'script', method: 'GET', status: 200, bytes: 12, mac, decision: DECISION, from: '192.0.2.9' },
  ]);
});

test('a decision is news, no decision is none', () => {
  const log = recordLog();
  const reporter = createReporter(log, () => undefined);
  reporter.decided('script', { decision: DECISION, mac }, '192.0.2.9');
  reporter.decided('start', {}, '192.0.2.9');
  expect(log.of('info')).toEqual([
    { level: 'info', message: 'decided', fields: { kind: 'script', mac, from: '192.0.2.9', ...DECISION } },
  ]);
});

test('a refusal says what the machine was told', () => {
  const log = recordLog();
  createReporter(log, () => undefined).refused('root', lineReply(404, 'no profile "x"'), undefined);
  expect(log.of('info')[0]?.fields).toEqual({ kind: 'root', status: 404, from: undefined, answer: 'no profile "x"' });
});
