import { describe, expect, it } from 'vitest';
import { Failure, failureLine } from '../../src/model/failure.ts';
import { bindUdp, closeUdp, createOnce } from '../../src/net/udp-socket.ts';
import { RawClient } from '../support/tftp-client.ts';

describe('once', () => {
  it('is true for a new key, and forgets the oldest', () => {
    const first = createOnce(2);
    expect(['a', 'a', 'b', 'c', 'c', 'a'].map(first)).toEqual([true, false, true, true, false, true]);
  });
});

const onError = (): void => undefined;
const refusal = async (address: string, port: number): Promise<unknown> =>
  bindUdp(address, port, { onError }).catch((cause: unknown) => cause);

describe('bindUdp', () => {
  it('sends in the same turn: what is closed right afterwards has left', async () => {
    const client = await RawClient.open();
    const socket = await bindUdp('127.0.0.5', 0, { onError });
    socket.send('hello', client.socket.address().port, '127.0.0.1');
    await closeUdp(socket);
    const { bytes, from } = await client.expect();
    expect([bytes.toString(), from.address]).toEqual(['hello', '127.0.0.5']);
    client.close();
  });

  it('says which port is taken, and what to do', async () => {
    const first = await bindUdp('127.0.0.1', 0, { onError });
    const { port } = first.address();
    const failure = await refusal('127.0.0.1', port);
    expect(failure).toMatchObject({ code: 'conflict' });
    expect(failure instanceof Failure && failureLine(failure)).toBe(
      `UDP port ${port} of 127.0.0.1 is taken by another program (see which: ss -ulnp 'sport = :${port}')`,
    );
    await closeUdp(first);
  });

  it('shares a port where that is wished', async () => {
    const first = await bindUdp('127.0.0.1', 0, { shared: true, onError });
    const second = await bindUdp('127.0.0.1', first.address().port, { shared: true, onError });
    await Promise.all([closeUdp(first), closeUdp(second)]);
  });

  it('says that an address is not ours', async () => {
    expect(await refusal('192.0.2.1', 0)).toMatchObject({
      code: 'unavailable',
      message: 'UDP port 0 of 192.0.2.1 cannot be opened (EADDRNOTAVAIL)',
    });
  });
});
