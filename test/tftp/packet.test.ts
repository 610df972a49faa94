import { describe, expect, it } from 'vitest';
import {
  cleanFileName,
  encodeAck,
  encodeData,
  encodeError,
  encodeOack,
  encodeRequest,
  negotiate,
  parsePacket,
  TFTP_ERROR,
} from '../../src/tftp/packet.ts';
import { chance, mutant } from '../support/udp-fuzz.ts';

const LIMITS = { maxBlksize: 1468, maxWindowsize: 16 };

function ask(text: string, size: number | undefined = 1000, limits = LIMITS): string {
  const options =
    text === ''
      ? []
      : text.split(' ').map((pair) => ({ name: pair.split('=')[0] ?? '', value: pair.split('=')[1] ?? '' }));
  const { accepted, blksize, windowsize, timeout } = negotiate(options, limits, size);
  const words = accepted.map(({ name, value }) => `${name}=${value}`).join(' ');
  return `${words} -> ${blksize}/${windowsize}/${timeout ?? '-'}`;
}

describe('negotiate', () => {
  it.each([
    ['', ' -> 512/1/-'],
    ['blksize=0', ' -> 512/1/-'],
    ['blksize=7', ' -> 512/1/-'],
    ['blksize=8', 'blksize=8 -> 8/1/-'],
    ['blksize=1432', 'blksize=1432 -> 1432/1/-'],
    ['blksize=1468', 'blksize=1468 -> 1468/1/-'],
    ['blksize=1469', 'blksize=1468 -> 1468/1/-'],
    ['blksize=65464', 'blksize=1468 -> 1468/1/-'],
    ['blksize=65465', ' -> 512/1/-'],
    ['blksize=-1', ' -> 512/1/-'],
    ['blksize=abc', ' -> 512/1/-'],
    ['blksize=1e3', ' -> 512/1/-'],
    ['blksize=0x200', ' -> 512/1/-'],
    ['blksize=', ' -> 512/1/-'],
    ['blksize=512.0', ' -> 512/1/-'],
    ['blksize=99999999999999999999', ' -> 512/1/-'],
    ['windowsize=0', ' -> 512/1/-'],
    ['windowsize=1', 'windowsize=1 -> 512/1/-'],
    ['windowsize=16', 'windowsize=16 -> 512/16/-'],
    ['windowsize=65535', 'windowsize=16 -> 512/16/-'],
    ['windowsize=65536', ' -> 512/1/-'],
    ['windowsize=-1', ' -> 512/1/-'],
    ['timeout=0', ' -> 512/1/-'],
    ['timeout=1', 'timeout=1 -> 512/1/1'],
    ['timeout=10', 'timeout=10 -> 512/1/10'],
    ['timeout=11', ' -> 512/1/-'],
    ['timeout=255', ' -> 512/1/-'],
    ['timeout=256', ' -> 512/1/-'],
    ['tsize=0', 'tsize=1000 -> 512/1/-'],
    ['TSIZE=0', 'TSIZE=1000 -> 512/1/-'],
    ['tsize=99', 'tsize=1000 -> 512/1/-'],
    ['tsize=-1', ' -> 512/1/-'],
    ['multicast= rollover=0 utimeout=5', ' -> 512/1/-'],
    ['blksize=600 blksize=700 BLKSIZE=800', 'blksize=600 -> 600/1/-'],
    ['blksize=7 blksize=700', ' -> 512/1/-'],
    ['__proto__=1 constructor=2', ' -> 512/1/-'],
  ])('answers "%s" with "%s"', (asked, answer) => {
    expect(ask(asked)).toBe(answer);
  });

  it('keeps the order of the client', () => {
    expect(ask('tsize=0 blksize=1468 windowsize=4')).toBe('tsize=1000 blksize=1468 windowsize=4 -> 1468/4/-');
    expect(ask('WindowSize=4 x=1 blksize=1432 tsize=0')).toBe('WindowSize=4 blksize=1432 tsize=1000 -> 1432/4/-');
  });

  it('leaves tsize out where the size is not known', () => {
    expect(negotiate([{ name: 'tsize', value: '0' }], LIMITS, undefined).accepted).toEqual([]);
  });

  it('never grants more than 64 packets or 256 KiB in flight, whatever the setting says', () => {
    const generous = { maxBlksize: 65464, maxWindowsize: 500 };
    expect(ask('windowsize=500 blksize=512', 1, generous)).toBe('windowsize=64 blksize=512 -> 512/64/-');
    expect(ask('windowsize=64 blksize=65464', 1, generous)).toBe('windowsize=4 blksize=65464 -> 65464/4/-');
  });
});

const hex = (bytes: Buffer): string => bytes.toString('hex');

