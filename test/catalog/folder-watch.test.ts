import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createFolderWatch, systemWatch, type FolderWatch, type Watch } from '../../src/catalog/folder-watch.ts';
import { openDataRoot } from '../../src/files/data-root.ts';
import { makeFolder } from '../support/folder.ts';

const FOLDERS = ['profiles', 'configs'];

/** Watchers that are told when to speak. */
function fakes(refuse: (path: string) => boolean = () => false): {
  watch: Watch;
  open: Map<string, { change: () => void; fail: () => void }>;
} {
  const open = new Map<string, { change: () => void; fail: () => void }>();
  return {
    open,
    watch(path, change, onError) {
      if (refuse(path)) throw new Error('ENOSPC: no watchers left');
      const own = {
        change,
        fail: () => {
          onError(new Error('EIO'));
        },
      };
      open.set(path, own);
      return {
        close: () => {
          if (open.get(path) === own) open.delete(path);
        },
      };
    },
  };
}

async function watching(dir: string, watch: Watch): Promise<{ folders: FolderWatch; heard: () => number }> {
  let count = 0;
  const folders = createFolderWatch(
    await openDataRoot(dir),
    () => FOLDERS,
    watch,
    () => {
      count += 1;
    },
  );
  await folders.refresh();
  return { folders, heard: () => count };
}

test('the root and the folders are watched once each', async () => {
  const dir = makeFolder();
  const { watch, open } = fakes();
  const { folders, heard } = await watching(dir, watch);
  await folders.refresh();
  expect([...open.keys()].sort()).toEqual([dir, join(dir, 'configs'), join(dir, 'profiles')]);
  open.get(join(dir, 'configs'))?.change();
  expect(heard()).toBe(1);
  folders.close();
  expect(open.size).toBe(0);
});

test('a folder that appears is watched, one that goes is let go', async () => {
  const dir = makeFolder();
  rmSync(join(dir, 'configs'), { recursive: true });
  const { watch, open } = fakes();
  const { folders } = await watching(dir, watch);
  expect(open.has(join(dir, 'configs'))).toBe(false);
  expect(folders.isBlind()).toBe(false);
  mkdirSync(join(dir, 'configs'));
  await folders.refresh();
  expect(open.has(join(dir, 'configs'))).toBe(true);
  rmSync(join(dir, 'configs'), { recursive: true });
  await folders.refresh();
  expect(open.has(join(dir, 'configs'))).toBe(false);
});

test('a folder that was replaced is watched anew', async () => {
  const dir = makeFolder();
  const { watch, open } = fakes();
  const { folders } = await watching(dir, watch);
  const before = open.get(join(dir, 'profiles'));
  renameSync(join(dir, 'profiles'), join(dir, 'old'));
  mkdirSync(join(dir, 'profiles'));
  await folders.refresh();
  expect(open.get(join(dir, 'profiles'))).not.toBe(before);
});

test('behind a link its target is watched', async () => {
  const dir = makeFolder();
  rmSync(join(dir, 'configs'), { recursive: true });
  mkdirSync(join(dir, 'real'));
  symlinkSync('real', join(dir, 'configs'));
  const { watch, open } = fakes();
  await watching(dir, watch);
  expect(open.has(join(dir, 'real'))).toBe(true);
});

test('where no watcher is to be had, or one fails, it says so until there is one again', async () => {
  const dir = makeFolder();
  let full = true;
  const { watch, open } = fakes((path) => full && path.endsWith('configs'));
  const { folders, heard } = await watching(dir, watch);
  expect(folders.isBlind()).toBe(true);
  full = false;
  await folders.refresh();
  expect(folders.isBlind()).toBe(false);
  open.get(join(dir, 'profiles'))?.fail();
  expect(folders.isBlind()).toBe(true);
  expect(heard(), 'a failure is a reason to look').toBe(1);
  expect(open.has(join(dir, 'profiles'))).toBe(false);
});

test('nothing is watched after the end, also when the end comes in between', async () => {
  const dir = makeFolder();
  const { watch, open } = fakes();
  const folders = createFolderWatch(
    await openDataRoot(dir),
    () => FOLDERS,
    watch,
    () => undefined,
  );
  const running = folders.refresh();
  folders.close();
  await running;
  expect(open.size).toBe(0);
});

test("the system's watcher hears a new file", async () => {
  const dir = makeFolder();
  await new Promise<void>((resolve) => {
    const handle = systemWatch(
      dir,
      () => {
        handle.close();
        resolve();
      },
      () => undefined,
    );
    mkdirSync(join(dir, 'new'));
  });
});
