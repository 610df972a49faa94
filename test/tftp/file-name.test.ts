import { describe, expect, it } from 'vitest';
import { cleanFileName } from '../../src/tftp/file-name.ts';

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
    expect(performance.now() - start).toBeLessThan(500);
  });
});
