import { describe, expect, test } from 'vitest';
import { manifestText, parseManifest } from '../../src/images/manifest.ts';

const SHA256 = 'a'.repeat(64);
const SHA512 = 'b'.repeat(128);

describe('the manifest', () => {
  test('is read as it was written', () => {
    const manifest = { files: { kernel: { size: 3, sha256: SHA256, sha512: SHA512 }, initrd: { size: 0, sha256: SHA256 } } };
    expect(parseManifest(manifestText(manifest))).toEqual(manifest);
    expect(manifestText(manifest).endsWith('}\n')).toBe(true);
  });

  test('may know more than we do', () => {
    expect(parseManifest(`{"made":1,"files":{"a":{"size":1,"sha256":"${SHA256}","x":2}}}`)).toEqual({
      files: { a: { size: 1, sha256: SHA256 } },
    });
  });

  test('a file called __proto__ is a file', () => {
    const manifest = parseManifest(`{"files":{"__proto__":{"size":1,"sha256":"${SHA256}"}}}`);
    expect(Object.keys(manifest.files)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['size']).toBeUndefined();
  });

  test.each([
    '',
    '[]',
    'null',
    '{}',
    '{"files":[]}',
    '{"files":{"a":1}}',
    `{"files":{"a":{"sha256":"${SHA256}"}}}`,
    `{"files":{"a":{"size":-1,"sha256":"${SHA256}"}}}`,
    `{"files":{"a":{"size":1.5,"sha256":"${SHA256}"}}}`,
    '{"files":{"a":{"size":1}}}',
    `{"files":{"a":{"size":1,"sha256":"${SHA256}a"}}}`,
    `{"files":{"a":{"size":1,"sha256":"${SHA256.toUpperCase()}"}}}`,
    `{"files":{"a":{"size":1,"sha256":"${SHA256}","sha512":"${SHA256}"}}}`,
    `{"files":{"a":{"size":1,"sha256":"${SHA256}","sha512":null}}}`,
  ])('%s is none', (text) => {
    expect(() => parseManifest(text)).toThrow(expect.objectContaining({ code: 'broken' }));
  });
});
