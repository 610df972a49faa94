import { describe, expect, it } from 'vitest';
import { sendFrom } from '../../src/dhcp/answer-socket.ts';
import { RawClient } from '../support/tftp-client.ts';

describe('sendFrom', () => {
  it('sends from the address and port that it is told, and frees them', async () => {
    const client = await RawClient.open();
    const probe = await RawClient.open('127.0.0.6');
    const { port } = probe.socket.address();
    probe.close();
    const to = { address: '127.0.0.1', port: client.socket.address().port };
    for (const text of ['one', 'two']) {
      await sendFrom('127.0.0.6', port, Buffer.from(text), to);
      const { bytes, from } = await client.expect();
      expect([bytes.toString(), from.address, from.port]).toEqual([text, '127.0.0.6', port]);
    }
    client.close();
  });

  it('rejects when the address is not ours', async () => {
    const to = { address: '127.0.0.1', port: 9 };
    await expect(sendFrom('192.0.2.1', 0, Buffer.from('x'), to)).rejects.toThrow('EADDRNOTAVAIL');
  });
});
