import { expect, test } from 'vitest';
import { createListeners, type ListenersOptions } from '../../src/server/events.ts';
import { Whereabouts } from '../../src/server/whereabouts.ts';
import type { AnswerEvent } from '../../src/http/answer-event.ts';
import { DECISION } from '../support/http-desk.ts';
import { factsOf } from '../support/house.ts';
import { recordLog } from '../support/http-house.ts';

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

function stand(more: Partial<ListenersOptions> = {}) {
  const told: string[] = [];
  const hear =
    (who: string) =>
    (...args: readonly unknown[]): void => {
      told.push([who, ...args.filter((arg) => typeof arg !== 'object' && arg !== undefined)].join(' '));
    };
  const whereabouts = new Whereabouts(() => 0);
  const listeners = createListeners({
    journalist: { answered: hear('journal'), transferred: hear('journal tftp'), offered: hear('journal dhcp') },
    follower: { answered: hear('marks'), transferred: hear('marks tftp'), settled: () => Promise.resolve() },
    metrics: {
      httpAnswered: hear('http'),
      bytes: hear('bytes'),
      bootAnswered: hear('boot'),
      tftpTransfer: hear('tftp'),
    },
    boots: { answered: hear('boots') },
    whereabouts,
    log: recordLog(),
    ...more,
  });
  return { listeners, told, whereabouts };
}

test('a script is heard by everybody, and its machine is where it asked from', () => {
  const { listeners, told, whereabouts } = stand();
  listeners.answered({ ...ANSWER, facts: FACTS, decision: DECISION });
  expect(told).toEqual(['http script 200', 'bytes script 7', 'boot boot a-coreos', 'boots', 'marks', 'journal']);
  expect(whereabouts.at(FROM)).toBe(FACTS);
});

test('a document is no boot, and who says nothing of itself is nowhere', () => {
  const { listeners, told, whereabouts } = stand();
  listeners.answered({ ...ANSWER, kind: 'document', facts: {}, decision: DECISION, source: 'configs/a.yml' });
  expect(told).not.toContain('boot boot a-coreos');
  expect(whereabouts.at(FROM)).toBeUndefined();
});

test('the doors of the LAN', () => {
  const { listeners, told } = stand();
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
  const { listeners, told } = stand({
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
