import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { type FileFacts } from '../../src/files/file-facts.ts';
import { listFolder } from '../../src/files/list-folder.ts';

const FACTS: FileFacts = { size: 1, mtimeMs: 1, dev: 1n, ino: 1n, nlink: 1n, mtimeNs: 1n, ctimeNs: 1n };

describe('listFolder', () => {
  test('sorts by code units, and looks below the folder', async () => {
    const asked: string[] = [];
    const listing = await listFolder(['b', 'a10', 'B', 'a9', 'ä'], 'configs', async (path) => {
      asked.push(path);
      return FACTS;
    });
    expect(listing).toEqual({ names: ['B', 'a10', 'a9', 'b', 'ä'], broken: [] });
    expect(asked).toContain('configs/a10');
  });

  test('keeps what cannot be read apart, with its reason', async () => {
    const failure = new Failure('refused', 'no');
    const listing = await listFolder(['good', 'bad'], 'x', async (path) => {
      if (path === 'x/bad') throw failure;
      return FACTS;
    });
    expect(listing).toEqual({ names: ['good'], broken: [{ name: 'bad', failure }] });
  });

  test('does not hide a bug', async () => {
    const bug = new TypeError('bug');
    await expect(listFolder(['a'], 'x', () => Promise.reject(bug))).rejects.toBe(bug);
  });
});
