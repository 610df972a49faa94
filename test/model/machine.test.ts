import { describe, expect, it } from 'vitest';
import { isLoopback, omitUndefined, parseLabel } from '../../src/model/machine.ts';

describe('parseLabel', () => {
  it.each([
    ['QEMU', 'QEMU'],
    ['Dell Inc.', 'Dell Inc.'],
    ['  To be   filled by O.E.M. ', 'To be filled by O.E.M.'],
    ['${uuid}', '__uuid_'],
    ['a && b ; c || d #e \\', 'a __ b _ c __ d _e _'],
    ['<b>"x"</b>', '_b__x__/b_'],
    ['日本', '__'],
  ])('%j becomes %j', (text, clean) => {
    expect(parseLabel(text)).toBe(clean);
  });
  it.each(['', '   ', 'a\nb', 'a\0', '\u001b[2J', 'x'.repeat(257)])('%j is nothing', (text) => {
    expect(parseLabel(text)).toBeUndefined();
  });
  it('keeps 128 characters', () => {
    expect(parseLabel('x'.repeat(200))).toHaveLength(128);
  });
});

it('what is not there does not stand in the way of what is', () => {
  const said: { readonly mac: string; readonly uuid?: string } = omitUndefined({ mac: 'm', uuid: undefined });
  expect(Object.keys(said)).toEqual(['mac']);
  expect({ uuid: 'known', ...said }).toEqual({ mac: 'm', uuid: 'known' });
});

it("the host's own addresses are told from names that begin like one", () => {
  const own = ['127.0.0.1', '127.9.8.7', '::ffff:127.0.0.1', '::1', '[::1]', 'localhost'];
  const others = [
    '127.example.org',
    '127.0.0.1.example.org',
    '10.127.0.1',
    '::11',
    'localhost.example.org',
    '',
    '0.0.0.0',
  ];
  expect([...own, ...others].filter(isLoopback)).toEqual(own);
});
