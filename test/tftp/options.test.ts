import { describe, expect, it } from 'vitest';
import { negotiate } from '../../src/tftp/options.ts';

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
