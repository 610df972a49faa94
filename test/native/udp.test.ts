import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadLibc } from '../../src/native/libc.ts';
import { PeerUdp, socketAddress } from '../../src/native/udp.ts';
import { RawClient } from '../support/tftp-client.ts';

const native = await loadLibc();

describe('an address as the kernel writes it', () => {
  it.each([
    ['127.0.0.1', '0200 0045 7f000001'],
    ['10.255.0.7', '0200 0045 0aff0007'],
    ['::1', `0a00 0045 00000000 ${'00'.repeat(15)}01 00000000`],
    ['::', `0a00 0045 00000000 ${'00'.repeat(16)} 00000000`],
    ['2001:db8::10:a', '0a00 0045 00000000 20010db8000000000000000000100 00a 00000000'],
    ['1:2:3:4:5:6:7:8', '0a00 0045 00000000 00010002000300040005000600070008 00000000'],
    ['::ffff:10.0.0.1', `0a00 0045 00000000 ${'00'.repeat(10)}ffff0a000001 00000000`],
    ['fe80::1%7', `0a00 0045 00000000 fe80${'00'.repeat(13)}01 07000000`],
  ])('%s', (text, hex) => {
    const wanted = hex.replaceAll(' ', '').padEnd(text.includes(':') ? 56 : 32, '0');
    expect(socketAddress(text, 0x45).toString('hex')).toBe(wanted);
  });

  it('says which interface it does not know', () => {
    expect(() => socketAddress('fe80::1%nowhere', 69)).toThrow('no interface nowhere');
  });
});

if ('libc' in native) {
  const { libc } = native;
  describe('a socket without an event loop', () => {
    async function opened(address: string): Promise<{ client: RawClient; socket: PeerUdp }> {
      const client = await RawClient.open(address);
      const socket = new PeerUdp(libc, address, socketAddress(address, client.socket.address().port));
      onTestFinished(() => {
        client.close();
        socket.close();
      });
      return { client, socket };
    }

    async function arrived(receive: (into: Buffer) => number): Promise<string> {
      const into = Buffer.alloc(16);
      for (;;) {
        const length = receive(into);
        if (length >= 0) return into.toString('latin1', 0, length);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }

    it.each(['127.0.0.1', '::1'])(
      'sends from %s, one by one and cut by the kernel, and hears who answers',
      async (address) => {
        const { client, socket } = await opened(address);
        const bytes = Buffer.from('aaaabbbbccccdd');
        socket.sendAll(bytes, 4);
        socket.sendAll(bytes.subarray(0, 8), 8);
        socket.send(Buffer.from('e'));
        const heard: string[] = [];
        let from;
        for (let i = 0; i < 6; i += 1) {
          const packet = await client.expect();
          heard.push(packet.bytes.toString());
          ({ from } = packet);
        }
        expect(heard).toEqual(['aaaa', 'bbbb', 'cccc', 'dd', 'aaaabbbb', 'e']);

        expect(socket.receive(Buffer.alloc(16))).toBe(-1);
        client.send(Buffer.from('answer'), from?.port ?? 0, address);
        expect(await arrived((into) => socket.receive(into))).toBe('answer');
      },
    );

    it.each(['127.0.0.1', '::1'])(
      'tells what others send to its port at %s from what its peer does',
      async (address) => {
        const { client, socket } = await opened(address);
        socket.send(Buffer.from('x'));
        const { from } = await client.expect();
        const other = await RawClient.open(address);
        onTestFinished(() => {
          other.close();
        });
        for (let i = 0; i < 20; i += 1) {
          other.send(Buffer.from(`other ${i}`), from.port, address);
          client.send(Buffer.from(`peer ${i}`), from.port, address);
          expect(await arrived((into) => socket.receiveStranger(into))).toBe(`other ${i}`);
          expect(await arrived((into) => socket.receive(into))).toBe(`peer ${i}`);
        }
        socket.answerStranger(Buffer.from('no'));
        expect((await other.expect()).bytes.toString()).toBe('no');
      },
    );

    it('shares its port with no other socket', async () => {
      const { client, socket } = await opened('127.0.0.1');
      socket.send(Buffer.from('x'));
      const { from } = await client.expect();
      const other = createSocket({ type: 'udp4', reuseAddr: true });
      other.bind(from.port, '127.0.0.1');
      expect(String(await once(other, 'error').catch((error: unknown) => error))).toContain('EADDRINUSE');
    });

    it('goes on sending to a peer whose port was closed for a while', async () => {
      const gone = await RawClient.open('127.0.0.1');
      const { port } = gone.socket.address();
      gone.close();
      const socket = new PeerUdp(libc, '127.0.0.1', socketAddress('127.0.0.1', port));
      socket.send(Buffer.from('refused'));
      const again = createSocket('udp4');
      onTestFinished(() => {
        again.close();
        socket.close();
      });
      again.bind(port, '127.0.0.1');
      await once(again, 'listening');
      const heard = once(again, 'message');
      socket.send(Buffer.from('heard'));
      expect(String((await heard)[0])).toBe('heard');
    });

    it('sends a window that is more than the kernel cuts at once', async () => {
      const { client, socket } = await opened('127.0.0.1');
      const bytes = Buffer.from(Array.from({ length: 500 }, (_, i) => i % 251));
      socket.sendAll(bytes, 5);
      const heard: Buffer[] = [];
      while (heard.length < 100) heard.push((await client.expect()).bytes);
      expect(Buffer.concat(heard).equals(bytes)).toBe(true);
    });

    it('does not open at an address that this host does not have', () => {
      const before = readdirSync('/proc/self/fd').length;
      const peer = socketAddress('127.0.0.1', 1);
      expect(() => new PeerUdp(libc, '192.0.2.1', peer)).toThrow('bind failed');
      expect(() => new PeerUdp(libc, '127.0.0.1', socketAddress('::1', 1))).toThrow('connect failed');
      expect(readdirSync('/proc/self/fd')).toHaveLength(before);
    });
  });
}
