import type { ServerResponse } from 'node:http';
import { EventEmitter } from 'node:events';
import { expect, it, vi } from 'vitest';
import { Watchers } from '../../src/etcd/watchers.ts';
import { DiscoveryPolls } from '../../src/etcd/polls.ts';

const NODE = { key: '/discovery/t/a', value: 'x=1', modifiedIndex: 5, createdIndex: 5 };
const waiting = (from = 5) => ({ kind: 'waiting', index: 4, from }) as const;

class FakeAnswer extends EventEmitter {
  headersSent = false;
  destroyed = false;
  body: string | undefined;
  writeHead(): this {
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
