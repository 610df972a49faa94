import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { echoLines, inert, liveText, queryUrl, safeEcho } from '../../src/ipxe/ipxe-text.ts';

/** Every one of these ran a second command, or changed the line, on a real iPXE. */
const LIVE: readonly (readonly [text: string, shown: string, reason: RegExp])[] = [
  ['a && echo INJECTED', "a '&&' echo INJECTED", /"&&", which splits/],
  ['a ; echo INJECTED', "a ';' echo INJECTED", /";", which splits/],
  ['a || echo INJECTED', "a '||' echo INJECTED", /"\|\|", which splits/],
  ['|| x', "'||' x", /"\|\|"/],
  ['x &&', "x '&&'", /"&&"/],
  ['a\t&&\techo INJECTED', "a '&&' echo INJECTED", /control character/],
  ['a\v&&\vecho INJECTED', "a '&&' echo INJECTED", /control character/],
  ['a\necho INJECTED', 'a echo INJECTED', /line break/],
  ['a\r&& echo INJECTED', "a '&&' echo INJECTED", /line break/],
  ['a #1 b', "a '#1' b", /word "#1"/],
  ['#', "'#'", /word "#"/],
  ['${mac}', '$ {mac}', /"\$\{"/],
  ['$${x}', '$$ {x}', /"\$\{"/],
  ['tail\\', "tail\\'", /backslash/],
  ['\u0000x', '?x', /control character/],
  ['\u001b[31m', '?[31m', /control character/],
  ['a\u00a0&&\u00a0b', "a '&&' b", /cannot be printed/],
  ['a\u2028b', 'a b', /cannot be printed/],
  ['a\u200bb', 'a?b', /cannot be printed/],
  ['a\ud800b', 'a?b', /cannot be printed/],
];

/** Harmless inside a word. */
const PLAIN = [
  'a#b',
  'p&&q',
  'p;q',
  '|',
  'a|b',
  '$x',
  '{}',
  'a\\b',
  '"q"',
  "it's",
  'ds=nocloud;dsmode=net;s=http://x/?a=b&c=d',
  '--',
  'x=%20',
];

describe('safeEcho', () => {
  it.each(LIVE)('disarms %j', (text, shown) => {
    expect(safeEcho(text)).toBe(shown);
    expect(liveText(safeEcho(text))).toBeUndefined();
  });

  it.each(PLAIN.filter((text) => !text.startsWith('-')))('leaves %j alone', (text) => {
    expect(safeEcho(text)).toBe(text);
  });

  it('never begins with what iPXE takes for an option', () => {
    expect(safeEcho('-n --help')).toBe('*n --help');
    expect(safeEcho('  --name x')).toBe('*-name x');
  });

  it('is short', () => {
    expect(safeEcho('x'.repeat(5000))).toHaveLength(400);
  });
});

describe('echoLines', () => {
  it('makes empty lines of empty text and stops at sixty', () => {
    expect(echoLines(['a', '', ' b '])).toEqual(['echo a', 'echo', 'echo b']);
    expect(echoLines(Array<string>(100).fill('x'))).toHaveLength(60);
  });
});

describe('liveText', () => {
  it('lets the letters of any language pass, but shows them as ? on a screen that may not have them', () => {
    expect(liveText('sshkey="ssh-rsa AAA jörg@büro 東"')).toBeUndefined();
    expect(safeEcho('jörg')).toBe('j?rg');
  });

  it.each(LIVE)('finds what is live in %j', (text, _, reason) => {
    expect(liveText(text)).toMatch(reason);
  });

  it.each(PLAIN)('finds nothing in %j', (text) => {
    expect(liveText(text)).toBeUndefined();
  });
});

describe('inert', () => {
  it('passes plain text and stops the rest', () => {
    expect(inert('console=ttyS0')).toBe('console=ttyS0');
    for (const [text] of LIVE) expect(() => inert(text)).toThrow(Failure);
  });

  it('does not repeat what is dangerous in its own message', () => {
    expect(() => inert('a\nb ${x}')).toThrow('"a b $ {x}" holds a line break');
  });
});

describe('queryUrl', () => {
  it('encodes values and leaves out what is not known', () => {
    const url = queryUrl('http://h/ipxe', [
      ['mac', '52:54'],
      ['uuid', undefined],
      ['serial', ''],
      ['product', 'a&b=c #1 +x/%'],
    ]);
    expect(url).toBe('http://h/ipxe?mac=52:54&product=a%26b%3Dc%20%231%20%2Bx%2F%25');
    expect(new URL(url).searchParams.get('product')).toBe('a&b=c #1 +x/%');
    expect(queryUrl('http://h/ipxe', [])).toBe('http://h/ipxe');
  });
});
