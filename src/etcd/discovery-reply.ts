import { Failure, failureLine } from '../model/failure.ts';
import type { Log } from '../model/log.ts';
import type { RefusalCode } from './judge.ts';
import type { Outcome } from './nodes.ts';
import { JSON_TYPE, makeReply, type Reply } from '../http/reply.ts';
import { RETRY_AFTER } from '../http/status.ts';

/** etcd v2's status and message for each code. Only these make a member exit; anything temporary is a 503. */
const REFUSALS: Readonly<Record<RefusalCode, readonly [status: number, message: string]>> = {
  100: [404, 'Key not found'],
  103: [403, 'Reached the max number of peers in the cluster'],
  105: [412, 'Key already exists'],
  203: [400, 'The given index in POST form is not a number'],
  209: [403, 'Invalid field'],
};
const WATCH_HEADERS = ['Content-Type', JSON_TYPE, 'Cache-Control', 'no-store', 'X-Etcd-Index'];

/** An outcome as etcd v2 says it. A 2xx without a node makes etcd panic, so there is none. */
export function outcomeReply(outcome: Outcome): Reply {
  if (outcome.kind === 'refused') {
    const { code, cause, index } = outcome;
    const [status, message] = REFUSALS[code];
    return keyReply(status, { errorCode: code, message, cause, index }, index);
  }
  const { action, node, created, index } = outcome;
  return keyReply(created ? 201 : 200, { action, node }, index);
}

/** For what a request says wrong, before anybody looks a token up. */
export function invalidReply(code: RefusalCode, cause: string): Reply {
  return outcomeReply({ kind: 'refused', code, cause, index: 0 });
}

/** Trouble that passes: members retry a 5xx, or their unit starts them again. */
export function busyReply(error: unknown, log: Log): Reply {
  const known = error instanceof Failure;
  const cause = known ? failureLine(error) : 'internal error';
  if (known) log.warn({ problem: cause }, 'etcd discovery is not available');
  else log.error({ err: error }, 'etcd discovery failed');
  return keyReply(503, { errorCode: 300, message: 'Not available now', cause, index: 0 }, undefined, [
    'Retry-After',
    String(RETRY_AFTER),
  ]);
}

/** The head of a long poll: sent at once, the event follows when there is one. */
export function watchHeaders(index: number): string[] {
  return [...WATCH_HEADERS, String(index)];
}

function keyReply(status: number, value: object, index: number | undefined, more: readonly string[] = []): Reply {
  const indexed = index === undefined ? [] : ['X-Etcd-Index', String(index)];
  const headers = ['Content-Type', JSON_TYPE, 'Cache-Control', 'no-store', ...indexed, ...more];
  return makeReply(status, headers, Buffer.from(`${JSON.stringify(value)}\n`));
}
