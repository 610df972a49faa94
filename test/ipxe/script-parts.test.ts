import { describe, expect, it } from 'vitest';
import { GROWING_PAUSE, KEEP_PAUSE, RESET_PAUSE, script } from '../../src/ipxe/script-parts.ts';

describe('script parts', () => {
  it('begins with the magic at the first byte and ends with a line break', () => {
    expect(script(['boot'])).toBe('#!ipxe\nboot\n');
  });

  it('doubles the pause up to half a minute', () => {
    let pause = Number(/set pause:int32 (\d+)/.exec(KEEP_PAUSE)?.[1]);
    const [most] = /\d+(?= \|\| inc)/.exec(GROWING_PAUSE.join('\n')) ?? [];
    const seen: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      seen.push(pause);
      if (pause !== Number(most)) pause += pause;
    }
    expect(seen).toEqual([1, 2, 4, 8, 16, 32, 32, 32]);
    expect(RESET_PAUSE).toBe('set pause:int32 1');
  });
});
