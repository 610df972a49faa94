import { rename, truncate, writeFile } from 'node:fs/promises';
import type { TftpSettings } from '../../src/tftp/server.ts';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadLibc } from '../../src/native/libc.ts';
import type { TransferEvent } from '../../src/tftp/transfer-event.ts';
import { fetchTftp, say } from '../support/tftp-client.ts';
import { encodeAck } from '../support/tftp-packets.ts';
import { folderSource } from '../support/tftp-files.ts';
import { content, keepingLog, type Served, startedThread, tftpTests, until } from '../support/tftp-server.ts';

// The same server, its files sent from the thread that calls libc. All tests of TFTP in this way: PILOTLIGHT_TEST_NATIVE=on.
const native = await loadLibc();
const SIZES = [0, 1, 1467, 1468, 1469, 65_536, 1_000_000];
const { folder, serve: serveFolder, client } = tftpTests(SIZES);

interface Setup extends Served {
  readonly source: ReturnType<typeof folderSource>;
  readonly told: TransferEvent[];
}

async function serve(settings: Partial<TftpSettings> = {}): Promise<Setup> {
  const source = folderSource(folder);
  const told: TransferEvent[] = [];
  const thread = await startedThread(keepingLog());
  if (thread === undefined) throw new Error('libc cannot be called here');
  const served = await serveFolder(source, settings, { thread, onEnd: (event) => told.push(event) });
  return { ...served, source, told };
}

