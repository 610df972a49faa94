import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import type { LocalAddress } from '../../src/net/addresses.ts';
import { encodeAck } from '../support/tftp-packets.ts';
import { needs } from '../support/needs.ts';
import { bytesSource } from '../support/tftp-files.ts';
import { fetchTftp, RawClient, say } from '../support/tftp-client.ts';
import { content, serveTftp, until, type Served } from '../support/tftp-server.ts';

const FILE = content(300_000);
const hasIpv6 = (networkInterfaces()['lo'] ?? []).some((entry) => entry.address === '::1');
const local = (...addresses: string[]): LocalAddress[] =>
  addresses.map((address) => ({ interfaceName: 'lo', address, family: 4, internal: true, netmask: '255.0.0.0' }));

let served: Served | undefined;
const clients: RawClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await served?.stop();
});

async function client(): Promise<RawClient> {
  const raw = await RawClient.open();
  clients.push(raw);
  return raw;
}

const portOf = (address: string): number =>
  served?.listening.listening().find((entry) => entry.address === address)?.port ?? 0;

describe('addresses', () => {
  it('answers from the address that was asked, on a host with several', async () => {
    served = await serveTftp(
      bytesSource({ file: FILE }),
      { host: '0.0.0.0' },
      { addresses: () => local('127.0.0.1', '127.0.0.50') },
    );
    for (const address of ['127.0.0.1', '127.0.0.50']) {
      const got = await fetchTftp(portOf(address), 'file', { address, options: 'blksize=1468' });
      expect([got.bytes.equals(FILE), got.from?.address]).toEqual([true, address]);
    }
  });

  it('follows the addresses of the host', async () => {
    const now = { addresses: local('127.0.0.1') };
    served = await serveTftp(
      bytesSource({ file: FILE }),
      { host: '0.0.0.0' },
      { addresses: () => now.addresses, rescanMs: 10 },
    );
    const { listening } = served;
    now.addresses = local('127.0.0.7');
    await until(() => listening.listening().length === 1 && listening.listening()[0]?.address === '127.0.0.7');
    expect((await fetchTftp(portOf('127.0.0.7'), 'file', { address: '127.0.0.7' })).bytes.equals(FILE)).toBe(true);
  });

  it('waits for an address that the kernel does not give out yet, and warns of it once where it stays so', async () => {
    // Of no interface here, as an IPv6 address that is tentative is of none.
    const now = { addresses: local('127.0.0.1', '192.0.2.7'), looks: 0 };
    const addresses = (): LocalAddress[] => {
      now.looks += 1;
      return now.addresses;
    };
    served = await serveTftp(bytesSource({ file: FILE }), { host: '0.0.0.0' }, { addresses, rescanMs: 10 });
    const { lines } = served.log;
    expect(lines.filter(({ level }) => level === 'warn')).toEqual([]);
    await until(() => now.looks > 4);
    expect(lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
      'tftp: one address is not listened at',
    ]);
    // The next address that is late is news.
    now.addresses = local('127.0.0.1', '192.0.2.8');
    await until(() => lines.filter(({ level }) => level === 'warn').length === 2);
  });

  it('stops the start when there is nothing to listen at, or the port is taken', async () => {
    const source = bytesSource({});
    await expect(serveTftp(source, { host: '0.0.0.0' }, { addresses: () => [] })).rejects.toThrow(
      'no address to listen at',
    );
    served = await serveTftp(source);
    await expect(serveTftp(source, { port: served.port })).rejects.toMatchObject({ code: 'conflict' });
  });

  needs({ missing: hasIpv6 ? [] : ['no IPv6 on lo'] }).test(
    'serves IPv6 with blocks that fit beside its longer header',
    async () => {
      served = await serveTftp(bytesSource({ file: FILE, empty: Buffer.alloc(0) }), { host: '::1' });
      const got = await fetchTftp(served.port, 'file', { address: '::1', options: 'blksize=1468 tsize=0' });
      expect([got.bytes.equals(FILE), got.oack]).toEqual([true, 'blksize=1448 tsize=300000']);
      expect((await fetchTftp(served.port, 'empty', { address: '::1' })).bytes.length).toBe(0);
    },
  );
});

describe('single-port mode', () => {
  it('answers everything from the request port, several clients at once', async () => {
    served = await serveTftp(bytesSource({ file: FILE }), { singlePort: true });
    const { port } = served;
    const all = await Promise.all(
      [1, 2, 3].map(async () => fetchTftp(port, 'file', { options: 'blksize=1468 windowsize=4' })),
    );
    expect(all.map((got) => [got.bytes.equals(FILE), got.from?.port])).toEqual(Array(3).fill([true, port]));
  });

  it('says nothing to packets of nobody, and keeps to the rules of the other mode', async () => {
    served = await serveTftp(bytesSource({ file: FILE }), { singlePort: true });
    const raw = await client();
    raw.send(encodeAck(1), served.port);
    raw.send(Buffer.from([0, 2]), served.port);
    expect(say(await raw.expect())).toBe('error 2');
    raw.request(served.port, 'missing');
    expect(say(await raw.expect())).toBe('error 1');
    expect(raw.all).toHaveLength(2);
  });
});

describe('stopping', () => {
  it('lets transfers end, takes no new ones, and tells those that are cut', async () => {
    served = await serveTftp(bytesSource({ file: FILE }));
    const { listening, port } = served;
    const [patient, slow, late] = [await client(), await client(), await client()];
    for (const raw of [patient, slow]) raw.request(port, 'file', 'blksize=1468 windowsize=16');
    const [first, second] = [await patient.expect(), await slow.expect()];
    const cut = new AbortController();
    const stopped = listening.stop(cut.signal);
    late.request(port, 'file');
    patient.send(encodeAck(0), first.from.port);
    expect(say(await patient.expect())).toBe('data 1 (1468)');
    expect(late.all).toEqual([]);
    cut.abort();
    await stopped;
    let last = await slow.expect();
    while (last.packet.kind !== 'error') last = await slow.expect();
    expect([last.packet.text, last.from.port]).toEqual(['The server is stopping', second.from.port]);
    expect([listening.transfers(), listening.listening()]).toEqual([0, []]);
  });

  it('is safe twice, and after no start', async () => {
    served = await serveTftp(bytesSource({}));
    await served.stop();
    await served.stop();
  });
});
