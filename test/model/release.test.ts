import { describe, expect, it } from 'vitest';
import { findDigest, parseDigest, readSums } from '../../src/model/release.ts';

const a = 'a'.repeat(64);
const b = 'b'.repeat(64);
const long = 'c'.repeat(128);

describe('parseDigest', () => {
  it('knows the length of each, in any case', () => {
    expect(parseDigest('A'.repeat(64), 'sha256')).toBe(a);
    expect(parseDigest(long, 'sha512')).toBe(long);
    expect(parseDigest(a, 'sha512')).toBeUndefined();
    expect(parseDigest(`${'a'.repeat(63)}g`, 'sha256')).toBeUndefined();
  });
});

describe('readSums', () => {
  it('takes both modes and a leading ./', () => {
    expect(readSums(`${a}  ./x/linux\n${b} *y.iso\r\n${a}\tz\n`, 'sha256')).toEqual([
      { digest: a, path: 'x/linux' },
      { digest: b, path: 'y.iso' },
      { digest: a, path: 'z' },
    ]);
  });
  it('passes over everything else', () => {
    expect(readSums(`# SHA512 HASH\n${long}  x\n${a}\n  ${a}  x\n<html>\n${a}  two words\n`, 'sha256')).toEqual([]);
  });
});

describe('findDigest in a list of sums', () => {
  const list = `${a}  netboot/amd64/linux\n${b}  netboot/gtk/amd64/linux\n`;
  const find = (entry: string, text = list): string | undefined =>
    findDigest(text, { algorithm: 'sha256', format: 'sums', entry });
  it('compares whole segments from the end', () => {
    expect(find('netboot/amd64/linux')).toBe(a);
    expect(find('gtk/amd64/linux')).toBe(b);
    expect(find('boot/amd64/linux')).toBeUndefined();
  });
  it('gives nothing when two files have that name', () => {
    expect(find('linux')).toBeUndefined();
    expect(find('linux', `${a}  linux\n${a}  linux\n`)).toBe(a);
  });
});

describe('findDigest in .DIGESTS', () => {
  const list = `# MD5 HASH\n${'0'.repeat(32)}  kernel\n# SHA1 HASH\n${'0'.repeat(40)}  kernel\n# SHA512 HASH\n${long}  kernel\n`;
  const find = (entry: string, text = list): string | undefined =>
    findDigest(text, { algorithm: 'sha512', format: 'digests', entry });
  it('takes the line after the heading, of this file only', () => {
    expect(find('kernel')).toBe(long);
    expect(find('initrd')).toBeUndefined();
    expect(find('kernel', list.replace('# SHA512 HASH\n', '# SHA512 HASH\n\n'))).toBeUndefined();
    expect(find('kernel', list.replace('# SHA512', '# SHA3_512'))).toBeUndefined();
  });
  it('takes a signed copy', () => {
    expect(find('kernel', `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n${list.replaceAll('\n', '\r\n')}`)).toBe(
      long,
    );
  });
});
