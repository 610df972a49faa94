import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { metadataText } from '../../src/ipxe/metadata.ts';
import { expectGolden } from '../support/golden.ts';

describe("matchbox's metadata", () => {
  it('is an env file: capitals, nested names joined, lists left out, sorted', () => {
    const text = metadataText({
      mac: '52:54:00:55:1c:ee',
      etcd: { name: 'a', 'initial-cluster': 'a=http://a:2380,b=http://b:2380', deep: { er: true } },
      ssh_key: 'ssh-rsa AAA me@home',
      count: 3,
      half: 0.5,
      on: false,
      none: null,
      list: [1, 2],
      'odd key.x': 'y',
      empty: '',
    });
    expectGolden('render/metadata.env', text);
  });

  it('never lets a value become a second line, and a shell reads it back', () => {
    const values = {
      a: 'x\nINJECTED=1',
      b: 'say "hi" `id` $(id) $HOME \\ done',
      c: ' blanks ',
      d: 'cr\r\nlf',
      e: "it's",
    };
    const text = metadataText(values);
    const show = 'for n in A B C D E INJECTED; do eval "printf \'%s\\0\' \\"\\${$n-unset}\\""; done';
    const read = execFileSync('bash', ['-c', `${text}\n${show}`], { encoding: 'utf8' }).split('\0');
    expect(read.slice(0, 6)).toEqual([values.a, values.b, values.c, values.d, values.e, 'unset']);
  });

  it('drops NUL, which no environment can hold', () => {
    expect(metadataText({ a: 'x\0y' })).toBe('A="xy"\n');
  });

  it('is empty for nothing', () => {
    expect(metadataText({})).toBe('');
  });
});
