import { describe, expect, it } from 'vitest';
import { encodeError } from '../../src/tftp/packet.ts';
import { encodeAck } from '../support/tftp-packets.ts';
import { fetchTftp, type RawClient, say } from '../support/tftp-client.ts';
import { tftpTests, until } from '../support/tftp-server.ts';

const SIZES = [513, 1469, 200_000];
const { serve, client } = tftpTests(SIZES);

describe('limits', () => {
  /** It has come; what the clock sent again on a busy machine may lie before it. */
  async function got(raw: RawClient, packet: string): Promise<void> {
    await until(() => raw.all.some((arrived) => say(arrived) === packet));
  }

  /** A client whose transfer has begun and that has acknowledged its first block. */
  async function proven(port: number, address: string): Promise<{ raw: RawClient; tid: number }> {
    const raw = await client(address);
    raw.request(port, 'f1469');
    const { from } = await raw.expect();
    raw.send(encodeAck(1), from.port);
    await got(raw, 'data 2 (512)');
    return { raw, tid: from.port };
  }

  it('serves 16 transfers of one address and drops the rest silently, until one ends', async () => {
    const { port, listening, log } = await serve();
    const raws = await Promise.all(Array.from({ length: 16 }, async () => proven(port, '127.0.0.1')));
    const late = await client();
    for (let n = 0; n < 3; n += 1) late.request(port, 'f513');
    expect(await late.next(100)).toBeUndefined();
    expect(listening.transfers()).toBe(16);
    const full = log.lines.filter(({ message }) => message.includes('one address has as many transfers as it may'));
    expect(full).toMatchObject([{ level: 'info', fields: { client: '127.0.0.1' } }]);
    const [first] = raws;
    first?.raw.send(encodeError(0, 'enough'), first.tid);
    await until(() => listening.transfers() === 15);
    late.request(port, 'f513');
    expect(say(await late.expect())).toBe('data 1 (512)');
  });

  it('a flood of requests that are never acknowledged holds up no machine, and no running transfer', async () => {
    const { port, listening, log } = await serve(undefined, { total: 20 });
    const running = await Promise.all([proven(port, '127.0.1.1'), proven(port, '127.0.1.2')]);
    const flood = await Promise.all(Array.from({ length: 100 }, async (_, n) => client(`127.0.0.${20 + (n % 50)}`)));
    for (const raw of flood) raw.request(port, 'f513');
    await until(() => flood.filter((raw) => raw.all.length > 0).length >= 18);
    expect(listening.transfers()).toBeLessThanOrEqual(20);
    expect((await fetchTftp(port, 'f200000', { from: '127.0.1.3', askAgainMs: 200 })).bytes.length).toBe(200_000);
    for (const { raw, tid } of running) {
      raw.send(encodeAck(2), tid);
      await got(raw, 'data 3 (445)');
    }
    const told = log.lines.filter(({ level }) => level === 'warn');
    expect(told).toMatchObject([{ message: expect.stringContaining('all slots were in use') as string }]);
  });

  it('a flood from one address holds up no machine behind the same address', async () => {
    const { port } = await serve();
    const flood = await Promise.all(Array.from({ length: 50 }, async () => client()));
    for (const raw of flood) raw.request(port, 'f513');
    expect((await fetchTftp(port, 'f200000', { askAgainMs: 200 })).bytes.length).toBe(200_000);
  });

  it('serves so many in all, whoever asks', async () => {
    const { port, listening } = await serve(undefined, { total: 20 });
    const all = await Promise.all(Array.from({ length: 20 }, async (_, i) => proven(port, `127.0.0.${20 + (i % 10)}`)));
    const late = await client('127.0.0.99');
    late.request(port, 'f513');
    expect(await late.next(100)).toBeUndefined();
    expect([all.length, listening.transfers()]).toEqual([20, 20]);
  });
});
