import { once } from 'node:events';
import { get } from 'node:http';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { makeFolder } from '../support/folder.ts';
import { open } from '../support/http-raw.ts';
import { serveChild } from '../support/served.ts';

const MIB = 2 ** 20;
const FILES = { 'profiles/a.json': { version: '1' }, 'images/four': Buffer.alloc(4 * MIB, 'x') };

interface Fetched {
  /** 0 when the connection broke before an answer. */
  readonly status: number;
  readonly length: number;
}

async function fetchAll(port: number, path: string, timeout = 240_000): Promise<Fetched> {
  return await new Promise((resolve) => {
    let status = 0;
    let length = 0;
    const asked = get({ host: '127.0.0.1', port, path, agent: false, timeout }, (answer) => {
      status = answer.statusCode ?? 0;
      answer.on('data', (chunk: Buffer) => (length += chunk.length));
      answer.on('error', () => undefined);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => undefined);
    asked.on('close', () => {
      resolve({ status, length });
    });
  });
}

/**
 * As a machine fetches: it asks again when it got no answer. A client that a busy machine keeps from sending its question for
 * ten seconds is told 408, rightly.
 */
async function fetchAsMachine(port: number, path: string, tries = 3): Promise<Fetched> {
  const fetched = await fetchAll(port, path);
  const unasked = fetched.status === 408 || (fetched.status === 0 && fetched.length === 0);
  return unasked && tries > 1 ? await fetchAsMachine(port, path, tries - 1) : fetched;
}

/** Only so that a hang ends: a busy machine needs as long as it needs. */
const timeout = 300_000;

test(
  '1,500 half-open requests: others are answered all the while, and all of them are closed',
  { timeout },
  async () => {
    const served = serveChild(makeFolder(FILES));
    const port = await served.port;
    const slow: Socket[] = [];
    const gone: Promise<unknown>[] = [];
    for (let batch = 0; batch < 15; batch += 1) {
      const more = await Promise.all(Array.from({ length: 100 }, () => open(port)));
      for (const socket of more) {
        socket.on('error', () => undefined).resume();
        socket.write('GET /boot.ipxe HTTP/1.1\r\nHost: a\r\nX: ');
        gone.push(once(socket, 'close'));
      }
      slow.push(...more);
      expect((await fetchAll(port, '/boot.ipxe')).status).toBe(200);
      // It did not wait until they were gone.
      expect(more.some((socket) => !socket.destroyed)).toBe(true);
    }
    // None of them ends by itself: they say a byte now and then, for as long as they may.
    const drip = setInterval(() => {
      for (const socket of slow) if (socket.writable) socket.write('x');
    }, 9_000);
    await Promise.all(gone);
    clearInterval(drip);
    expect(gone).toHaveLength(1500);
    expect((await fetchAll(port, '/boot.ipxe')).status).toBe(200);
  },
);

test('1,000 readers of 4 MiB at once: all complete, in bounded memory', { timeout }, async () => {
  const served = serveChild(makeFolder(FILES));
  const port = await served.port;
  const all = await Promise.all(Array.from({ length: 1000 }, () => fetchAsMachine(port, '/images/four')));
  expect(all.filter(({ status, length }) => status !== 200 || length !== 4 * MIB)).toEqual([]);
  expect(served.peakMiB()).toBeLessThan(384);
});

test(
  '256 file handles and 500 clients: served or turned away, nobody left hanging, and all is well afterwards',
  { timeout },
  async () => {
    const served = serveChild(makeFolder(FILES), { handles: 256 });
    const port = await served.port;
    const crowd = await Promise.all(Array.from({ length: 500 }, () => fetchAll(port, '/images/four')));
    for (const { status, length } of crowd) {
      expect([0, 200, 503]).toContain(status);
      if (status === 200) expect(length).toBe(4 * MIB);
    }
    // The connections must leave handles for what they ask for: as many as are let in are served.
    expect(crowd.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(100);
    expect(crowd.filter(({ status }) => status === 503)).toHaveLength(0);
    expect(await fetchAll(port, '/images/four')).toEqual({ status: 200, length: 4 * MIB });
    expect(served.child.exitCode).toBeNull();
  },
);
