import { describe, expect, it } from 'vitest';
import { encodeError } from '../../src/tftp/packet.ts';
import { encodeAck, encodeData } from '../support/tftp-packets.ts';
import { RetransmissionClock, Transfer, type Step, type TransferPlan } from '../../src/tftp/transfer.ts';

const PLAIN: TransferPlan = { windowsize: 1, oack: false, timeout: undefined };
const WINDOW: TransferPlan = { windowsize: 16, oack: true, timeout: undefined };

/** `oack`, `5+16` (16 blocks from 5) or `-`, and how it ended. */
function say(step: Step): string {
  const send = step.oack ? 'oack' : step.count > 0 ? `${step.first}+${step.count}` : '-';
  return step.end === undefined ? send : `${send} ${step.end.kind}`;
}

/** A transfer whose file is read: `blocks` blocks, all ready. */
function started(plan: TransferPlan, blocks: number): Transfer {
  const transfer = new Transfer(plan, 0);
  transfer.begin(0);
  transfer.loaded(blocks, blocks, 0);
  return transfer;
}

/** Calls tick whenever it wants to be called until it ends; says when it did what. */
function silence(transfer: Transfer, from: number): string[] {
  const log: string[] = [];
  for (let i = 0; i < 100; i += 1) {
    const now = transfer.wakeAt;
    const step = transfer.tick(now);
    log.push(`${Math.round(now - from)} ${say(step)}`);
    if (step.end !== undefined) return log;
  }
  return log;
}

describe('Transfer in lock-step', () => {
  it('sends block after block and is done with the ACK of the last', () => {
    const transfer = new Transfer(PLAIN, 0);
    expect(say(transfer.begin(0))).toBe('-');
    expect(say(transfer.loaded(3, 3, 1))).toBe('1+1');
    expect([1, 2, 3].map((block) => say(transfer.receive(encodeAck(block), 2)))).toEqual(['2+1', '3+1', '- done']);
  });

  it('sends nothing again because of duplicate, old or future ACKs', () => {
    const transfer = started(PLAIN, 100);
    for (let block = 1; block <= 5; block += 1) transfer.receive(encodeAck(block), 1);
    const answers = [5, 5, 4, 1, 0, 7, 8, 40000, 65535].map((block) => say(transfer.receive(encodeAck(block), 2)));
    expect(answers).toEqual(answers.map(() => '-'));
    expect(say(transfer.receive(encodeAck(6), 3))).toBe('7+1');
  });

  it('goes from 65535 to 0', () => {
    const transfer = new Transfer(PLAIN, 0);
    transfer.loaded(65540, 65540, 0);
    for (let block = 1; block <= 65534; block += 1) transfer.receive(encodeAck(block), 1);
    expect(say(transfer.receive(encodeAck(65535), 1))).toBe('65536+1');
    expect(say(transfer.receive(encodeAck(65536), 1))).toBe('65537+1');
    expect(transfer.acked).toBe(65536);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.from([0])],
    ['a short ACK', Buffer.from([0, 4, 0])],
    ['a short ERROR', Buffer.from([0, 5, 0])],
    ['DATA', encodeData(1, Buffer.from('x'))],
    ['a request', Buffer.from('\0\x01a\0octet\0')],
    ['a foreign opcode', Buffer.from([4, 4, 0, 1])],
  ])('takes %s for nothing', (_, bytes) => {
    const transfer = started(PLAIN, 9);
    expect(say(transfer.receive(bytes, 1))).toBe('-');
    expect(say(transfer.receive(encodeAck(1), 2))).toBe('2+1');
  });

  it('ends on ERROR, says nothing more, and tells what the client said', () => {
    const transfer = started(PLAIN, 9);
    expect(transfer.receive(encodeError(3, 'disk\nfull'), 1).end).toEqual({
      kind: 'aborted',
      code: 3,
      text: 'disk?full',
    });
    expect(say(transfer.receive(encodeAck(1), 2))).toBe('-');
    expect(say(transfer.tick(99_999))).toBe('-');
    expect(say(transfer.again())).toBe('-');
  });

  it('waits for the file and not for the client while nothing is in flight', () => {
    const transfer = new Transfer(PLAIN, 0);
    transfer.begin(0);
    expect(say(transfer.tick(29_999))).toBe('-');
    expect(say(transfer.loaded(1, undefined, 29_999))).toBe('1+1');
    expect(say(transfer.receive(encodeAck(1), 29_999))).toBe('-');
    expect(say(transfer.loaded(2, 2, 35_000))).toBe('2+1');
    expect(say(transfer.receive(encodeAck(2), 35_001))).toBe('- done');
  });
});

