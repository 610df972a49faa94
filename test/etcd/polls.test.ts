import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, it, vi } from 'vitest';
import { DiscoveryPolls, type Watcher, Watchers } from '../../src/etcd/polls.ts';
import { busyReply, invalidReply, outcomeReply } from '../../src/etcd/routes.ts';
import { Failure } from '../../src/model/failure.ts';
import { SILENT } from '../../src/model/service.ts';

const node = { key: '/discovery/t/a', value: 'x=1', modifiedIndex: 5, createdIndex: 5 };

it('says a key as etcd does, 201 when it is new', () => {
  const reply = outcomeReply({ kind: 'node', action: 'create', created: true, node, index: 6 });
  expect(reply).toMatchObject({ status: 201 });
  expect(JSON.parse(reply.body.toString())).toEqual({ action: 'create', node });
  expect(reply.headers).toEqual(expect.arrayContaining(['Content-Type', 'application/json', 'X-Etcd-Index', '6']));
  expect(outcomeReply({ kind: 'node', action: 'get', created: false, node, index: 6 }).status).toBe(200);
});

it.each([
  [100, 404, 'Key not found'],
  [103, 403, 'Reached the max number of peers in the cluster'],
  [105, 412, 'Key already exists'],
  [203, 400, 'The given index in POST form is not a number'],
  [209, 403, 'Invalid field'],
] as const)('code %i is a %i', (code, status, message) => {
  const reply = outcomeReply({ kind: 'refused', code, cause: 'why', index: 6 });
  expect(reply.status).toBe(status);
  expect(JSON.parse(reply.body.toString())).toEqual({ errorCode: code, message, cause: 'why', index: 6 });
  expect(invalidReply(code, 'why').status).toBe(status);
});

it('is 503 for trouble, with the reason of a Failure and nothing of a bug', () => {
  const full = busyReply(new Failure('unavailable', 'the disk is full', { remedy: 'make room' }), SILENT);
  expect([full.status, full.body.toString()]).toEqual([503, expect.stringContaining('the disk is full (make room)')]);
  const bug = busyReply(new RangeError('/srv/secret'), SILENT);
  expect([bug.status, bug.body.toString()]).toEqual([503, expect.not.stringContaining('secret')]);
  // Even a refusal of ours is temporary to a member when no key was asked for: anything in 4xx would end it.
  expect(busyReply(new Failure('conflict', 'no base URL'), SILENT).status).toBe(503);
});

const NODE = { key: '/discovery/t/a', value: 'x=1', modifiedIndex: 5, createdIndex: 5 };
const waiting = (from = 5) => ({ kind: 'waiting', index: 4, from }) as const;

class FakeAnswer extends EventEmitter {
  headersSent = false;
  destroyed = false;
  body: string | undefined;
  writeHead(status: number, headers: readonly string[]): this {
    expect([status, ...headers.slice(-2)]).toEqual([200, 'X-Etcd-Index', '4']);
    this.headersSent = true;
    return this;
  }
  flushHeaders(): void {
    expect(this.headersSent).toBe(true);
  }
  end(body: string | Buffer): void {
    this.body = body.toString();
    this.emit('close');
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

function setUp(time?: number) {
  const watchers = new Watchers({ watchers: 3, watchersOfOne: 3 });
  const polls = new DiscoveryPolls(watchers, () => Date.now(), time);
  const open = (token: string | undefined, from?: number): FakeAnswer => {
    const answer = new FakeAnswer();
    polls.open(answer as unknown as ServerResponse, waiting(from), token);
    return answer;
  };
  return { watchers, polls, open };
}

it('ends with the event, once', () => {
  const { watchers, polls, open } = setUp();
  const answer = open('t');
  expect([answer.headersSent, answer.body, watchers.size]).toEqual([true, undefined, 1]);
  watchers.wake('t', NODE);
  expect(JSON.parse(answer.body ?? '')).toEqual({ action: 'create', node: NODE });
  answer.body = undefined;
  polls.endAll();
  expect([answer.body, watchers.size]).toEqual([undefined, 0]);
});

it('ends empty after its time, between 30 and 50 seconds, and leaves no timer', () => {
  vi.useFakeTimers();
  try {
    const { watchers, open } = setUp();
    const [first, own] = [open('t'), open(undefined)];
    vi.advanceTimersByTime(30_000);
    const second = open('t');
    expect([first.body, own.body]).toEqual([undefined, undefined]);
    vi.advanceTimersByTime(20_000);
    expect([first.body, own.body, second.body, watchers.size]).toEqual(['', '', undefined, 1]);
    vi.advanceTimersByTime(30_000);
    expect([second.body, watchers.size, vi.getTimerCount()]).toEqual(['', 0, 0]);
  } finally {
    vi.useRealTimers();
  }
});

it('is cut in the middle, or forgotten when the client goes', () => {
  const { watchers, open } = setUp();
  const [cut, gone] = [open('t'), open('u')];
  watchers.cut('t');
  expect([cut.destroyed, cut.body]).toEqual([true, undefined]);
  gone.emit('close');
  expect(watchers.size).toBe(0);
});

it('does not begin for an answer that was given meanwhile', () => {
  const { watchers, polls } = setUp();
  const late = new FakeAnswer();
  late.headersSent = true;
  polls.open(late as unknown as ServerResponse, waiting(), 't');
  expect(watchers.size).toBe(0);
});

function watcher(from: number): Watcher & { readonly heard: string[] } {
  const heard: string[] = [];
  return { from, heard, wake: ({ key }) => heard.push(key), cut: () => heard.push('cut') };
}

it('wakes those of the token who wait for this index, once', () => {
  const watchers = new Watchers({ watchers: 9, watchersOfOne: 9 });
  const [ready, later, other] = [watcher(5), watcher(6), watcher(1)];
  watchers.add('t', ready);
  watchers.add('t', later);
  watchers.add('u', other);
  watchers.wake('t', NODE);
  watchers.wake('t', NODE);
  expect([ready.heard, later.heard, other.heard]).toEqual([[NODE.key], [], []]);
  expect(watchers.size).toBe(2);
  watchers.delete('t', later);
  watchers.delete('t', later);
  expect(watchers.size).toBe(1);
});

it('cuts all of a token', () => {
  const watchers = new Watchers({ watchers: 9, watchersOfOne: 9 });
  const [one, other] = [watcher(5), watcher(5)];
  watchers.add('t', one);
  watchers.add('u', other);
  watchers.cut('t');
  expect([one.heard, other.heard, watchers.size]).toEqual([['cut'], [], 1]);
});

it('has room for so many of one token and so many in all', () => {
  const watchers = new Watchers({ watchers: 3, watchersOfOne: 2 });
  watchers.add('t', watcher(1));
  watchers.add('t', watcher(1));
  expect(() => {
    watchers.add('t', watcher(1));
  }).toThrow(expect.objectContaining({ code: 'unavailable' }));
  watchers.add('u', watcher(1));
  expect(() => {
    watchers.add('x=1', watcher(1));
  }).toThrow(expect.objectContaining({ code: 'unavailable' }));
});
