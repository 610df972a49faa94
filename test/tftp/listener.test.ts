import { describe, expect, it } from 'vitest';
import { encodeError, encodeOack } from '../../src/tftp/packet.ts';
import { encodeAck, encodeData, encodeRequest } from '../support/tftp-packets.ts';
import { fetchTftp, say } from '../support/tftp-client.ts';
import { bytesSource, folderSource } from '../support/tftp-files.ts';
import { content, tftpTests, until } from '../support/tftp-server.ts';

const SIZES = [1, 513, 1469, 200_000];
const { folder, serve, client } = tftpTests(SIZES);

describe('the request port', () => {
  it('says nothing to what is no request', async () => {
    const { port } = await serve();
    const raw = await client();
    const rubbish = [
      Buffer.alloc(0),
      Buffer.from([1]),
      Buffer.from([0, 0]),
      Buffer.from([0, 9, 0, 0]),
      encodeData(1, Buffer.alloc(512)),
      encodeAck(1),
      encodeError(1, 'x'),
      encodeOack([]),
      Buffer.alloc(300, 0xa5),
    ];
    for (const bytes of rubbish) raw.send(bytes, port);
    raw.request(port, 'missing');
    expect(say(await raw.expect())).toBe('error 1');
    expect(raw.all).toHaveLength(1);
  });

  it.each([
    ['only an opcode', Buffer.from([0, 1]), 'error 4'],
    ['no end', Buffer.from('\0\x01f1'), 'error 4'],
    ['no mode', Buffer.from('\0\x01f1\0'), 'error 4'],
    ['an empty name', Buffer.from('\0\x01\0octet\0'), 'error 4'],
    ['an odd option', Buffer.from('\0\x01f1\0octet\0blksize\0'), 'error 4'],
    ['8 KiB', encodeRequest('rrq', { name: 'a'.repeat(8000), mode: 'octet', options: [] }), 'error 4'],
    ['a new file', encodeRequest('wrq', { name: 'new', mode: 'octet', options: [] }), 'error 2'],
    ['an old file', encodeRequest('wrq', { name: 'f1', mode: 'octet', options: [] }), 'error 2'],
    ['a broken WRQ', Buffer.from([0, 2]), 'error 2'],
    ['mode mail', encodeRequest('rrq', { name: 'f1', mode: 'mail', options: [] }), 'error 4'],
    ['a bogus mode', encodeRequest('rrq', { name: 'f1', mode: 'bogus', options: [] }), 'error 4'],
    ['mode OcTeT', encodeRequest('rrq', { name: 'f1', mode: 'OcTeT', options: [] }), 'data 1 (1)'],
  ])('answers %s once', async (_, bytes, answer) => {
    const { port } = await serve();
    const raw = await client();
    raw.send(bytes, port);
    expect(say(await raw.expect())).toBe(answer);
    expect(await raw.next(60)).toBeUndefined();
  });

  it('says the same of everything that is not served, and nothing of the host', async () => {
    const { port, log } = await serve();
    const names = ['missing', '../x', '/../x', 'a/../../x', '..\\x', '%2e%2e/x', 'C:\\x', '....//x', '/etc/passwd'];
    const dirty = ['a\nb', 'a\r\nb', 'x\x1b[31m', 'b\xc3\xa4h.bin', 'a'.repeat(256), 'a'.repeat(480), '.', '/'];
    const texts = new Set<string>();
    for (const name of [...names, ...dirty]) {
      const raw = await client();
      raw.request(port, name);
      texts.add((await raw.expect()).bytes.toString('latin1'));
    }
    expect([...texts]).toEqual(['\0\x05\0\x01File not found\0']);
    expect(JSON.stringify(log.lines)).not.toMatch(/\\n|\\u00/);
    expect(log.lines.every((line) => line.level === 'info')).toBe(true);
  });

  it.each(['f513', '/f513', '//f513', './f513', '\\f513', 'f513\xff', 'f513\xff\xff'])('serves %j', async (name) => {
    const { port } = await serve();
    expect((await fetchTftp(port, name)).bytes.length).toBe(513);
  });

  it('tells the source who asks for what, and how', async () => {
    const source = bytesSource({ 'a/b': Buffer.from('x') });
    const { port } = await serve(source);
    await fetchTftp(port, '\\a\\b', { options: 'blksize=1432 tsize=0', from: '127.0.0.9' });
    expect(source.asks).toMatchObject([
      {
        name: 'a/b',
        options: [
          { name: 'blksize', value: '1432' },
          { name: 'tsize', value: '0' },
        ],
        client: { address: '127.0.0.9' },
        server: '127.0.0.1',
      },
    ]);
  });
});

