import { expect, test } from 'vitest';
import { imagePath } from '../../src/http/machine-handler.ts';

test('a plain path, decoded once', () => {
  expect(imagePath('amd64-usr/1298.6.0/coreos_production_pxe.vmlinuz')).toBe(
    'amd64-usr/1298.6.0/coreos_production_pxe.vmlinuz',
  );
  expect(imagePath('a%2Bb/c~d')).toBe('a+b/c~d');
});

test.each(['', 'a/', '/a', '..', 'a/%2e%2e/b', 'a%2fb', '%c0%ae%c0%ae/x', 'a%00', 'a\\b'])('nothing: %j', (rest) => {
  expect(() => imagePath(rest)).toThrow(expect.objectContaining({ code: 'not-found' }) as Error);
});
