import { spawnSync } from 'node:child_process';
import { describe, expect, it, test } from 'vitest';
import { shellWord, unitCommand } from '../../src/documents/units.ts';

const HOSTILE = [
  '',
  'a b',
  "it's",
  '$HOME `id` $(id)',
  'a;b|c&d',
  '*',
  '~',
  '#x',
  '"',
  '\\',
  '%H',
  "'; rm -rf /; '",
  '-n\n',
];

describe('shellWord', () => {
  it('leaves what needs no quotes', () => {
    expect(shellWord('http://10.0.2.2:4777/a?mac=52-54')).toBe("'http://10.0.2.2:4777/a?mac=52-54'");
    expect(shellWord('/dev/disk/by-id/x_1.2:3+4')).toBe('/dev/disk/by-id/x_1.2:3+4');
  });

  test.each(HOSTILE)('is one word to a shell: %j', (text) => {
    expect(spawnSync('sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' }).stdout).toBe(text);
  });
});

describe('unitCommand', () => {
  it('means to systemd what it says', () => {
    expect(unitCommand(String.raw`a "b" \c %d $(e) ${'$'}f`)).toBe(String.raw`/bin/sh -c "a \"b\" \\c %%d $$(e) $$f"`);
  });
});
