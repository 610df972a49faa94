import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readAll } from '../../src/files/read-all.ts';
import { makeFolder } from '../support/folder.ts';

async function readOf(text: string, expected: number, maxBytes: number): Promise<string | undefined> {
  const handle = await open(join(makeFolder({ a: text }), 'a'), 'r');
  try {
    return (await readAll(handle, expected, maxBytes))?.toString();
  } finally {
    await handle.close();
  }
}

describe('readAll', () => {
  test.each([0, 3, 4, 5, 100])('reads 4 bytes when %i were expected', async (expected) => {
    expect(await readOf('abcd', expected, 1000)).toBe('abcd');
  });

  test('reads an empty file', async () => {
    expect(await readOf('', 0, 0)).toBe('');
  });

  test('admits exactly the limit and not one byte more', async () => {
    expect(await readOf('abcd', 4, 4)).toBe('abcd');
    expect(await readOf('abcde', 5, 4)).toBeUndefined();
  });

  test('a file that grew beyond the limit while it was read is over it', async () => {
    expect(await readOf('x'.repeat(5000), 2, 4999)).toBeUndefined();
    expect(await readOf('x'.repeat(5000), 2, 5000)).toHaveLength(5000);
  });
});
