import { expect, onTestFinished } from 'vitest';
import { bindUdp, createUdpDrops } from '../../src/net/udp-socket.ts';
import { needs } from '../support/needs.ts';

needs({ files: ['/proc/self/net/udp'] }).test(
  'counts what a full buffer loses, of its own sockets at these ports',
  async () => {
    const full = await bindUdp('127.0.0.1', 0, { receiveBuffer: 4_096, onError: () => undefined });
    const other = await bindUdp('127.0.0.1', 0, { receiveBuffer: 4_096, onError: () => undefined });
    const sender = await bindUdp('127.0.0.1', 0, { onError: () => undefined });
    onTestFinished(() => {
      for (const socket of [full, other, sender]) socket.close();
    });
    const drops = createUdpDrops([full.address().port]);
    await drops.follow();
    expect(await drops.read()).toBe(0);
    let heard = 0;
    full.on('message', () => (heard += 1));
    // All in one turn of the event loop: nothing is read in between.
    for (const { port } of [full.address(), other.address()]) {
      for (let i = 0; i < 200; i += 1) sender.send(Buffer.alloc(300), port, '127.0.0.1');
    }
    let dropped = 0;
    while (heard + dropped < 200) dropped = await drops.read();
    expect([heard > 0, dropped > 0, heard + dropped]).toEqual([true, true, 200]);
  },
);
