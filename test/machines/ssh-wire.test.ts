import { expect, test } from 'vitest';
import { sshNumber, sshReader, sshString } from '../../src/machines/host-keys.ts';

test('writes and reads strings and numbers with four bytes of length, highest first', () => {
  const bytes = Buffer.concat([sshString('ab'), sshNumber(258), sshString(Buffer.from([255])), Buffer.from('rest')]);
  expect(bytes.toString('hex')).toBe(['00000002', '6162', '00000102', '00000001ff', '72657374'].join(''));
  const reader = sshReader(bytes);
  expect([reader.string()?.toString(), reader.number(), reader.string(), reader.bytes(2)?.toString()]).toEqual([
    'ab',
    258,
    Buffer.from([255]),
    're',
  ]);
  expect(reader.rest().toString()).toBe('st');
});

test('gives undefined where too little is left', () => {
  expect(sshReader(Buffer.alloc(3)).number()).toBeUndefined();
  expect(sshReader(Buffer.alloc(3)).bytes(4)).toBeUndefined();
  expect(sshReader(Buffer.from('00000005616263', 'hex')).string()).toBeUndefined();
});
