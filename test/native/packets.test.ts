import { readdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDoorbell } from '../../src/native/doorbell.ts';
import { loadLibc } from '../../src/native/libc.ts';
import { interfaceIndex, KernelPackets } from '../../src/native/packets.ts';
import { RawClient } from '../support/tftp-client.ts';
import { keepingLog, THREADS, until } from '../support/tftp-server.ts';

const native = await loadLibc();

if ('libc' in native) {
  const { libc } = native;
  const loopback = interfaceIndex(libc, 'lo');

  const opened = (address: string, port: number): KernelPackets => {
    const socket = new KernelPackets(libc, address, port, 2 ** 20);
    onTestFinished(() => {
      socket.close();
    });
    return socket;
  };

  const client = async (address?: string): Promise<RawClient> => {
    const raw = await RawClient.open(address);
    onTestFinished(() => {
      raw.close();
    });
    return raw;
  };

  const freePort = async (): Promise<number> => {
    const probe = await RawClient.open('127.0.0.90');
    const { port } = probe.socket.address();
    probe.close();
    return port;
  };

  describe('a socket that knows interfaces', () => {
    it('says by which one a packet came, from where, and what was in it', async () => {
      const [asks, port] = [await client('127.0.0.91'), await freePort()];
      const socket = opened('0.0.0.0', port);
      expect(socket.receive()).toBeUndefined();
      asks.send(Buffer.from('one'), port, '127.0.0.90');
      asks.send(Buffer.alloc(0), port, '127.0.0.90');
      const from = { address: '127.0.0.91', port: asks.socket.address().port };
      let packet = socket.receive();
      await until(() => (packet ??= socket.receive()) !== undefined);
      expect(packet).toEqual({ bytes: Buffer.from('one'), from, interfaceIndex: loopback });
      let empty = socket.receive();
      await until(() => (empty ??= socket.receive()) !== undefined);
      expect(empty).toMatchObject({ bytes: Buffer.alloc(0), from });
    });

    it('sends from the address that it is told, and from its own port', async () => {
      const [hears, port] = [await client('127.0.0.91'), await freePort()];
      const socket = opened('127.0.0.92', port);
      const to = { address: '127.0.0.91', port: hears.socket.address().port };
      for (const address of ['127.0.0.93', '127.0.0.94']) {
        socket.send(Buffer.from(address), to, { interfaceIndex: loopback, address });
        const { bytes, from } = await hears.expect();
        expect([bytes.toString(), from.address, from.port]).toEqual([address, address, port]);
      }
    });

    it('says with a code what cannot be sent or opened, and keeps no descriptor of it', async () => {
      const port = await freePort();
      const socket = opened('127.0.0.92', port);
      const to = { address: '127.0.0.91', port };
      expect(() => {
        socket.send(Buffer.from('x'), to, { interfaceIndex: 2 ** 30, address: '127.0.0.92' });
      }).toThrow(expect.objectContaining({ code: expect.stringMatching(/^E[A-Z]+$/) as string }));
      const before = readdirSync('/proc/self/fd').length;
      expect(() => new KernelPackets(libc, '192.0.2.1', port, 1000)).toThrow(
        expect.objectContaining({ code: 'EADDRNOTAVAIL' }),
      );
      expect(readdirSync('/proc/self/fd')).toHaveLength(before);
    });

    it('knows the numbers of this host’s interfaces, and 0 for any other', () => {
      const scoped = Object.entries(networkInterfaces()).flatMap(([name, entries]) =>
        (entries ?? []).flatMap((one) => (one.family === 'IPv6' && one.scopeid !== 0 ? [[name, one.scopeid]] : [])),
      );
      for (const [name, index] of scoped) expect(interfaceIndex(libc, String(name))).toBe(index);
      expect([loopback > 0, interfaceIndex(libc, 'nowhere0')]).toEqual([true, 0]);
    });
  });

  it('the doorbell rings once, and again when it is asked to; what was closed rings no more', async () => {
    const before = readdirSync('/proc/self/fd').length;
    const doorbell = await openDoorbell(libc, keepingLog(), THREADS);
    if (doorbell === undefined) throw new Error('no thread');
    const [asks, port, otherPort] = [await client('127.0.0.91'), await freePort(), await freePort()];
    const [socket, other] = [opened('127.0.0.90', port), opened('127.0.0.95', otherPort)];
    const rings: string[] = [];
    const bell = doorbell.watch(socket.fd, () => rings.push('one'));
    const otherBell = doorbell.watch(other.fd, () => rings.push('other'));
    asks.send(Buffer.from('a'), port, '127.0.0.90');
    await until(() => rings.length === 1);
    asks.send(Buffer.from('b'), port, '127.0.0.90');
    asks.send(Buffer.from('c'), otherPort, '127.0.0.95');
    await until(() => rings.length === 2);
    expect(rings).toEqual(['one', 'other']);
    bell.again();
    await until(() => rings.length === 3);
    expect(rings.at(-1)).toBe('one');
    bell.close();
    bell.again();
    otherBell.again();
    await until(() => rings.length === 4);
    expect(rings.at(-1)).toBe('other');
    otherBell.close();
    await doorbell.close();
    expect(readdirSync('/proc/self/fd').length - before).toBeLessThanOrEqual(3);
  });

  it('a doorbell whose thread cannot be begun is none, and leaves nothing open', async () => {
    const before = readdirSync('/proc/self/fd').length;
    const log = keepingLog();
    expect(
      await openDoorbell(libc, log, ['--import', 'data:text/javascript,throw new Error("broken")']),
    ).toBeUndefined();
    expect(readdirSync('/proc/self/fd')).toHaveLength(before);
    expect(log.lines.map(({ message }) => message)).toEqual(['the thread that waits for packets failed']);
  });
}
