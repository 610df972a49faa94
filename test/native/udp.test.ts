import { describe, expect, it, onTestFinished } from 'vitest';
import { loadLibc } from '../../src/native/libc.ts';
import { isSamePeer, KernelUdp, socketAddress } from '../../src/native/udp.ts';
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

  it.each([
    ['10.0.0.1', 1, '10.0.0.1', 1, true],
    ['10.0.0.1', 1, '10.0.0.1', 2, false],
    ['10.0.0.1', 1, '10.0.0.2', 1, false],
    ['fe80::1%3', 1, 'fe80::1%4', 1, true],
    ['fe80::1', 1, 'fe80::2', 1, false],
    ['10.0.0.1', 1, '::1', 1, false],
  ] as const)('%s %i and %s %i: the same peer is %s', (one, port, other, otherPort, same) => {
    expect(isSamePeer(socketAddress(one, port), socketAddress(other, otherPort))).toBe(same);
  });
});

if ('libc' in native) {
  const { libc } = native;
  describe('a socket without an event loop', () => {
    const open = (address: string): KernelUdp => {
      const socket = new KernelUdp(libc, address, 0);
      onTestFinished(() => {
        socket.close();
      });
      return socket;
    };

    it.each(['127.0.0.1', '::1'])(
      'sends from %s, one by one and cut by the kernel, and hears who answers',
      async (address) => {
        const client = await RawClient.open(address);
        onTestFinished(() => {
          client.close();
        });
        const socket = open(address);
        const to = socketAddress(address, client.socket.address().port);
        const bytes = Buffer.from('aaaabbbbccccdd');
        socket.sendAll(bytes, 4, to);
        socket.sendAll(bytes.subarray(0, 8), 8, to);
        socket.send(Buffer.from('e'), to);
        const heard: string[] = [];
        let from;
        for (let i = 0; i < 6; i += 1) {
          const arrived = await client.expect();
          heard.push(arrived.bytes.toString());
          ({ from } = arrived);
        }
        expect(heard).toEqual(['aaaa', 'bbbb', 'cccc', 'dd', 'aaaabbbb', 'e']);

        const into = Buffer.alloc(16);
        expect(socket.receive(into)).toBe(-1);
        client.send(Buffer.from('answer'), from?.port ?? 0, address);
        let length = -1;
        while (length < 0) {
          await new Promise((resolve) => setImmediate(resolve));
          length = socket.receive(into);
        }
        expect(into.toString('latin1', 0, length)).toBe('answer');
        expect(isSamePeer(socket.from, to)).toBe(true);
      },
    );

    it('sends a window that is more than the kernel cuts at once', async () => {
      const client = await RawClient.open('127.0.0.1');
      onTestFinished(() => {
        client.close();
      });
      const bytes = Buffer.from(Array.from({ length: 500 }, (_, i) => i % 251));
      open('127.0.0.1').sendAll(bytes, 5, socketAddress('127.0.0.1', client.socket.address().port));
      const heard: Buffer[] = [];
      while (heard.length < 100) heard.push((await client.expect()).bytes);
      expect(Buffer.concat(heard).equals(bytes)).toBe(true);
    });

    it('does not open at an address that this host does not have', () => {
      expect(() => new KernelUdp(libc, '192.0.2.1', 0)).toThrow('bind failed');
    });
  });
}
