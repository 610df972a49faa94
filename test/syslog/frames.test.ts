import { describe, expect, it } from 'vitest';
import { Frames, KEPT_BYTES } from '../../src/syslog/frames.ts';

function all(chunks: readonly (string | Buffer)[]): { messages: readonly string[]; rest: string | undefined } {
  const frames = new Frames();
  const messages = chunks.flatMap((chunk) => frames.push(Buffer.from(chunk as string))).map(String);
  return { messages, rest: frames.end()?.toString() };
}

describe('a connection is cut', () => {
  const MIXED = '5 <1>ab<2>a line\n\n12 <13>c\nd\n<3>e5 <1>fg\n12 monkeys\n007\n99 <3>half';
  const WHOLE = {
    messages: ['<1>ab', '<2>a line', '<13>c\nd\n<3>e', '<1>fg', '12 monkeys', '007'],
    rest: '<3>half',
  };

  it('by lengths where there are some, else by lines', () => {
    expect(all([MIXED])).toEqual(WHOLE);
  });

  it('the same however it arrives', () => {
    expect(all(MIXED.match(/[^]/g) ?? [])).toEqual(WHOLE);
    for (let i = 1; i < MIXED.length; i += 1) expect(all([MIXED.slice(0, i), MIXED.slice(i)])).toEqual(WHOLE);
  });

  it('at the end of the connection, too', () => {
    expect(all(['<1>a line'])).toEqual({ messages: [], rest: '<1>a line' });
    expect(all(['<1>a\n'])).toEqual({ messages: ['<1>a'], rest: undefined });
    expect(all(['12 '])).toEqual({ messages: [], rest: '12 ' });
    expect(all(['12 <'])).toEqual({ messages: [], rest: '<' });
  });
});

describe('what is too long is cut, and what comes after it is read', () => {
  const long = 'x'.repeat(3 * KEPT_BYTES);

  it.each([
    ['a line', [`<1>${long}\n<2>b\n`]],
    ['a counted message', [`${long.length + 3} <1>${long}`, '<2>b\n']],
    ['a line in small pieces', [...(`<1>${long}`.match(/.{1,7}/g) ?? []), '\n<2>b\n']],
  ])('%s', (_name, chunks) => {
    expect(all(chunks)).toEqual({ messages: [`<1>${long}`.slice(0, KEPT_BYTES), '<2>b'], rest: undefined });
  });

  it('a length that is too long to be one is text', () => {
    expect(all(['99999999 <1>a\n']).messages).toEqual(['99999999 <1>a']);
  });
});