describe('Transfer and a client that says nothing', () => {
  it('sends four packets, each after twice the time, and gives up', () => {
    const transfer = started(PLAIN, 9);
    expect(silence(transfer, 0)).toEqual(['250 1+1', '750 1+1', '1750 1+1', '3750 - vanished']);
  });

  it('sends four OACKs', () => {
    const transfer = started(WINDOW, 99);
    expect(silence(transfer, 0)).toEqual(['250 oack', '750 oack', '1750 oack', '3750 - vanished']);
  });

  it('counts answers to a repeated request among the four', () => {
    const transfer = started(WINDOW, 99);
    expect([1, 2, 3, 4, 5].map(() => say(transfer.again()))).toEqual(['oack', 'oack', 'oack', '-', '-']);
    expect(silence(transfer, 0)).toEqual(['250 - vanished']);
  });

  it('answers a repeated request no more once something was acknowledged', () => {
    const transfer = started(WINDOW, 99);
    transfer.receive(encodeAck(0), 1);
    expect(say(transfer.again())).toBe('-');
  });

  it('goes on for five minutes where the client was there before: GRUB reads on when the kernel wants it', () => {
    const transfer = started(PLAIN, 9);
    transfer.receive(encodeAck(1), 5);
    const log = silence(transfer, 5);
    expect(log.at(-1)).toBe('300000 - vanished');
    expect(log.filter((line) => line.endsWith(' 2+1')).length).toBeGreaterThanOrEqual(7);
    expect(log.slice(0, 7)).toEqual(['100 2+1', '300 2+1', '700 2+1', '1500 2+1', '3100 2+1', '6300 2+1', '10300 2+1']);
  });

  it('does not hold on to a client that left without acknowledging the last block', () => {
    const transfer = started(PLAIN, 2);
    transfer.receive(encodeAck(1), 5);
    const log = silence(transfer, 5);
    expect(log.at(-1)).toBe('14300 - unconfirmed');
    expect(log).toHaveLength(8);
  });

  it('never waits longer than the client asked for', () => {
    const transfer = started({ ...PLAIN, timeout: 1 }, 9);
    transfer.receive(encodeAck(1), 0);
    expect(silence(transfer, 0).slice(3, 6)).toEqual(['1500 2+1', '2500 2+1', '3500 2+1']);
  });
});

describe('Transfer with a window (RFC 7440)', () => {
  it('sends 16 blocks for each ACK', () => {
    const transfer = started(WINDOW, 40);
    const sends = [0, 16, 32, 40].map((block) => say(transfer.receive(encodeAck(block), 1)));
    expect(sends).toEqual(['1+16', '17+16', '33+8', '- done']);
  });

  it('takes only ACK 0 for the answer to an OACK', () => {
    const transfer = started(WINDOW, 40);
    expect([1, 16, 65535].map((block) => say(transfer.receive(encodeAck(block), 1)))).toEqual(['-', '-', '-']);
    expect(say(transfer.receive(encodeAck(0), 1))).toBe('1+16');
  });

  it('goes on behind a gap, once', () => {
    const transfer = started(WINDOW, 100);
    transfer.receive(encodeAck(0), 1);
    transfer.receive(encodeAck(16), 2);
    expect(say(transfer.receive(encodeAck(20), 3))).toBe('21+16');
    expect(Array.from({ length: 11 }, () => say(transfer.receive(encodeAck(20), 3)))).toEqual(Array(11).fill('-'));
    expect(say(transfer.receive(encodeAck(36), 4))).toBe('37+16');
  });

  it('repeats the whole window when its first block was lost, within 100 ms', () => {
    const transfer = started(WINDOW, 100);
    transfer.receive(encodeAck(0), 1);
    transfer.receive(encodeAck(16), 2);
    expect(say(transfer.receive(encodeAck(16), 3))).toBe('-');
    expect(transfer.wakeAt).toBe(102);
    expect(say(transfer.tick(102))).toBe('17+16');
  });

  it('sends what is ready and the rest of the window when it is read', () => {
    const transfer = new Transfer(WINDOW, 0);
    transfer.begin(0);
    expect(say(transfer.loaded(5, undefined, 0))).toBe('-');
    expect(say(transfer.receive(encodeAck(0), 1))).toBe('1+5');
    expect(say(transfer.loaded(12, undefined, 2))).toBe('6+7');
    expect(say(transfer.loaded(30, 30, 3))).toBe('13+4');
    expect(say(transfer.receive(encodeAck(16), 4))).toBe('17+14');
  });

  it('does not take the answers to its own copies for gaps', () => {
    const transfer = started(WINDOW, 100);
    transfer.receive(encodeAck(0), 1);
    // DATA 5 came twice; 6 to 16 came too, so what is sent now are copies.
    expect(say(transfer.receive(encodeAck(5), 2))).toBe('6+16');
    expect(say(transfer.receive(encodeAck(16), 3))).toBe('22+11');
    expect(transfer.wakeAt).toBe(23);
    expect(say(transfer.receive(encodeAck(32), 4))).toBe('33+16');
    // That is over: the next ACK inside a window is believed.
    expect(say(transfer.receive(encodeAck(40), 5))).toBe('41+16');
  });

  it('goes back again when what it repeats is lost, too', () => {
    const transfer = started(WINDOW, 100);
    transfer.receive(encodeAck(0), 1);
    expect(say(transfer.receive(encodeAck(5), 2))).toBe('6+16');
    expect(say(transfer.receive(encodeAck(9), 3))).toBe('10+16');
    expect(say(transfer.receive(encodeAck(17), 4))).toBe('26+8');
  });

  it('believes a gap in the window that the clock repeated', () => {
    const transfer = started(WINDOW, 100);
    transfer.receive(encodeAck(0), 1);
    expect(say(transfer.tick(200))).toBe('1+16');
    expect(say(transfer.receive(encodeAck(10), 201))).toBe('11+16');
    expect(say(transfer.receive(encodeAck(16), 202))).toBe('27+6');
  });
});

