import { once } from 'node:events';
import { renameSync, truncateSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type Sent } from '../../src/http/send-file.ts';
import { ask, eachWay, MIB, numbered, stalled, setup } from '../support/image-server.ts';

eachWay((native) => {
  describe('a file that changes under a reader', () => {
    test('replaced by rename: the old one to its end, then another ETag', async () => {
      const content = numbered(40 * MIB);
      const { port, image, nextSent } = await setup(content);
      const socket = await stalled(port, 'Connection: close\r\n');
      writeFileSync(`${image}.new`, Buffer.alloc(40 * MIB, 0xff));
      renameSync(`${image}.new`, image);
      const parts: Buffer[] = [];
      for await (const part of socket) parts.push(part as Buffer);
      const answer = Buffer.concat(parts);
      const head = answer.subarray(0, answer.indexOf('\r\n\r\n')).toString();
      expect(answer.subarray(answer.indexOf('\r\n\r\n') + 4).equals(content)).toBe(true);
      expect(await nextSent()).toMatchObject({ complete: true });
      const next = await ask(port, { range: 'bytes=0-0' });
      expect(next.body[0]).toBe(0xff);
      expect(head).not.toContain(String(next.headers.etag));
    });

    test.each<[string, (image: string) => void]>([
      [
        'cut',
        (image) => {
          truncateSync(image, 30 * MIB);
        },
      ],
      [
        'overwritten',
        (image) => {
          writeFileSync(image, Buffer.alloc(40 * MIB, 0xff));
        },
      ],
    ])('%s in place: the connection is cut, and what came before is of one version', async (_, change) => {
      const content = numbered(40 * MIB);
      const { port, image, nextSent, descriptors } = await setup(content);
      const socket = await stalled(port);
      change(image);
      const parts: Buffer[] = [];
      for await (const part of socket) parts.push(part as Buffer);
      const answer = Buffer.concat(parts);
      const body = answer.subarray(answer.indexOf('\r\n\r\n') + 4);
      expect(body.length).toBeLessThan(content.length);
      // The kernel may send a page long after it took it: that the body ends short is all that can be promised then.
      if (!native) expect(body.equals(content.subarray(0, body.length))).toBe(true);
      const outcome = (await nextSent()) as Sent;
      expect(outcome).toMatchObject({ status: 200, complete: false, failure: { code: 'unavailable' } });
      await expect.poll(descriptors).toBe(0);
    });
  });

  describe('a client that leaves or stalls', () => {
    test('frees the file and its memory', async () => {
      const { port, cache, nextSent, descriptors } = await setup(numbered(40 * MIB));
      const sockets = await Promise.all(Array.from({ length: 20 }, () => stalled(port)));
      expect(descriptors()).toBe(1);
      for (const socket of sockets) socket.destroy();
      for (const socket of sockets) {
        expect(socket.destroyed).toBe(true);
        expect(await nextSent()).toMatchObject({ status: 200, complete: false });
      }
      await expect.poll(descriptors).toBe(0);
      // All of it can be lent again, in chunks of 512 KiB: a reader beyond the budget would get 64 KiB at a time.
      const reads = cache.counters.reads;
      expect((await ask(port)).body).toHaveLength(40 * MIB);
      expect(cache.counters.reads - reads).toBeLessThan(120);
    });

    test('100 that stall at 100 places cost bounded memory, and the others are served', async () => {
      const { port, cache } = await setup(numbered(100 * MIB), {}, 16 * MIB);
      await Promise.all(Array.from({ length: 100 }, (_, index) => stalled(port, `Range: bytes=${index * MIB}-\r\n`)));
      expect(cache.counters.bytes).toBeLessThanOrEqual(16 * MIB + 100 * 64 * 1024);
      expect((await ask(port, { range: `bytes=${50 * MIB}-${52 * MIB - 1}` })).body).toHaveLength(2 * MIB);
    }, 60_000);

    test('has left before anything was sent', async () => {
      const { port, nextSent, descriptors } = await setup(numbered(MIB));
      const socket = connect(port, '127.0.0.1');
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n', () => socket.destroy());
      await once(socket, 'close');
      expect((await nextSent()) as Sent).toHaveProperty('complete');
      await expect.poll(descriptors).toBe(0);
    });
  });
});