describe('a bad client', () => {
  it('may send every ACK twice: nothing is sent twice', async () => {
    const { port } = await serve();
    for (const options of ['', 'windowsize=16 blksize=512']) {
      const got = await fetchTftp(port, 'f200000', { options, acks: 2 });
      expect(got.bytes.equals(content(200_000))).toBe(true);
      // 391 blocks; the rest is for a machine so busy that 100 ms pass between two of its turns.
      expect(got.datas).toBeLessThanOrEqual(391 + 32);
    }
  });

  it('may ask again from the same port: there is one transfer', async () => {
    const { port, listening } = await serve();
    const raw = await client();
    for (let i = 0; i < 3; i += 1) raw.request(port, 'f513', 'tsize=0');
    const ports = new Set<number>();
    for (let i = 0; i < 3; i += 1) {
      const arrived = await raw.expect();
      expect(say(arrived)).toBe('tsize=513');
      ports.add(arrived.from.port);
    }
    expect([ports.size, listening.transfers()]).toEqual([1, 1]);
  });

  it('may ask for something else from the same port: the old transfer is forgotten', async () => {
    const { port, listening } = await serve();
    const raw = await client();
    raw.request(port, 'f200000');
    await raw.expect();
    raw.request(port, 'f513');
    expect(say(await raw.expect())).toBe('data 1 (512)');
    expect(listening.transfers()).toBe(1);
  });

  it('may look at the size and say ERROR: silence, no complaint, and the next request works', async () => {
    const source = folderSource(folder);
    const { port, listening, log } = await serve(source);
    const raw = await client();
    raw.request(port, 'f1469', 'tsize=0 blksize=1468 windowsize=4');
    const oack = await raw.expect();
    expect(say(oack)).toBe('tsize=1469 blksize=1468 windowsize=4');
    raw.send(encodeError(8, 'User aborted the transfer'), oack.from.port);
    await until(() => listening.transfers() === 0 && source.openFiles() === 0);
    raw.request(port, 'f1469', 'blksize=1468 windowsize=4');
    expect(say(await raw.expect())).toBe('blksize=1468 windowsize=4');
    expect(raw.all).toHaveLength(2);
    expect(log.lines.filter((line) => line.level !== 'debug')).toEqual([]);
  });

  it('may send rubbish and future ACKs to the transfer port: the transfer goes on', async () => {
    const { port } = await serve();
    const raw = await client();
    raw.request(port, 'f513');
    const { from } = await raw.expect();
    for (const bytes of [Buffer.alloc(0), Buffer.from([0]), Buffer.from([0, 4]), encodeAck(40_000), encodeAck(0)]) {
      raw.send(bytes, from.port);
    }
    raw.send(encodeAck(1), from.port);
    expect(say(await raw.expect())).toBe('data 2 (1)');
    expect(raw.all).toHaveLength(2);
  });

  it('that never answers gets four packets, and its slot is free again', async () => {
    const source = folderSource(folder);
    const { port, listening } = await serve(source);
    const raw = await client();
    raw.request(port, 'f200000');
    await until(() => raw.all.length > 0);
    await until(() => listening.transfers() === 0 && source.openFiles() === 0);
    // When they go out is told by the tests of Transfer, whose clock is not the machine's.
    expect(raw.all.map(say)).toEqual(Array(4).fill('data 1 (512)'));
  });

  it('loses a block in the middle of a window, or its first: little is sent twice', async () => {
    const { port } = await serve();
    const got = await fetchTftp(port, 'f200000', { options: 'windowsize=16', lose: new Set([21, 49]) });
    expect(got.bytes.equals(content(200_000))).toBe(true);
    expect(got.datas).toBeLessThanOrEqual(391 + 2 * 16);
  });
});

describe('a stranger', () => {
  it('gets ERROR 5, and the transfer goes on', async () => {
    const { port } = await serve();
    const [victim, stranger] = [await client(), await client()];
    victim.request(port, 'f513');
    const { from } = await victim.expect();
    stranger.send(encodeAck(1), from.port);
    expect(say(await stranger.expect())).toBe('error 5');
    stranger.send(encodeError(0, 'die'), from.port);
    stranger.send(Buffer.alloc(0), from.port);
    expect(await stranger.next(50)).toBeUndefined();
    victim.send(encodeAck(1), from.port);
    expect(say(await victim.expect())).toBe('data 2 (1)');
  });

  it('with the same port at another address is a stranger, too: it can neither go on with the transfer nor end it', async () => {
    const { port, listening } = await serve();
    const victim = await client();
    victim.request(port, 'f513');
    const { from } = await victim.expect();
    const duplicate = await client('127.0.0.2', victim.socket.address().port);
    duplicate.send(encodeAck(1), from.port);
    expect(say(await duplicate.expect())).toBe('error 5');
    duplicate.send(encodeError(0, 'die'), from.port);
    duplicate.send(encodeAck(1), from.port);
    expect(say(await duplicate.expect())).toBe('error 5');
    expect(listening.transfers()).toBe(1);
    victim.send(encodeAck(1), from.port);
    expect(say(await victim.expect())).toBe('data 2 (1)');
    // Nothing came but those two blocks, and what the clock sent again.
    expect(new Set(victim.all.map(say))).toEqual(new Set(['data 1 (512)', 'data 2 (1)']));
  });

  it('gets it ten times a second at most', async () => {
    const { port } = await serve();
    const [victim, stranger] = [await client(), await client()];
    victim.request(port, 'f513');
    const { from } = await victim.expect();
    for (let i = 0; i < 100; i += 1) stranger.send(encodeAck(1), from.port);
    while ((await stranger.next(200)) !== undefined);
    expect(stranger.all).toHaveLength(10);
  });
});
