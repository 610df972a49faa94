import { describe, expect, it } from 'vitest';
import { noticeScript } from '../../src/ipxe/notice-script.ts';
import { expectGolden } from '../support/golden.ts';
import { ORIGIN } from '../os/sample.ts';

const AGAIN = `${ORIGIN}/ipxe?mac=52-54-00-55-1c-ee`;

describe('the notice script', () => {
  it('says it, waits, asks again, and says it again while nobody answers', () => {
    const lines = ['No profile claims this machine.', '', 'MAC: 52:54:00:55:1c:ee'];
    expectGolden('render/notice.ipxe', noticeScript({ lines, again: AGAIN, pauseSeconds: 15 }));
  });

  it('gives its place to the answer: a machine may wait for days', () => {
    expect(noticeScript({ lines: [], again: AGAIN, pauseSeconds: 1 })).toMatch(
      /^chain --timeout 20000 --replace http:\S+ \|\| goto show$/m,
    );
  });

  it('always waits whole seconds, at least one', () => {
    const pause = (pauseSeconds: number) =>
      /^sleep (\S+)/m.exec(noticeScript({ lines: [], again: AGAIN, pauseSeconds }))?.[1];
    expect([pause(0), pause(0.2), pause(2.6), pause(30)]).toEqual(['1', '1', '3', '30']);
  });

  it('never runs what it quotes', () => {
    const hostile = [
      'a && echo INJECTED',
      'x\n echo INJECTED',
      '; echo INJECTED',
      '${platform}',
      '# x',
      '\\',
      '--help',
    ];
    expectGolden('render/notice-hostile.ipxe', noticeScript({ lines: hostile, again: AGAIN, pauseSeconds: 5 }));
    expect(() => noticeScript({ lines: [], again: `${AGAIN} || echo`, pauseSeconds: 5 })).toThrow('splits');
  });
});
