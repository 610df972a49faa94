import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer as createTlsServer, request } from 'node:https';
import { connect, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { SILENT } from '../../src/model/service.ts';
import { createImageSender, type FilePart, type ImageSender, type SentPart } from '../../src/native/image-sender.ts';
import { makeCertificate } from '../support/certificate.ts';
import { makeFolder } from '../support/folder.ts';
import { ask, MIB, numbered, setup, stalled, startSender } from '../support/image-server.ts';

const NOT_FORCED = new AbortController().signal;
let sender: ImageSender;
beforeAll(async () => {
  sender = await startSender();
}, 60_000);
afterAll(async () => {
  await sender.stop(NOT_FORCED);
});

/** Records what goes to the sender, and what becomes of it. */
function watched(): { send: ImageSender['send']; parts: FilePart[]; sent: SentPart[]; declined: () => number } {
  const parts: FilePart[] = [];
  const sent: SentPart[] = [];
  let declined = 0;
  return {
    parts,
    sent,
    declined: () => declined,
    send(part) {
      parts.push(part);
      const sending = sender.send(part);
      if (sending === undefined) declined += 1;
      return sending?.then((result) => {
        sent.push(result);
        return result;
      });
    },
  };
}

const descriptors = (): number => readdirSync('/proc/self/fd').length;

describe('what it is given', () => {
  test('the middle of what is large; all else goes through Node', async () => {
    const through = watched();
    const content = numbered(3 * MIB);
    const { port, cache } = await setup(content, { sender: through });
    expect((await ask(port)).body.equals(content)).toBe(true);
    // A whole chunk would be read for the last 64 KiB.
    expect(cache.counters.reads).toBe(0);
    expect((await ask(port, { range: `bytes=${MIB}-${2 * MIB - 2}` })).body).toHaveLength(MIB - 1);
    expect((await ask(port, {}, 'HEAD')).body).toHaveLength(0);
    const heldBack = 64 * 1024;
    expect(through.parts.map(({ start, end }) => [start, end])).toEqual([[0, 3 * MIB - heldBack]]);
    expect(through.sent).toEqual([{ how: 'sent', position: 3 * MIB - heldBack }]);
  });

  test('a client of HTTP/1.0, who is told the end by the end of the connection', async () => {
    const through = watched();
    const content = numbered(3 * MIB);
    const { port } = await setup(content, { sender: through });
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.0\r\n\r\n');
    const parts: Buffer[] = [];
    for await (const part of socket) parts.push(part as Buffer);
    const answer = Buffer.concat(parts);
    expect(answer.subarray(answer.indexOf('\r\n\r\n') + 4).equals(content)).toBe(true);
    expect(through.sent).toHaveLength(1);
  });

  test('what is not in the page cache any more: the disk is waited for by the thread', async () => {
    const through = watched();
    const content = numbered(24 * MIB);
    const { port, image } = await setup(content, { sender: through });
    // The kernel lets go of what is on the disk (posix_fadvise DONTNEED, by dd).
    const drop = [`if=${image}`, 'iflag=nocache', 'count=0'];
    execFileSync('dd', [`of=${image}`, 'conv=notrunc,fdatasync', 'count=0', 'if=/dev/null'], { stdio: 'ignore' });
    execFileSync('dd', drop, { stdio: 'ignore' });
    const cold = await Promise.all(Array.from({ length: 4 }, async () => (await ask(port)).body.equals(content)));
    expect(cold).toEqual([true, true, true, true]);
    expect(through.sent.map(({ how }) => how)).toEqual(['sent', 'sent', 'sent', 'sent']);
  });

  test('over TLS all goes through Node, also while others are sent to', async () => {
    const through = watched();
    const content = numbered(24 * MIB);
    const { port: plain } = await setup(content, { sender: through });
    const { cert, key } = makeCertificate(makeFolder({}), 'server');
    const secured = await setup(content, { sender: through }, 8 * MIB, (listener) =>
      createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, listener),
    );
    const securely = async (): Promise<Buffer> => {
      const req = request({ host: '127.0.0.1', port: secured.port, ca: readFileSync(cert), agent: false }).end();
      const [answer] = (await once(req, 'response')) as [AsyncIterable<Buffer>];
      const parts: Buffer[] = [];
      for await (const part of answer) parts.push(part);
      return Buffer.concat(parts);
    };
    const bodies = await Promise.all([securely(), ask(plain), securely(), ask(plain)]);
    expect(bodies.map((one) => ('body' in one ? one.body : one).equals(content))).toEqual([true, true, true, true]);
    // Two were handed over, and the thread took both; of the others it was asked, and it declined.
    expect([through.parts.length, through.sent.length, through.declined()]).toEqual([4, 2, 2]);
  });

  test('one after the other on one connection, however they were asked for', async () => {
    const through = watched();
    const content = numbered(3 * MIB);
    const { port, sent } = await setup(content, { sender: through });
    const socket = connect(port, '127.0.0.1');
    const one = 'GET / HTTP/1.1\r\nHost: x\r\n';
    socket.write(`${one}\r\n${one}\r\n${one}Connection: close\r\n\r\n`);
    let bytes = 0;
    let found = 0;
    let rest = Buffer.alloc(0);
    for await (const part of socket) {
      rest = Buffer.concat([rest, part as Buffer]);
      bytes += (part as Buffer).length;
    }
    for (let at = rest.indexOf(content); at >= 0; at = rest.indexOf(content, at + content.length)) found += 1;
    expect([found, sent.length, through.sent.length, bytes > 9 * MIB]).toEqual([3, 3, 3, true]);
  });

  test('no more at one time than it was told; the others are served all the same', async () => {
    const few = await startSender(1);
    onTestFinished(async () => {
      await few.stop(NOT_FORCED);
    });
    const { port } = await setup(numbered(40 * MIB), { sender: few });
    await stalled(port);
    expect((await ask(port)).body).toHaveLength(40 * MIB);
  });
});

