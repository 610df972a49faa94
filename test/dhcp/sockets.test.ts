import { describe, expect, it, onTestFinished } from 'vitest';
import { AnswerSockets } from '../../src/dhcp/packet-transport.ts';
import { createInbox } from '../../src/dhcp/sockets.ts';
import { RawClient } from '../support/tftp-client.ts';

/** A client, and sockets that answer to it from a port that is free. */
async function setup(): Promise<{ client: RawClient; port: number; answers: AnswerSockets }> {
  const client = await RawClient.open();
  const probe = await RawClient.open('127.0.0.6');
  const { port } = probe.socket.address();
  probe.close();
  const answers = new AnswerSockets(port, { address: '127.0.0.1', port: client.socket.address().port });
  onTestFinished(async () => {
    await answers.closeAll();
    client.close();
  });
  return { client, port, answers };
}

describe('answer sockets', () => {
  it('send from the address and port that they are told', async () => {
    const { client, port, answers } = await setup();
    for (const [address, text] of [
      ['127.0.0.6', 'one'],
      ['127.0.0.6', 'two'],
      ['127.0.0.7', 'three'],
    ] as const) {
      await answers.send(address, Buffer.from(text));
      const { bytes, from } = await client.expect();
      expect([bytes.toString(), from.address, from.port]).toEqual([text, address, port]);
    }
  });

  it('take nothing away from another server at the same port', async () => {
    const { client, port, answers } = await setup();
    const beside = await RawClient.open('0.0.0.0', port, true);
    onTestFinished(() => {
      beside.close();
    });
    await answers.send('127.0.0.6', Buffer.from('answer'));
    await client.expect();
    const renewing = await RawClient.open('127.0.0.8');
    onTestFinished(() => {
      renewing.close();
    });
    renewing.send(Buffer.from('renew'), port, '127.0.0.6');
    expect((await beside.expect()).bytes.toString()).toBe('renew');
  });

  it('try again after a failure, and with an address that came back', async () => {
    const { client, answers } = await setup();
    await expect(answers.send('192.0.2.1', Buffer.from('x'))).rejects.toThrow('EADDRNOTAVAIL');
    await expect(answers.send('192.0.2.1', Buffer.from('x'))).rejects.toThrow('EADDRNOTAVAIL');
    await answers.send('127.0.0.6', Buffer.from('a'));
    await answers.close('127.0.0.6');
    await answers.send('127.0.0.6', Buffer.from('b'));
    expect([await client.expect(), await client.expect()].map(({ bytes }) => bytes.toString())).toEqual(['a', 'b']);
  });
});

const turn = async (): Promise<void> => {
  await new Promise((resolve) => setImmediate(resolve));
};

describe('an inbox', () => {
  it('handles a few packets a turn, in order, and none at once', async () => {
    const handled: number[] = [];
    const inbox = createInbox<number>((n) => handled.push(n), { perTurn: 2 });
    for (const n of [1, 2, 3, 4, 5]) inbox.put(n);
    expect(handled).toEqual([]);
    await turn();
    expect(handled).toEqual([1, 2]);
    await turn();
    await turn();
    expect(handled).toEqual([1, 2, 3, 4, 5]);
    inbox.put(6);
    await turn();
    expect(handled.at(-1)).toBe(6);
  });

  it('says when it is full, and has room again when something was handled', async () => {
    const handled: number[] = [];
    const inbox = createInbox<number>((n) => handled.push(n), { room: 2, perTurn: 1 });
    expect([inbox.put(1), inbox.put(2), inbox.put(3)]).toEqual([true, true, false]);
    await turn();
    expect([inbox.put(4), inbox.put(5)]).toEqual([true, false]);
    await turn();
    await turn();
    expect(handled).toEqual([1, 2, 4]);
  });

  it('forgets what waits when it is closed', async () => {
    const handled: number[] = [];
    const inbox = createInbox<number>((n) => handled.push(n));
    inbox.put(1);
    inbox.close();
    await turn();
    expect(handled).toEqual([]);
  });
});