describe.skipIf('why' in native)('TFTP by the thread that calls libc', () => {
  it.each(['', 'blksize=1468 tsize=0', 'blksize=1468 windowsize=4', 'blksize=1024 windowsize=16', 'blksize=65464'])(
    'brings every size whole with "%s", and closes its files',
    async (options) => {
      const { port, source, told } = await serve({ maxBlksize: 65_464, maxWindowsize: 64 });
      for (const size of SIZES) {
        const got = await fetchTftp(port, `f${size}`, { options });
        expect(got.bytes.equals(content(size))).toBe(true);
      }
      await until(() => told.length === SIZES.length && source.openFiles() === 0);
      expect(told.every(({ end }) => end === 'done')).toBe(true);
    },
  );

  it('cuts large windows itself where the kernel takes no more at once', async () => {
    const { port } = await serve({ maxWindowsize: 64 });
    const got = await fetchTftp(port, 'f1000000', { options: 'blksize=1468 windowsize=64' });
    expect(got.bytes.equals(content(1_000_000))).toBe(true);
    const small = await fetchTftp(port, 'f65536', { options: 'blksize=8 windowsize=64' });
    expect(small.bytes.equals(content(65_536))).toBe(true);
  });

  it('says an ERROR in one piece after windows of small blocks', async () => {
    const { port, listening } = await serve();
    const raw = await client();
    raw.request(port, 'f1000000', 'blksize=8 windowsize=4');
    const { from } = await raw.expect();
    raw.send(encodeAck(0), from.port);
    for (const block of [1, 2, 3, 4]) expect(say(await raw.expect())).toBe(`data ${block} (8)`);
    await listening.stop(AbortSignal.abort());
    let last = say(await raw.expect());
    while (/^data/.test(last)) last = say(await raw.expect());
    expect(last).toBe('error 0');
  });

  it('turns line ends into CR LF for netascii', async () => {
    await writeFile(join(folder, 'text'), 'a\nb\rc\n'.repeat(30_000));
    const { port } = await serve();
    const got = await fetchTftp(port, 'text', { mode: 'netascii', options: 'blksize=1024 windowsize=8' });
    expect(got.bytes.toString()).toBe('a\r\nb\r\0c\r\n'.repeat(30_000));
  });

  it('serves many clients at once', async () => {
    const { port, told } = await serve({ perAddress: 64 });
    const options = 'blksize=1468 windowsize=4';
    const all = await Promise.all(Array.from({ length: 20 }, async () => fetchTftp(port, 'f65536', { options })));
    expect(all.every(({ bytes }) => bytes.equals(content(65_536)))).toBe(true);
    await until(() => told.length === 20);
  });

  it('sends again what was not acknowledged', async () => {
    const { port } = await serve();
    const raw = await client();
    raw.request(port, 'f1');
    for (let i = 0; i < 3; i += 1) expect(say(await raw.expect())).toBe('data 1 (1)');
  });

  it('answers a stranger at the port of a transfer with an ERROR, and goes on', async () => {
    const { port } = await serve();
    const [raw, stranger] = [await client(), await client('127.0.0.9')];
    raw.request(port, 'f1468', 'blksize=1024');
    const { from } = await raw.expect();
    expect(from.port).not.toBe(port);
    stranger.send(encodeAck(0), from.port);
    expect(say(await stranger.expect())).toBe('error 5');
    raw.send(encodeAck(0), from.port);
    expect(say(await raw.expect())).toBe('data 1 (1024)');
  });

  it('gives the file that was there at the request when another one takes its name', async () => {
    await writeFile(join(folder, 'replaced'), content(100_000));
    const { port } = await serve();
    const raw = await client();
    raw.request(port, 'replaced', 'blksize=1024');
    const { from } = await raw.expect();
    await writeFile(join(folder, 'new'), Buffer.alloc(100_000, 7));
    await rename(join(folder, 'new'), join(folder, 'replaced'));
    for (let block = 0; block < 97; block += 1) {
      raw.send(encodeAck(block), from.port);
      const { bytes } = await raw.expect();
      expect(bytes.subarray(4).equals(content(100_000).subarray(block * 1024, block * 1024 + 1024))).toBe(true);
    }
  });

  it.each(['shorter', 'other'])('ends the transfer of a file that became %s under it', async (how) => {
    await writeFile(join(folder, how), content(1_000_000));
    const { port, told, source } = await serve();
    const raw = await client();
    raw.request(port, how, 'blksize=1024');
    const { from } = await raw.expect();
    if (how === 'shorter') await truncate(join(folder, how), 200_000);
    else await writeFile(join(folder, how), Buffer.alloc(1_000_000, 7));
    let block = 0;
    for (; block < 2000; block += 1) {
      raw.send(encodeAck(block), from.port);
      const arrived = await raw.expect();
      if (say(arrived) === 'error 0') break;
      const { bytes } = arrived;
      // What was read before the change may still arrive, and nothing of what came after.
      expect(bytes.subarray(4).equals(content(1_000_000).subarray(block * 1024, block * 1024 + 1024))).toBe(true);
    }
    expect(block).toBeLessThan(200);
    await until(() => told.length === 1 && source.openFiles() === 0);
    expect(told[0]?.end).toBe('changed');
  });

  it('cuts what runs when the server stops, with an ERROR', async () => {
    const { port, listening, source, told } = await serve();
    const raw = await client();
    raw.request(port, 'f1000000');
    await raw.expect();
    await listening.stop(AbortSignal.abort());
    let last = say(await raw.expect());
    while (last !== 'error 0') last = say(await raw.expect());
    await until(() => source.openFiles() === 0);
    expect(told.map(({ end }) => end)).toEqual(['stopped']);
  });

  it('lets a transfer give its slot to a client that is there', async () => {
    const { port, told } = await serve({ total: 1, perAddress: 1 });
    const [silent, raw] = [await client(), await client('127.0.0.9')];
    silent.request(port, 'f1000000');
    await silent.expect();
    raw.request(port, 'f1');
    expect(say(await raw.expect())).toBe('data 1 (1)');
    expect(told.map(({ end }) => end)).toEqual(['displaced']);
  });

  it('carries over dgram what is no file of the system, and all of it in single-port mode', async () => {
    const { port } = await serve({ singlePort: true });
    const raw = await client();
    raw.request(port, 'f1');
    expect((await raw.expect()).from.port).toBe(port);
  });
});
