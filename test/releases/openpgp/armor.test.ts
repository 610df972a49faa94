import { describe, expect, it } from 'vitest';
import { dearmor, isArmored, readCleartext } from '../../../src/releases/openpgp/armor.ts';
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
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
