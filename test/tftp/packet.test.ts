import { describe, expect, it } from 'vitest';
import {
  cleanFileName,
  encodeError,
  encodeOack,
  errorText,
  negotiate,
  parseRequest,
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
    expect(hex(encodeError(5, 'no'))).toBe('000500056e6f00');
    expect(hex(encodeOack([{ name: 'TSize', value: '9' }]))).toBe(`0006${hex(Buffer.from('TSize\x009\0'))}`);
  });
});

const rrq = (text: string): Buffer => Buffer.concat([Buffer.from([0, 1]), Buffer.from(text, 'latin1')]);

// Captured 2026-11: OVMF 2022.11 asks for the size first; Debian's iPXE 1.0.0+git-20190125 has its own order.
const OVMF = rrq('snponly.efi\0octet\0tsize\x000\0blksize\x001468\0windowsize\x004\0');
const IPXE = rrq('undionly.kpxe\0octet\0blksize\x001432\0tsize\x000\0');

describe('parseRequest', () => {
  it('reads a request with its options in their order and spelling', () => {
    expect(parseRequest(rrq('Boot.EFI\0OcTeT\0TSize\x000\0BLKSIZE\x001468\0'))).toEqual({
      name: 'Boot.EFI',
      mode: 'octet',
      options: [
        { name: 'TSize', value: '0' },
        { name: 'BLKSIZE', value: '1468' },
      ],
    });
  });

  it('reads what OVMF and iPXE send', () => {
    expect([OVMF, IPXE].map((bytes) => parseRequest(bytes)?.options.map(({ name }) => name))).toEqual([
      ['tsize', 'blksize', 'windowsize'],
      ['blksize', 'tsize'],
    ]);
  });

  it('keeps every byte of the name as one character', () => {
    expect(parseRequest(rrq('a\xffb\0octet\0'))?.name).toBe('a\xffb');
  });

  it('takes zeros behind the mode for padding', () => {
    expect(parseRequest(rrq('a\0octet\0\0\0\0'))?.options).toEqual([]);
  });

  it('keeps duplicates: which counts is decided later', () => {
    expect(parseRequest(rrq('a\0octet\0blksize\x009\0blksize\x0010\0'))?.options).toHaveLength(2);
  });

  it('reads 60 options', () => {
    expect(parseRequest(rrq(`a\0octet\0${'x\x001\0'.repeat(60)}`))?.options).toHaveLength(60);
  });

  it.each([
    ['no end of the name', 'name'],
    ['no mode', 'name\0'],
    ['no end of the mode', 'name\0octet'],
    ['empty name', '\0octet\0'],
    ['nothing behind the opcode', ''],
    ['option without a value', 'a\0octet\0blksize\0'],
    ['option value without its end', 'a\0octet\0blksize\x00512'],
    ['option name without its end', 'a\0octet\0blksize'],
    ['option without a name', 'a\0octet\0\x00512\0'],
    ['513 bytes', `${'a'.repeat(504)}\0octet\0`],
    ['8 KiB', `${'a'.repeat(8184)}\0octet\0`],
  ])('rejects %s', (_, text) => {
    expect(parseRequest(rrq(text))).toBeUndefined();
  });

  it.each(['', '01', '0001'])('rejects the bytes "%s"', (bytes) => {
    expect(parseRequest(Buffer.from(bytes, 'hex'))).toBeUndefined();
  });

  it('accepts a request of exactly 512 bytes', () => {
    const bytes = rrq(`${'a'.repeat(503)}\0octet\0`);
    expect([bytes.length, parseRequest(bytes)?.name.length]).toEqual([512, 503]);
  });

  it('survives 300,000 random and mutated packets', { timeout: 180_000 }, () => {
    const random = chance(1);
    let read = 0;
    for (let i = 0; i < 300_000; i += 1) {
      const bytes = mutant(random, [OVMF, IPXE, encodeError(1, 'no'), encodeOack([])]);
      if (parseRequest(bytes) === undefined) continue;
      read += 1;
      expect(bytes.length).toBeLessThanOrEqual(512);
    }
    expect(read).toBeGreaterThan(10_000);
  });
});

it('makes the text of an ERROR harmless and short', () => {
  const text = `a??b?[31m${'x'.repeat(119)}`;
  expect(errorText(encodeError(8, `a\r\nb\x1b[31m${'x'.repeat(400)}`))).toBe(text);
  expect(errorText(Buffer.from([0, 5, 0, 1]))).toBe('');
  expect(errorText(Buffer.from('\0\x05\0\x01no end')), 'without its NUL').toBe('no end');
  expect(errorText(Buffer.from('\0\x05\0\x01one\0two\0'))).toBe('one');
});

describe('TFTP_ERROR', () => {
  it('holds short packets of printable text that name nothing of the host', () => {
    for (const bytes of Object.values(TFTP_ERROR)) {
      expect(bytes.readUInt16BE(0)).toBe(5);
      expect(errorText(bytes)).toMatch(/^[A-Za-z ,-]+$/);
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
