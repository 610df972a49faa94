import { describe, expect, it } from 'vitest';
import { clientTarget, isRaspberryPi } from '../../src/dhcp/architecture.ts';

function say(...numbers: number[]): string {
  const bytes = Buffer.alloc(numbers.length * 2);
  numbers.forEach((number, i) => bytes.writeUInt16BE(number, i * 2));
  const target = clientTarget(bytes);
  return target === undefined ? '-' : `${target.platform} ${target.arch}${target.http ? ' http' : ''}`;
}

describe('clientTarget', () => {
  it.each([
    [0, 'pcbios x86_64'],
    [6, 'efi i386'],
    [7, 'efi x86_64'],
    [9, 'efi x86_64'],
    [10, 'efi arm32'],
    [11, 'efi arm64'],
    [15, 'efi i386 http'],
    [16, 'efi x86_64 http'],
    [18, 'efi arm32 http'],
    [19, 'efi arm64 http'],
    [20, 'pcbios x86_64 http'],
    [1, '-'],
    [2, '-'],
    [21, '-'],
    [22, '-'],
    [41, '-'],
    [65535, '-'],
  ])('reads %i as %s', (number, target) => {
    expect(say(number)).toBe(target);
  });

  it('takes the first that it knows from a list', () => {
    expect(say(65535, 11, 7)).toBe('efi arm64');
  });

  it('is undefined for an empty or odd option', () => {
    expect([
      clientTarget(Buffer.alloc(0)),
      clientTarget(Buffer.from([7])),
      clientTarget(Buffer.from([0, 7, 0])),
    ]).toEqual([undefined, undefined, undefined]);
  });
});

describe('isRaspberryPi', () => {
  it('knows the vendor by the address', () => {
    expect([isRaspberryPi('d8:3a:dd:01:02:03'), isRaspberryPi('52:54:00:01:02:03')]).toEqual([true, false]);
  });
});