describe('encode', () => {
  it('writes the packets of RFC 1350 and 2347 byte for byte', () => {
    expect(hex(encodeData(258, Buffer.from('hi')))).toBe('000301026869');
    expect(hex(encodeAck(0))).toBe('00040000');
    expect(hex(encodeError(5, 'no'))).toBe('000500056e6f00');
    expect(hex(encodeOack([{ name: 'TSize', value: '9' }]))).toBe(`0006${hex(Buffer.from('TSize\x009\0'))}`);
    const request = { name: 'f', mode: 'octet', options: [{ name: 'blksize', value: '8' }] };
    expect(hex(encodeRequest('rrq', request))).toBe(`0001${hex(Buffer.from('f\0octet\0blksize\x008\0'))}`);
  });

  it('lets block 65535 be followed by 0', () => {
    expect([65535, 65536, 65537].map((block) => hex(encodeAck(block)))).toEqual(['0004ffff', '00040000', '00040001']);
  });
});

const rrq = (text: string): Buffer => Buffer.concat([Buffer.from([0, 1]), Buffer.from(text, 'latin1')]);

// Captured 2026-11: OVMF 2022.11 asks for the size first; Debian's iPXE 1.0.0+git-20190125 has its own order.
const OVMF = rrq('snponly.efi\0octet\0tsize\x000\0blksize\x001468\0windowsize\x004\0');
const IPXE = rrq('undionly.kpxe\0octet\0blksize\x001432\0tsize\x000\0');

describe('parsePacket', () => {
  it('reads a request with its options in their order and spelling', () => {
    expect(parsePacket(rrq('Boot.EFI\0OcTeT\0TSize\x000\0BLKSIZE\x001468\0'))).toEqual({
      kind: 'rrq',
      request: {
        name: 'Boot.EFI',
        mode: 'octet',
        options: [
          { name: 'TSize', value: '0' },
          { name: 'BLKSIZE', value: '1468' },
        ],
      },
    });
  });

  it('reads what OVMF and iPXE send', () => {
    const names = [OVMF, IPXE].map((bytes) => {
      const packet = parsePacket(bytes);
      return packet.kind === 'rrq' ? packet.request.options.map((option) => option.name) : packet;
    });
    expect(names).toEqual([
      ['tsize', 'blksize', 'windowsize'],
      ['blksize', 'tsize'],
    ]);
  });

  it('keeps every byte of the name as one character', () => {
    const packet = parsePacket(rrq('a\xffb\0octet\0'));
    expect(packet.kind === 'rrq' && packet.request.name).toBe('a\xffb');
  });

  it('takes zeros behind the mode for padding', () => {
    expect(parsePacket(rrq('a\0octet\0\0\0\0'))).toMatchObject({ kind: 'rrq', request: { options: [] } });
  });

  it('keeps duplicates: which counts is decided later', () => {
    const packet = parsePacket(rrq('a\0octet\0blksize\x009\0blksize\x0010\0'));
    expect(packet.kind === 'rrq' && packet.request.options).toHaveLength(2);
  });

  it('reads 60 options', () => {
    const packet = parsePacket(rrq(`a\0octet\0${'x\x001\0'.repeat(60)}`));
    expect(packet.kind === 'rrq' && packet.request.options).toHaveLength(60);
  });

  it.each([
    ['no end of the name', rrq('name'), 1],
    ['no mode', rrq('name\0'), 1],
    ['no end of the mode', rrq('name\0octet'), 1],
    ['empty name', rrq('\0octet\0'), 1],
    ['nothing behind the opcode', rrq(''), 1],
    ['option without a value', rrq('a\0octet\0blksize\0'), 1],
    ['option value without its end', rrq('a\0octet\0blksize\x00512'), 1],
    ['option name without its end', rrq('a\0octet\0blksize'), 1],
    ['option without a name', rrq('a\0octet\0\x00512\0'), 1],
    ['513 bytes', rrq(`${'a'.repeat(504)}\0octet\0`), 1],
    ['8 KiB', rrq(`${'a'.repeat(8184)}\0octet\0`), 1],
    ['write request without a mode', Buffer.from([0, 2, 97, 0]), 2],
    ['opcode 0', Buffer.from([0, 0, 0, 0]), 0],
    ['opcode 9', Buffer.from([0, 9, 0, 0]), 9],
    ['opcode 256', Buffer.from([1, 0, 97, 0, 98, 0]), 256],
    ['short ACK', Buffer.from([0, 4, 0]), 4],
    ['short DATA', Buffer.from([0, 3]), 3],
    ['3-byte ERROR', Buffer.from([0, 5, 0]), 5],
    ['odd OACK', Buffer.from([0, 6, 97, 0]), 6],
    ['one byte', Buffer.from([1]), undefined],
    ['no byte', Buffer.alloc(0), undefined],
  ])('rejects %s', (_, bytes, opcode) => {
    expect(parsePacket(bytes)).toMatchObject({ kind: 'reject', opcode });
  });

  it('accepts a request of exactly 512 bytes', () => {
    const bytes = rrq(`${'a'.repeat(503)}\0octet\0`);
    expect([bytes.length, parsePacket(bytes).kind]).toEqual([512, 'rrq']);
  });

  it('makes the text of an ERROR harmless and short', () => {
    expect(parsePacket(encodeError(8, `a\r\nb\x1b[31m${'x'.repeat(400)}`))).toEqual({
      kind: 'error',
      code: 8,
      text: `a??b?[31m${'x'.repeat(119)}`,
    });
    expect(parsePacket(Buffer.from([0, 5, 0, 1]))).toEqual({ kind: 'error', code: 1, text: '' });
  });

  it('reads back what encode writes', () => {
    expect(parsePacket(encodeData(65536 + 7, Buffer.from('abc')))).toEqual({
      kind: 'data',
      block: 7,
      data: Buffer.from('abc'),
    });
    expect(parsePacket(encodeAck(65535))).toEqual({ kind: 'ack', block: 65535 });
    const options = [{ name: 'BlkSize', value: '1468' }];
    expect(parsePacket(encodeOack(options))).toEqual({ kind: 'oack', options });
    const request = { name: 'x', mode: 'octet', options };
    expect(parsePacket(encodeRequest('wrq', request))).toEqual({ kind: 'wrq', request });
  });

  it('survives 1,000,000 random and mutated packets', { timeout: 180_000 }, () => {
    const random = chance(1);
    const seeds = [OVMF, IPXE, encodeAck(3), encodeError(1, 'no'), encodeData(1, Buffer.alloc(40)), encodeOack([])];
    const kinds = new Map<string, number>();
    for (let i = 0; i < 1_000_000; i += 1) {
      const bytes = mutant(random, seeds);
      const packet = parsePacket(bytes);
      kinds.set(packet.kind, (kinds.get(packet.kind) ?? 0) + 1);
      if (packet.kind === 'rrq' || packet.kind === 'wrq') expect(bytes.length).toBeLessThanOrEqual(512);
    }
    expect([...kinds.keys()].sort()).toEqual(['ack', 'data', 'error', 'oack', 'reject', 'rrq', 'wrq']);
  });
});