describe('the end of a connection', () => {
  test('700 clients leave in the middle: every descriptor is closed', async () => {
    const through = watched();
    const { port, nextSent, descriptors: ofImages } = await setup(numbered(40 * MIB), { sender: through });
    const before = descriptors();
    for (let round = 0; round < 14; round += 1) {
      const sockets = await Promise.all(Array.from({ length: 50 }, () => stalled(port)));
      await expect.poll(() => through.parts.length).toBe(50 * (round + 1));
      for (const [index, socket] of sockets.entries()) {
        if (index % 2 === 0) socket.resetAndDestroy();
        else socket.destroy();
      }
      for (const socket of sockets) {
        expect(socket.destroyed).toBe(true);
        expect(await nextSent()).toMatchObject({ complete: false });
      }
    }
    await expect.poll(ofImages).toBe(0);
    await expect.poll(descriptors).toBeLessThanOrEqual(before);
    expect(through.declined()).toBe(0);
    expect(new Set(through.sent.map(({ how }) => how))).toEqual(new Set(['left']));
  }, 60_000);

  test('a client that takes nothing for as long as the socket may be idle is cut', async () => {
    const through = watched();
    const send = (part: FilePart): Promise<SentPart> | undefined => {
      part.socket.setTimeout(200);
      return through.send(part);
    };
    const { port, nextSent } = await setup(numbered(40 * MIB), { sender: { send } });
    const socket = await stalled(port);
    expect(await nextSent()).toMatchObject({ complete: false });
    expect(through.sent).toMatchObject([{ how: 'stalled' }]);
    const ended = once(socket, 'close');
    socket.resume();
    await ended;
  });

  test('the time of the socket runs again for what comes after on the same connection', async () => {
    const through = watched();
    const { port, server, nextSent } = await setup(numbered(40 * MIB), { sender: through });
    server.timeout = 60_000;
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await expect.poll(() => through.parts.map(({ socket: { timeout } }) => timeout)).toEqual([0]);
    socket.resume();
    expect(await nextSent()).toMatchObject({ complete: true });
    expect(through.parts[0]?.socket.timeout).toBe(60_000);
    socket.destroy();
  });

  test.each(['lost', 'failed', 'stalled', 'left'] as const)('a part that was %s is not gone on with', async (how) => {
    const send = async ({ start }: FilePart): Promise<SentPart> => ({ how, position: start + MIB });
    const { port, nextSent, descriptors: ofImages } = await setup(numbered(3 * MIB), { sender: { send } });
    await expect(ask(port)).rejects.toThrow();
    const failure = how === 'failed' ? { failure: { code: 'unavailable', message: 'the file cannot be read' } } : {};
    expect(await nextSent()).toMatchObject({ status: 200, bytes: MIB, complete: false, ...failure });
    await expect.poll(ofImages).toBe(0);
  });
});

describe('where it cannot', () => {
  const part = (socket: unknown): FilePart => ({
    socket: socket as Socket,
    file: { fd: 0 },
    start: 0,
    end: 1,
    onPlace: () => undefined,
  });

  test('not of sockets that are closed or encrypt', () => {
    const closed = new Socket();
    closed.destroy();
    expect(sender.send(part(closed))).toBeUndefined();
    expect(sender.send(part({ destroyed: false, encrypted: true }))).toBeUndefined();
    expect(sender.why()).toBeUndefined();
  });

  test('a Node that tells no descriptor of a socket is noticed', async () => {
    const one = await startSender(1);
    expect(one.send(part({ destroyed: false, _handle: {} }))).toBeUndefined();
    expect(one.why()).toBe('this version of Node does not tell the descriptor of a socket');
    await one.stop(NOT_FORCED);
  });

  test('an operator switches it off', async () => {
    const off = createImageSender({ on: false, most: 1, after: Promise.resolve(), log: SILENT });
    await off.start();
    await off.settled();
    expect([off.why(), off.send(part(new Socket()))]).toEqual(['PILOTLIGHT_NATIVE is off', undefined]);
    await off.stop(NOT_FORCED);
  });

  test('it is stopped before its thread is there', async () => {
    const early = createImageSender({
      ...{ on: true, most: 1, after: Promise.resolve(), log: SILENT },
      execArgv: ['--import', import.meta.resolve('tsx')],
    });
    await early.start();
    await early.stop(NOT_FORCED);
    expect(early.why()).toBeDefined();
    await early.settled();
  });
});
