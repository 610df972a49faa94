import { rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeAck } from '../support/tftp-packets.ts';
import type { TransferEvent } from '../../src/tftp/transfer-event.ts';
import { fetchTftp } from '../support/tftp-client.ts';
import { bytesSource, folderSource } from '../support/tftp-files.ts';
import { content, tftpTests, until } from '../support/tftp-server.ts';

const SIZES = [0, 1, 511, 512, 513, 1467, 1468, 1469, 65_536, 200_000];
const { folder, serve, client } = tftpTests(SIZES);

describe('a transfer', () => {
  it.each([
    ['', undefined],
    ['blksize=1468 tsize=0', 'blksize=1468 tsize=SIZE'],
    ['tsize=0 blksize=1468 windowsize=4', 'tsize=SIZE blksize=1468 windowsize=4'],
    ['BlkSize=8', 'BlkSize=8'],
  ])('brings every size whole with "%s"', async (options, oack) => {
    const { port } = await serve();
    const small = options.includes('=8');
    for (const size of small ? SIZES.slice(0, 5) : SIZES) {
      const got = await fetchTftp(port, `f${size}`, { options });
      expect(got.bytes.equals(content(size))).toBe(true);
      expect(got.oack).toBe(oack?.replace('SIZE', String(size)));
      expect(got.datas).toBeGreaterThanOrEqual(Math.floor(size / (small ? 8 : options === '' ? 512 : 1468)) + 1);
    }
  });

  it('is told of when it ends, and so is a file that is not there', async () => {
    const told: TransferEvent[] = [];
    const { port } = await serve(folderSource(folder), {}, { onEnd: (event) => told.push(event) });
    await fetchTftp(port, 'f1467', { options: 'blksize=1468' });
    // The client has its last block before the server has its acknowledgement.
    await until(() => told.length === 1);
    await expect(fetchTftp(port, 'none')).rejects.toThrow();
    await until(() => told.length === 2);
    expect(told).toMatchObject([
      { client: '127.0.0.1', file: 'f1467', size: 1467, end: 'done' },
      { client: '127.0.0.1', file: 'none', size: 0, ms: 0, end: 'not found' },
    ]);
  });

  // Small blocks in large windows: 65,536 packets in a thousand turns, also for a machine that has no time. The limit is
  // for a transfer that never ends; that nothing is sent over and over is seen by the count.
  it.each([65_535, 65_536])('goes on after block 65535 (%i full blocks)', { timeout: 120_000 }, async (blocks) => {
    const bytes = content(blocks * 8);
    const { port } = await serve(bytesSource({ big: bytes }), { maxWindowsize: 64 });
    const got = await fetchTftp(port, 'big', { options: 'blksize=8 windowsize=64', silenceMs: 60_000 });
    expect(got.bytes.equals(bytes)).toBe(true);
    expect(got.oack).toBe('blksize=8 windowsize=64');
    expect(got.datas).toBeLessThan(blocks * 2);
  });

  it('turns line ends into CR LF for netascii, and does not promise a size', async () => {
    const { port } = await serve(bytesSource({ text: Buffer.from('a\nb\rc\n'.repeat(300)) }));
    const got = await fetchTftp(port, 'text', { mode: 'NetAscii', options: 'tsize=0 blksize=1024' });
    expect(got.bytes.toString()).toBe('a\r\nb\r\0c\r\n'.repeat(300));
    expect(got.oack).toBe('blksize=1024');
  });

  it('reads a big netascii file from disk in pieces', async () => {
    const text = Buffer.from('line\n'.repeat(60_000));
    await writeFile(join(folder, 'long.txt'), text);
    const { port } = await serve();
    const got = await fetchTftp(port, 'long.txt', { mode: 'netascii' });
    expect(got.bytes.toString()).toBe('line\r\n'.repeat(60_000));
  });

  it('is over at once after the last ACK, with its file and socket closed', async () => {
    const source = folderSource(folder);
    const { port, listening, log } = await serve(source);
    await fetchTftp(port, 'f513');
    await until(() => listening.transfers() === 0 && source.openFiles() === 0);
    expect(log.lines.at(-1)).toMatchObject({
      level: 'info',
      message: 'tftp: sent',
      fields: { file: 'f513', size: 513 },
    });
  });
});

describe('files that change', () => {
  it('sends a replaced file as it was', async () => {
    const [old, path] = [content(100_000), join(folder, 'replaced')];
    await writeFile(path, old);
    const { port } = await serve();
    const raw = await client();
    raw.request(port, 'replaced', 'blksize=1024');
    const { from } = await raw.expect();
    await writeFile(`${path}.new`, Buffer.alloc(100_000));
    await rename(`${path}.new`, path);
    const blocks: Buffer[] = [];
    for (let block = 0; blocks.length < 98; block += 1) {
      raw.send(encodeAck(block), from.port);
      const { packet } = await raw.expect();
      if (packet.kind === 'data') blocks.push(packet.data);
    }
    expect(Buffer.concat(blocks).equals(old)).toBe(true);
  });

  it('says ERROR when the file became shorter, never "this is the end"', async () => {
    const path = join(folder, 'shrinks');
    await writeFile(path, content(2_000_000));
    const { port, log } = await serve();
    const raw = await client();
    raw.request(port, 'shrinks', 'blksize=1024');
    let { from, packet } = await raw.expect();
    await truncate(path, 100_000);
    for (let block = 0; packet.kind !== 'error'; block += 1) {
      raw.send(encodeAck(block), from.port);
      ({ from, packet } = await raw.expect());
      if (packet.kind === 'data') expect(packet.data.length).toBe(1024);
    }
    expect(packet).toMatchObject({ code: 0, text: 'The file changed while it was sent' });
    await until(() => log.lines.at(-1)?.level === 'warn');
  });

  it('says ERROR 0 and nothing else when the source breaks', async () => {
    const { port, log } = await serve({
      open: (ask) =>
        ask.name === 'open'
          ? Promise.reject(new Error('/secret/path'))
          : Promise.resolve({
              size: 9,
              read: () => Promise.reject(new Error('/secret/path')),
              close: () => Promise.reject(new Error('/secret/path')),
            }),
    });
    for (const name of ['open', 'read']) {
      const raw = await client();
      raw.request(port, name);
      expect((await raw.expect()).bytes.toString()).toBe('\0\x05\0\0The file cannot be read now\0');
    }
    expect(log.lines.map((line) => line.level)).toEqual(['error', 'error']);
  });
});