describe('TFTP_ERROR', () => {
  it('holds short packets of printable text that name nothing of the host', () => {
    for (const bytes of Object.values(TFTP_ERROR)) {
      const packet = parsePacket(bytes);
      expect(packet.kind).toBe('error');
      expect(packet.kind === 'error' && packet.text).toMatch(/^[A-Za-z ,-]+$/);
      expect(bytes.length).toBeLessThan(64);
    }
  });
});

describe('cleanFileName', () => {
  it.each([
    ['undionly.kpxe', 'undionly.kpxe'],
    ['undionly.kpxe\xff', 'undionly.kpxe'],
    ['undionly.kpxe\xff\xff\x01', 'undionly.kpxe'],
    ['/x', 'x'],
    ['//x', 'x'],
    ['./x', 'x'],
    ['/./a//b/./c', 'a/b/c'],
    ['sub\\in.bin', 'sub/in.bin'],
    ['\\boot\\x64\\wdsnbp.com', 'boot/x64/wdsnbp.com'],
    ['boot.ipxe.0', 'boot.ipxe.0'],
    ['..foo', '..foo'],
    ['....//x', '..../x'],
    ['constructor', 'constructor'],
    ['__proto__', '__proto__'],
    ['%2e%2e/x', '%2e%2e/x'],
    ['grub.cfg-01-52-54-00-55-1c-ee', 'grub.cfg-01-52-54-00-55-1c-ee'],
    ['a b', 'a b'],
    ['a'.repeat(255), 'a'.repeat(255)],
  ])('reads %j', (raw, clean) => {
    expect(cleanFileName(raw)).toBe(clean);
  });

  it.each([
    '',
    '/',
    '.',
    '\xff\xff',
    '..',
    '../x',
    '/../x',
    'a/../../x',
    'a/..',
    '..\\x',
    'C:\\x',
    'c:/x',
    'a\nb',
    'x\r\n',
    'a\x1b[31m',
    'a\x07b',
    'b\xc3\xa4h.bin',
    'a'.repeat(256),
    'a'.repeat(503),
  ])('refuses %j', (raw) => {
    expect(cleanFileName(raw)).toBeUndefined();
  });

  it('takes no time on a long run of garbage in the middle', () => {
    const start = performance.now();
    for (let i = 0; i < 1000; i += 1) cleanFileName(`${'\xff'.repeat(500)}a`);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
