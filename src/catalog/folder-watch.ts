import { watch as watchFolder, type FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path/posix';
import type { DataRoot } from '../files/data-root.ts';

/** Starts to listen to one folder; `onChange` may come too often, and may not know the name of what changed in it. */
export type Watch = (
  path: string,
  onChange: (name?: string | null) => void,
  onError: (error: unknown) => void,
) => { close(): void };

/** inotify, kqueue or what the system has, through node:fs. */
export const systemWatch: Watch = (path, onChange, onError) => {
  // Not persistent: the sockets keep the server alive, a watcher alone must not keep a command from ending.
  const watcher: FSWatcher = watchFolder(path, { persistent: false }, (_, name) => {
    onChange(name);
  });
  watcher.on('error', onError);
  return watcher;
};

/** Keeps an eye on folders that may appear, be replaced and go. */
export interface FolderWatch {
  /** Starts watching what is there and not watched, which it says; call it again after every sign of change. */
  refresh(): Promise<boolean>;
  /** True when a folder that exists is not watched: then only looking again finds its changes. */
  isBlind(): boolean;
  close(): void;
}

interface Watched {
  readonly identity: string;
  close(): void;
}

/**
 * Watches the folders (asked for anew at every refresh), and the root in which they may appear. Reports the path of what
 * changed, `profiles/a.json`, or undefined where that is not known. The system's watchers stay with a folder that was
 * renamed away or replaced, so the folder's inode is compared at every refresh.
 */
export function createFolderWatch(
  files: DataRoot,
  folders: () => readonly string[],
  watch: Watch,
  onChange: (file: string | undefined) => void,
): FolderWatch {
  const watched = new Map<string, Watched>();
  const blind = new Set<string>();
  let closed = false;

  async function refreshOne(folder: string): Promise<boolean> {
    const path = await pathOf(folder);
    const identity = path === undefined ? undefined : await identityOf(path);
    const known = watched.get(folder);
    if (known !== undefined && known.identity === identity) return false;
    drop(folder);
    blind.delete(folder);
    if (path === undefined || identity === undefined || closed) return false;
    try {
      const report = (name?: string | null): void => {
        onChange(typeof name === 'string' ? join(folder, name) : undefined);
      };
      const handle = watch(path, report, () => {
        drop(folder);
        blind.add(folder);
        onChange(undefined);
      });
      watched.set(folder, {
        identity,
        close: () => {
          handle.close();
        },
      });
      return true;
    } catch {
      // No more watches to be had (fs.inotify.max_user_watches), or a file system that has none.
      blind.add(folder);
      return false;
    }
  }

  /** The root is '', the folders are real paths: a link's target is what changes. */
  async function pathOf(folder: string): Promise<string | undefined> {
    if (folder === '') return files.dir;
    try {
      return await files.real(folder);
    } catch {
      return undefined;
    }
  }

  function drop(folder: string): void {
    watched.get(folder)?.close();
    watched.delete(folder);
  }

  return {
    async refresh() {
      const wanted = ['', ...folders()];
      for (const folder of watched.keys()) if (!wanted.includes(folder)) drop(folder);
      for (const folder of blind) if (!wanted.includes(folder)) blind.delete(folder);
      let isNew = false;
      for (const folder of wanted) isNew = (await refreshOne(folder)) || isNew;
      return isNew;
    },
    isBlind: () => blind.size > 0,
    close() {
      closed = true;
      for (const folder of [...watched.keys()]) drop(folder);
    },
  };
}

async function identityOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
