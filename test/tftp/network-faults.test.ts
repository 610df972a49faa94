import { afterEach, describe, expect, it } from 'vitest';
import { bytesSource } from '../support/tftp-files.ts';
import { fetchTftp, RawClient } from '../support/tftp-client.ts';
import { content, serveTftp, until, type Served } from '../support/tftp-server.ts';
import { chance } from '../support/udp-fuzz.ts';
import { udpRelay, type Relay, type RelayFaults } from '../support/udp-relay.ts';

const FILE = content(128 * 1024);
let served: Served | undefined;
let relay: Relay | undefined;

afterEach(async () => {
  relay?.close();
  relay = undefined;
  await served?.stop();
});

async function through(faults: Omit<RelayFaults, 'random'>): Promise<number> {
  served = await serveTftp(bytesSource({ file: FILE }));
  relay = await udpRelay(served.port, { random: chance(7), ...faults });
  return relay.port;
}

// The raw client repeats nothing but its request: everything else that is lost is brought back by the server.
describe('a transfer through a bad network', () => {
  it('comes through 5 % loss each way, all of ten', async () => {
    const port = await through({ loss: 0.05 });
    const runs = Array.from({ length: 10 }, async () =>
      fetchTftp(port, 'file', { options: 'blksize=1432 windowsize=16', askAgainMs: 400 }),
    );
    expect((await Promise.all(runs)).every((got) => got.bytes.equals(FILE))).toBe(true);
    expect(relay?.dropped()).toBeGreaterThan(20);
  });

  it('comes through reordering, duplicates and delay', async () => {
    const port = await through({ delay: [1, 6], duplicate: 0.1 });
    for (const options of ['blksize=1432', 'blksize=1432 windowsize=8']) {
      expect((await fetchTftp(port, 'file', { options })).bytes.equals(FILE)).toBe(true);
    }
  });

  it('gains by a window what the round trip costs', async () => {
    const port = await through({ delay: [2.5, 2.5] });
    const lockStep = await fetchTftp(port, 'file', { options: 'blksize=1432' });
    const windows = await fetchTftp(port, 'file', { options: 'blksize=1432 windowsize=16' });
    expect(windows.acks).toBeLessThan(lockStep.acks / 4);
  });
});

describe('clients that vanish', () => {
  it('leave no socket, no timer and no slot behind', async () => {
    served = await serveTftp(bytesSource({ file: FILE }), { perAddress: 128 });
    const { listening, port } = served;
    const clients = await Promise.all(Array.from({ length: 100 }, async () => RawClient.open()));
    for (const client of clients) client.request(port, 'file');
    await until(() => clients.every((client) => client.all.length > 0));
    expect(listening.transfers()).toBe(100);
    for (const client of clients) client.close();
    await until(() => listening.transfers() === 0);
    expect(process.getActiveResourcesInfo().filter((name) => name === 'UDPWrap').length).toBeLessThan(20);
  });
});
