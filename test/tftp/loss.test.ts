import { describe, expect, it } from 'vitest';
import { BlockRing } from '../../src/tftp/blocks.ts';
import { encodeAck } from '../support/tftp-packets.ts';
import { Transfer, type Step } from '../../src/tftp/transfer.ts';
import { chance } from '../support/udp-fuzz.ts';

interface Net {
  readonly loss: number;
  readonly duplicate: number;
  /** Where duplicates arrive; both sides unless it is said. */
  readonly only?: 'client' | 'server';
  /** Milliseconds one way, at least and at most: a span reorders. */
  readonly delay: readonly [number, number];
}

interface Event {
  readonly at: number;
  readonly to: 'client' | 'server';
  readonly bytes: Buffer;
}

/** A whole transfer in virtual time between the state machine and a client as RFC 7440 describes it. */
function simulate(net: Net, size: number, blksize: number, windowsize: number, seed: number) {
  const random = chance(seed);
  const file = Buffer.from(Array.from({ length: size }, (_, i) => (i * 31) % 253));
  const ring = new BlockRing(blksize, Math.floor(size / blksize) + 2);
  const queue: Event[] = [];
  const got: Buffer[] = [];
  let now = 0;
  let datas = 0;
  let over: string | undefined;
  let lastAck = 0;
  let doubled = 0;
  const post = (to: Event['to'], bytes: Buffer): void => {
    for (let copies = random() < net.duplicate && (net.only ?? to) === to ? 2 : 1; copies > 0; copies -= 1) {
      if (copies === 2) doubled += 1;
      if (random() < net.loss) continue;
      queue.push({ at: now + net.delay[0] + random() * (net.delay[1] - net.delay[0]), to, bytes });
    }
  };
  const obey = (step: Step): void => {
    for (let block = step.first; block < step.first + step.count; block += 1) {
      datas += 1;
      post('client', Buffer.from(ring.packets(block, 1)));
    }
    over = step.end?.kind;
  };
  const client = (bytes: Buffer): void => {
    const block = bytes.readUInt16BE(2);
    const expected = (got.length + 1) & 0xffff;
    if (block === expected) {
      got.push(bytes.subarray(4));
      const isLast = bytes.length < 4 + blksize;
      if (isLast || got.length - lastAck >= windowsize) {
        lastAck = got.length;
        post('server', encodeAck(got.length));
      }
    } else {
      lastAck = got.length;
      post('server', encodeAck(got.length));
    }
  };
  ring.write(file);
  ring.finish();
  const transfer = new Transfer({ windowsize, oack: false, timeout: undefined }, 0);
  obey(transfer.loaded(ring.ready, ring.last, 0));
  while (over === undefined) {
    queue.sort((a, b) => a.at - b.at);
    const next = queue[0];
    if (next === undefined || next.at >= transfer.wakeAt) {
      now = transfer.wakeAt;
      obey(transfer.tick(now));
      continue;
    }
    queue.shift();
    now = next.at;
    if (next.to === 'client') client(next.bytes);
    else obey(transfer.receive(next.bytes, now));
  }
  return { over, seconds: now / 1000, datas, doubled, blocks: ring.ready, same: Buffer.concat(got).equals(file) };
}

const CLEAN: Net = { loss: 0, duplicate: 0, delay: [0.05, 0.05] };

describe('a transfer over a bad network', () => {
  it('sends every block once where nothing is lost, though every ACK comes twice', () => {
    for (const windowsize of [1, 4, 16]) {
      const run = simulate({ ...CLEAN, duplicate: 1, only: 'server' }, 100_000, 512, windowsize, 1);
      expect(run).toMatchObject({ over: 'done', same: true });
      expect(run.datas).toBe(run.blocks);
    }
  });

  it('sends every block once in lock-step, though every packet of both sides comes twice', () => {
    const run = simulate({ ...CLEAN, duplicate: 1 }, 100_000, 512, 1, 1);
    expect(run).toMatchObject({ over: 'done', same: true, datas: run.blocks });
  });

  it.each([
    ['1 % loss', { ...CLEAN, loss: 0.01 }, 1, 2.5],
    ['5 % loss', { ...CLEAN, loss: 0.05 }, 1, 12],
    ['20 % loss', { ...CLEAN, loss: 0.2 }, 1, 90],
    ['5 % loss, window 16', { ...CLEAN, loss: 0.05 }, 16, 4],
    ['20 % loss, window 16', { ...CLEAN, loss: 0.2 }, 16, 60],
    ['reordering and duplicates', { loss: 0, duplicate: 0.1, delay: [1, 3] as const }, 8, 8],
    ['all at once', { loss: 0.05, duplicate: 0.1, delay: [5, 15] as const }, 8, 40],
  ])('delivers 256 KiB at %s', (_, net, windowsize, seconds) => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const run = simulate(net, 256 * 1024, 1432, windowsize, seed);
      expect(['done', 'unconfirmed']).toContain(run.over);
      expect(run.same).toBe(true);
      expect(run.seconds).toBeLessThan(seconds + 15);
      if (run.over === 'done') expect(run.seconds).toBeLessThan(seconds);
    }
  });

  it('wastes less than two windows on one lost block', () => {
    const lossOnce = simulate({ ...CLEAN, loss: 0.001 }, 1024 * 1024, 1024, 16, 3);
    expect(lossOnce.same).toBe(true);
    expect(lossOnce.datas).toBeLessThanOrEqual(lossOnce.blocks + 2 * 16 * 3);
  });

  // The client answers a block that it has already with an ACK of its last good one, which looks like the tale of a gap.
  it.each([
    ['on one wire', [0.05, 0.05] as const],
    ['over 5 ms', [2.5, 2.5] as const],
  ])('a doubled DATA costs at most a window, and the window no further one, %s', (_, delay) => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const run = simulate({ loss: 0, duplicate: 0.002, only: 'client', delay }, 1024 * 1024, 1024, 16, seed);
      expect(run).toMatchObject({ over: 'done', same: true });
      expect(run.doubled).toBeGreaterThan(0);
      expect(run.datas).toBeLessThanOrEqual(run.blocks + 16 * run.doubled);
    }
  });

  it('bridges a round trip of 600 ms without sending everything twice', () => {
    const run = simulate({ loss: 0, duplicate: 0, delay: [300, 300] }, 50_000, 512, 1, 1);
    expect(run).toMatchObject({ over: 'done', same: true });
    expect(run.datas).toBeLessThan(run.blocks * 1.1);
  });
});
