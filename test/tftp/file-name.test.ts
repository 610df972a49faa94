import { describe, expect, it } from 'vitest';
import {
  cleanFileName,
  isIpxeProgram,
  isIpxeRequest,
  toNetascii,
  wantsScriptInsteadOf,
} from '../../src/tftp/file-name.ts';

describe('toNetascii', () => {
  it.each([
    ['', ''],
    ['abc', 'abc'],
    ['a\nb', 'a\r\nb'],
    ['a\rb', 'a\r\0b'],
    ['a\r\nb', 'a\r\0\r\nb'],
    ['\n\n', '\r\n\r\n'],
    ['\xff\x00', '\xff\x00'],
  ])('writes %j as %j', (text, wire) => {
    expect(toNetascii(Buffer.from(text, 'latin1')).toString('latin1')).toBe(wire);
  });

  it('gives the same bytes however the text is cut', () => {
    const text = Buffer.from('line\r\n\rlast\n');
    for (let cut = 0; cut <= text.length; cut += 1) {
      const parts = [toNetascii(text.subarray(0, cut)), toNetascii(text.subarray(cut))];
      expect(Buffer.concat(parts)).toEqual(toNetascii(text));
    }
  });
});

const options = (text: string): { name: string; value: string }[] =>
  text.split(' ').map((pair) => ({ name: pair.split('=')[0] ?? '', value: pair.split('=')[1] ?? '' }));
const IPXE = options('blksize=1432 tsize=0');

describe('isIpxeRequest', () => {
  it('knows iPXE by its two options and their order', () => {
    expect(isIpxeRequest(IPXE)).toBe(true);
  });

  it.each([
    'tsize=0 blksize=1432',
    'tsize=0 blksize=1468 windowsize=4',
    'blksize=1468 windowsize=4',
    'blksize=1468 tsize=0',
    'blksize=1432',
    'blksize=1432 tsize=1',
    'blksize=1432 tsize=0 windowsize=4',
    'blksize=1432 timeout=0',
  ])('takes "%s" for firmware', (text) => {
    expect(isIpxeRequest(options(text))).toBe(false);
  });

  it('takes a request without options for firmware', () => {
    expect(isIpxeRequest([])).toBe(false);
  });
});

describe('isIpxeProgram', () => {
  it.each([
    'undionly.kpxe',
    'undionly.kpxe.0',
    'undionly.kkpxe',
    'ipxe.efi',
    'ipxe.pxe',
    'ipxe-x86_64.efi',
    'snponly.efi',
    'snponly-shim.efi',
    'arm64/SNPONLY.EFI',
  ])('knows %s', (name) => {
    expect(isIpxeProgram(name)).toBe(true);
  });

  it.each(['grubx64.efi', 'memtest.efi', 'pxelinux.0', 'boot.ipxe', 'autoexec.ipxe', 'wimboot', 'ipxe.efi.sig'])(
    'leaves %s alone',
    (name) => {
      expect(isIpxeProgram(name)).toBe(false);
    },
  );
});

describe('wantsScriptInsteadOf', () => {
  it('needs both: iPXE that asks, for itself', () => {
    expect(wantsScriptInsteadOf('undionly.kpxe', IPXE)).toBe(true);
    expect(wantsScriptInsteadOf('grubx64.efi', IPXE)).toBe(false);
    expect(wantsScriptInsteadOf('undionly.kpxe', options('tsize=0 blksize=1468 windowsize=4'))).toBe(false);
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
