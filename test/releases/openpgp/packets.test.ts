import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/model/failure.ts';
import { dearmor, isArmored, readCleartext, readMpi, readPackets } from '../../../src/releases/openpgp/packets.ts';
import { armor, makeKey } from '../../support/openpgp-keys.ts';
import { clearsigned } from '../../support/openpgp-vendor.ts';

const key = makeKey();

describe('dearmor', () => {
  it('leaves binary data as they are', () => {
    expect(dearmor(Buffer.from([0x88, 0]), 'SIGNATURE')).toEqual(Buffer.from([0x88, 0]));
  });

  it('joins blocks, takes headers, CRLF and text around', () => {
    const one = armor('PUBLIC KEY BLOCK', Buffer.from('one'));
    const two = armor('PUBLIC KEY BLOCK', Buffer.from('two')).replace('\n\n', '\nVersion: GnuPG v2\nComment: x\n\n');
    expect(
      dearmor(Buffer.from(`${one}\nsome text\n${two}`.replaceAll('\n', '\r\n')), 'PUBLIC KEY BLOCK').toString(),
    ).toBe('onetwo');
  });

  it.each([
    ['an inline message', armor('MESSAGE', Buffer.from('x'))],
    ['a key', armor('PUBLIC KEY BLOCK', Buffer.from('x'))],
    ['a block without its end', '-----BEGIN PGP SIGNATURE-----\n\nAAAA\n'],
    ['a block without an empty line', '-----BEGIN PGP SIGNATURE-----\nAAAA\n-----END PGP SIGNATURE-----\n'],
    ['other letters', '-----BEGIN PGP SIGNATURE-----\n\nAA<script>\n-----END PGP SIGNATURE-----\n'],
    ['nothing inside', '-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n'],
  ])('refuses %s where a signature belongs', (_, text) => {
    expect(() => dearmor(Buffer.from(text), 'SIGNATURE')).toThrow('malformed OpenPGP data');
  });

  it('knows armour by its first line', () => {
    expect(isArmored(Buffer.from('\n-----BEGIN PGP SIGNATURE-----'))).toBe(true);
    expect(isArmored(Buffer.from('HTML -----BEGIN PGP'))).toBe(false);
  });
});

describe('readCleartext', () => {
  it('gives what was signed: unescaped, without white space at line ends', () => {
    const { text, canonical } = readCleartext(Buffer.from(clearsigned('one  \n-two\n\nfrom me\t\n', key)));
    expect(text).toBe('one\n-two\n\nfrom me\n');
    expect(canonical.toString()).toBe('one\r\n-two\r\n\r\nfrom me');
  });

  it('takes CRLF files', () => {
    expect(readCleartext(Buffer.from(clearsigned('a\nb', key).replaceAll('\n', '\r\n'))).text).toBe('a\nb\n');
  });

  const good = clearsigned('signed', key);
  it.each([
    ['text before', `evil\n${good}`],
    ['text after', `${good}evil\n`],
    ['a second signature block', `${good}${good}`],
    ['an unknown header', good.replace('Hash: SHA256', 'Comment: x')],
    ['a line that is not escaped', good.replace('signed', '-signed')],
    ['no signature', good.slice(0, good.indexOf('-----BEGIN PGP SIGNATURE'))],
    ['a detached signature alone', good.slice(good.indexOf('-----BEGIN PGP SIGNATURE'))],
    ['HTML', '<html></html>'],
  ])('refuses %s', (_, message) => {
    expect(() => readCleartext(Buffer.from(message))).toThrow('malformed OpenPGP data');
  });

  it('stays fast on a megabyte of blanks', () => {
    const started = performance.now();
    expect(readCleartext(Buffer.from(good.replace('signed', `x${' '.repeat(1 << 20)}y`))).text.length).toBeGreaterThan(
      1 << 20,
    );
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe('readPackets', () => {
  it('reads every length form of both header formats', () => {
    const body = (length: number): Buffer => Buffer.alloc(length, 7);
    const cases: readonly [string, Buffer, number][] = [
      ['old, 1 byte', Buffer.from([0x88, 3]), 3],
      ['old, 2 bytes', Buffer.from([0x89, 1, 0]), 256],
      ['old, 4 bytes', Buffer.from([0x8a, 0, 0, 1, 0]), 256],
      ['new, 1 byte', Buffer.from([0xc2, 191]), 191],
      ['new, 2 bytes', Buffer.from([0xc2, 192, 0]), 192],
      ['new, 2 bytes, longest', Buffer.from([0xc2, 223, 255]), 8383],
      ['new, 5 bytes', Buffer.from([0xc2, 255, 0, 0, 1, 0]), 256],
    ];
    for (const [name, header, length] of cases)
      expect(readPackets(Buffer.concat([header, body(length)])), name).toEqual([{ tag: 2, body: body(length) }]);
  });

  it('reads one after the other, and nothing from nothing', () => {
    expect(readPackets(Buffer.from([0x88, 1, 65, 0xc6, 1, 66])).map(({ tag }) => tag)).toEqual([2, 6]);
    expect(readPackets(Buffer.alloc(0))).toEqual([]);
  });

  it.each([
    ['text', Buffer.from('<html>')],
    ['a cut body', Buffer.from([0x88, 5, 1])],
    ['a cut length', Buffer.from([0x89, 5])],
    ['a cut five-byte length', Buffer.from([0xc2, 255, 0])],
    ['a partial length', Buffer.from([0xc2, 0xe1, 1, 2])],
    ['an indeterminate length', Buffer.from([0x8b, 1, 2])],
    ['a length beyond the end', Buffer.from([0xc2, 255, 255, 255, 255, 255])],
  ])('refuses %s', (_, bytes) => {
    expect(() => readPackets(bytes)).toThrow(Failure);
  });

  it('stops at a flood of tiny packets', () => {
    expect(() => readPackets(Buffer.alloc(60_000, Buffer.from([0xca, 0])))).toThrow('too many packets');
  });
});

describe('readMpi', () => {
  it('counts bits', () => {
    expect(readMpi(Buffer.from([0, 9, 1, 2, 3]), 0)).toEqual({ value: Buffer.from([1, 2]), next: 4 });
  });
  it('refuses a number that is cut short', () => {
    expect(() => readMpi(Buffer.from([0, 17, 1, 2]), 0)).toThrow('cut short');
    expect(() => readMpi(Buffer.from([0]), 0)).toThrow('cut short');
  });
});
