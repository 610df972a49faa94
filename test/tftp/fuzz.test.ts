import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, it } from 'vitest';
import { encodeError, encodeOack } from '../../src/tftp/packet.ts';
import { encodeAck, encodeData, encodeRequest } from '../support/tftp-packets.ts';
import { RawClient, fetchTftp, pairs, say } from '../support/tftp-client.ts';
import { bytesSource } from '../support/tftp-files.ts';
import { content, serveTftp, until, type Served } from '../support/tftp-server.ts';
import { chance, mutant } from '../support/udp-fuzz.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Of this thread, which holds other tests, too: without what they left behind. */
function heldBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

const FILE = content(110_000);
const BLOCKS = 215;
const BATCH = 100;
const request = (name: string, options = ''): Buffer =>
  encodeRequest('rrq', { name, mode: 'octet', options: pairs(options) });
const REQUESTS = [
  request('file', 'blksize=1432 tsize=0'),
  request('file', 'windowsize=16 timeout=2 blksize=8'),
  request('../../etc/passwd'),
  encodeRequest('wrq', { name: 'file', mode: 'netascii', options: [] }),
];
const OTHERS = [
  encodeAck(1),
  encodeData(1, content(512)),
  encodeError(8, 'no'),
  encodeOack([{ name: 'tsize', value: '9' }]),
];

const cleanup: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step();
});

async function started(): Promise<Served> {
  const served = await serveTftp(bytesSource({ file: FILE }));
  cleanup.push(async () => served.stop());
  return served;
}

async function client(address?: string): Promise<RawClient> {
  const opened = await RawClient.open(address);
  cleanup.push(() => {
    opened.close();
  });
  return opened;
}

/** Sends so many packets, never more at once than the server's socket holds; `probe` says that they were read. */
async function pelt(count: number, send: (i: number) => void, probe: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < count; i += BATCH) {
    for (let j = i; j < Math.min(count, i + BATCH); j += 1) send(j);
    await probe();
  }
}

it('20,000 random and mutated packets to the request port: ERROR or a first packet to requests, silence to the rest', async () => {
  const { listening, port, log } = await started();
  const random = chance(20261121);
  const asking = await client('127.0.0.2');
  const silent = await client('127.0.0.3');
  const prober = await client();
  let asked = 0;
  let before = 0;
  const probe = async (): Promise<void> => {
    prober.request(port, 'nothing-here');
    expect(say(await prober.expect())).toBe('error 1');
  };
  await pelt(
    20_000,
    (i) => {
      const packet = mutant(random, [...REQUESTS, ...OTHERS]);
      const opcode = packet.length < 2 ? undefined : packet.readUInt16BE(0);
      const asks = opcode === 1 || opcode === 2;
      if (asks) asked += 1;
      (asks ? asking : silent).send(packet, port);
      if (i === 10_000) before = heldBytes();
    },
    probe,
  );
  const grown = heldBytes() - before;
  expect(asked).toBeGreaterThan(3_000);
  expect(silent.all).toEqual([]);
  const kinds = new Set(asking.all.map(({ packet }) => packet.kind));
  expect([...kinds].sort()).toEqual(['data', 'error', 'oack']);
  // A request from the same port replaces the one before: four packets for each of them at most.
  expect(asking.all.length).toBeLessThanOrEqual(asked * 4);
  expect(asking.all.filter(({ packet }) => packet.kind === 'error' && packet.text.includes('/'))).toEqual([]);
  expect(listening.transfers()).toBeLessThanOrEqual(16);
  expect(log.lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
  expect(grown).toBeLessThan(64 * 2 ** 20);
  expect((await fetchTftp(port, 'file', { options: 'blksize=1432' })).bytes.equals(FILE)).toBe(true);
});

it('20,000 packets to a transfer port, of the client and of a stranger: the transfer goes on', async () => {
  const { listening, port, log } = await started();
  const random = chance(69);
  const victim = await client();
  const stranger = await client('127.0.0.2');
  victim.request(port, 'file');
  const first = await victim.expect();
  expect(say(first)).toBe('data 1 (512)');
  const transfer = first.from.port;
  let block = 1;
  /** One more block shows that everything before it was read. Meanwhile the clock may have repeated the last one. */
  const another = async (): Promise<void> => {
    victim.send(encodeAck(block), transfer);
    block += 1;
    while (!say(await victim.expect()).startsWith(`data ${block} `));
  };
  await pelt(
    20_000,
    (i) => {
      const packet = mutant(random, [...OTHERS, ...REQUESTS]);
      if (i % 2 === 0) stranger.send(packet, transfer);
      // The client's own ACKs and ERRORs mean what they say.
      else if (packet[1] !== 4 && packet[1] !== 5) victim.send(packet, transfer);
    },
    another,
  );
  expect(new Set(victim.all.map(({ packet }) => packet.kind))).toEqual(new Set(['data']));
  expect(new Set(stranger.all.map(say))).toEqual(new Set(['error 5']));
  while (block < BLOCKS) await another();
  victim.send(encodeAck(block), transfer);
  await until(() => listening.transfers() === 0);
  expect(log.lines.at(-1)).toMatchObject({ message: 'tftp: sent' });
});