describe('RetransmissionClock', () => {
  it('begins with 250 ms and doubles up to 4 s', () => {
    const clock = new RetransmissionClock(undefined, 1_000_000, 0);
    clock.sent(0);
    const waits: number[] = [];
    for (let i = 0; i < 7; i += 1) {
      const now = clock.wakeAt;
      clock.repeated(now);
      waits.push(clock.wakeAt - now);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 4000, 4000, 4000]);
  });

  it('learns the round trip, never below 100 ms', () => {
    const clock = new RetransmissionClock(undefined, 30_000, 0);
    clock.sent(0);
    clock.progress(1);
    clock.sent(1);
    expect(clock.wakeAt).toBe(101);
    let now = 1;
    for (let i = 0; i < 50; i += 1) {
      now += 600;
      clock.progress(now);
      clock.sent(now);
    }
    expect(clock.wakeAt - now).toBeGreaterThan(600);
    expect(clock.wakeAt - now).toBeLessThan(1000);
  });

  it('learns nothing from what was sent twice, and keeps the longer wait until it does (Karn)', () => {
    const clock = new RetransmissionClock(undefined, 30_000, 0);
    clock.sent(0);
    clock.repeated(250);
    clock.progress(300);
    clock.sent(300);
    expect(clock.wakeAt).toBe(800);
    clock.progress(320);
    clock.sent(320);
    expect(clock.wakeAt).toBe(420);
  });

  it('is exhausted after its patience without progress, and wakes then at the latest', () => {
    const clock = new RetransmissionClock(undefined, 1_000, 0);
    clock.idle();
    expect(clock.wakeAt).toBe(1_000);
    clock.progress(900);
    clock.sent(900);
    expect([clock.exhausted(1_899), clock.exhausted(1_900)]).toEqual([false, true]);
    clock.repeated(1_850);
    expect(clock.wakeAt).toBe(1_900);
  });

  it('hurries once: two round trips, at least 20 ms, and the next wait is not doubled for it', () => {
    const clock = new RetransmissionClock(undefined, 30_000, 0);
    clock.sent(0);
    clock.progress(1);
    clock.soon(1);
    expect(clock.wakeAt).toBe(21);
    clock.repeated(21);
    expect(clock.wakeAt).toBe(121);
    clock.repeated(121);
    expect(clock.wakeAt).toBe(321);
    const slow = new RetransmissionClock(undefined, 30_000, 0);
    slow.sent(0);
    slow.progress(30);
    slow.soon(30);
    expect(slow.wakeAt).toBe(90);
    slow.sent(40);
    slow.repeated(slow.wakeAt);
    expect(slow.wakeAt).toBe(140 + 200);
  });
});
