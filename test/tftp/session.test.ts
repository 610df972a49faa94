import { describe, expect, it } from 'vitest';
import { TFTP_ERROR } from '../../src/tftp/packet.ts';
import { Session, type SessionEnd } from '../../src/tftp/session.ts';
import { bytesFile, type TftpFile } from '../../src/tftp/source.ts';
import { encodeAck, encodeData, parseAnswer } from '../support/tftp-packets.ts';
import { pairs } from '../support/tftp-client.ts';
import { content } from '../support/tftp-server.ts';

/** A session whose clock the test turns, and what it sent, was told of and ended with. */
function sessionOf(file: TftpFile, options = '') {
  const clock = { now: 0 };
  const sent: Buffer[] = [];
  const ends: SessionEnd[] = [];
  const heard = { times: 0 };
  const session = new Session({ name: 'f', mode: 'octet', options: pairs(options) }, file, {
    limits: { maxBlksize: 1468, maxWindowsize: 16 },
    now: () => clock.now,
    send: (packet) => {
      sent.push(packet);
    },
    acknowledged: () => {
      heard.times += 1;
    },
    ended: (end) => {
      ends.push(end);
    },
  });
  return { session, clock, sent, ends, heard };
}

/** A file that is read when the test says so, and tells how often it was closed. */
function slowFile(size: number) {
  const reads: { resolve: (bytes: Buffer) => void; reject: (cause: Error) => void }[] = [];
  const closed = { times: 0 };
  const file: TftpFile = {
    size,
    read: async () => new Promise((resolve, reject) => reads.push({ resolve, reject })),
    close: () => {
      closed.times += 1;
      return Promise.resolve();
    },
  };
  return { file, reads, closed };
}

const blocks = (sent: readonly Buffer[]) =>
  sent.map(parseAnswer).map((packet) => packet.kind === 'data' && packet.block);

describe('Session', () => {
  it('sends the file block by block, tells of each new acknowledgement once, and is done with the last', () => {
    const { session, sent, ends, heard } = sessionOf(bytesFile(content(1100)));
    session.begin();
    for (const block of [1, 1, 2]) session.receive(encodeAck(block));
    expect([blocks(sent), heard.times, ends]).toEqual([[1, 2, 3], 2, []]);
    session.receive(encodeAck(3));
    expect([heard.times, ends]).toEqual([3, [{ kind: 'done' }]]);
    expect(sent).toEqual([0, 1, 2].map((n) => encodeData(n + 1, content(1100).subarray(n * 512, n * 512 + 512))));
  });

  it('is told of when the options alone are acknowledged: the client is there', () => {
    const { session, sent, heard } = sessionOf(bytesFile(content(600)), 'tsize=0');
    session.begin();
    expect([sent.map((packet) => parseAnswer(packet).kind), heard.times]).toEqual([['oack'], 0]);
    session.receive(encodeAck(0));
    expect([sent.map((packet) => parseAnswer(packet).kind), heard.times]).toEqual([['oack', 'data'], 1]);
  });

  it('wants to be woken when the answer is late, and sends it again then, not before', () => {
    const { session, sent, clock } = sessionOf(bytesFile(content(600)));
    session.begin();
    expect(session.wakeAt).toBe(250);
    session.tick(249);
    expect(blocks(sent)).toEqual([1]);
    clock.now = 250;
    session.tick(250);
    expect([blocks(sent), session.wakeAt]).toEqual([[1, 1], 750]);
  });

  it('answers a request that comes again as it did, until something was acknowledged', () => {
    const { session, sent } = sessionOf(bytesFile(content(600)));
    session.begin();
    session.again();
    expect(blocks(sent)).toEqual([1, 1]);
    session.receive(encodeAck(1));
    session.again();
    expect(blocks(sent)).toEqual([1, 1, 2]);
  });

  it('gives way with an ERROR to a client that is there, and without one to an address that may not have asked', () => {
    const there = sessionOf(bytesFile(content(600)));
    there.session.begin();
    there.session.receive(encodeAck(1));
    there.session.giveWay();
    expect([there.sent.at(-1), there.ends]).toEqual([TFTP_ERROR.displaced, [{ kind: 'displaced' }]]);

    const unknown = sessionOf(bytesFile(content(600)));
    unknown.session.begin();
    unknown.session.giveWay();
    expect([blocks(unknown.sent), unknown.ends]).toEqual([[1], [{ kind: 'displaced' }]]);
  });

  it('is dropped without a word: its client has begun anew', () => {
    const { session, sent, ends } = sessionOf(bytesFile(content(600)));
    session.begin();
    session.drop();
    expect([blocks(sent), ends]).toEqual([[1], [{ kind: 'vanished', proven: true }]]);
  });

  it('ends once: whatever comes afterwards sends nothing and is no second end', () => {
    const { session, sent, ends, clock } = sessionOf(bytesFile(content(600)));
    session.begin();
    session.stop();
    expect([sent.at(-1), ends]).toEqual([TFTP_ERROR.stopping, [{ kind: 'stopped' }]]);
    const said = sent.length;
    session.stop();
    session.giveWay();
    session.drop();
    session.receive(encodeAck(1));
    session.again();
    clock.now = 60_000;
    session.tick(60_000);
    expect([sent.length - said, ends.length]).toEqual([0, 1]);
  });

  it('reads no further after its end, and lets go of the file once, when the read that runs has ended', async () => {
    const { file, reads, closed } = slowFile(200_000);
    const { session, ends, sent } = sessionOf(file);
    session.begin();
    expect(reads).toHaveLength(1);
    session.stop();
    expect(closed.times).toBe(0);
    reads[0]?.resolve(content(65_536));
    await new Promise(setImmediate);
    session.stop();
    expect([reads.length, closed.times, ends.length, blocks(sent)]).toEqual([1, 1, 1, [false]]);
  });

  it('lets go of the file once also when the read that runs fails after its end', async () => {
    const { file, reads, closed } = slowFile(200_000);
    const { session, ends } = sessionOf(file);
    session.begin();
    session.stop();
    reads[0]?.reject(new Error('EIO'));
    await new Promise(setImmediate);
    session.drop();
    expect([closed.times, ends]).toEqual([1, [{ kind: 'stopped' }]]);
  });

  it('lets go of the file when a read fails while it runs', async () => {
    const { file, reads, closed } = slowFile(200_000);
    const { session, ends } = sessionOf(file);
    session.begin();
    reads[0]?.reject(new Error('EIO'));
    await new Promise(setImmediate);
    expect([closed.times, ends.map(({ kind }) => kind)]).toEqual([1, ['unreadable']]);
  });

  it.each<
    [string, (read: { resolve: (bytes: Buffer) => void; reject: (cause: Error) => void }) => void, object, Buffer]
  >([
    [
      'ends before its size',
      ({ resolve }) => {
        resolve(Buffer.alloc(0));
      },
      { kind: 'changed' },
      TFTP_ERROR.changed,
    ],
    [
      'cannot be read',
      ({ reject }) => {
        reject(new Error('EIO'));
      },
      { kind: 'unreadable', cause: new Error('EIO') },
      TFTP_ERROR.unreadable,
    ],
  ])('tells a client whose file %s why', async (_, answer, end, error) => {
    const { file, reads } = slowFile(1000);
    const { session, sent, ends } = sessionOf(file);
    session.begin();
    reads.forEach(answer);
    await new Promise(setImmediate);
    expect(ends).toEqual([end]);
    expect(sent).toEqual([error]);
  });
});
