import { expect, test } from 'vitest';
import { machineKeyFrom } from '../../../src/admin/api/machine-routes.ts';
import { parseKey } from '../../../src/model/machine.ts';

test.each([
  ['52:54:00:12:34:56', '52:54:00:12:34:56'],
  ['52-54-00-12-34-AB', '52:54:00:12:34:ab'],
  ['5254001234ab', '52:54:00:12:34:ab'],
  ['uuid:7C2B1F0E-0000-4000-8000-000000000001', 'uuid:7c2b1f0e-0000-4000-8000-000000000001'],
  ['serial:ABC 123', 'serial:ABC 123'],
  ['serial:<b>', 'serial:_b_'],
])('%s is %s', (text, key) => {
  expect(machineKeyFrom(text)).toBe(key);
});

test.each(['', 'worker-1', '52:54:00', 'uuid:', 'uuid:00000000-0000-0000-0000-000000000000', 'serial:', 'serial:a\nb'])(
  '%j names no machine',
  (text) => {
    expect(parseKey(text)).toBeUndefined();
    expect(() => machineKeyFrom(text)).toThrow(expect.objectContaining({ code: 'invalid' }) as Error);
  },
);
