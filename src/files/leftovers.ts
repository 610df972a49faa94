import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../model/failure.ts';
import type { Log, Service } from '../model/service.ts';
import type { DataRoot } from './data-root.ts';
import { isLeftOver } from './lock.ts';

/** Where this program writes beside what is there: replace.ts, place-file.ts, lock.ts. */
const FOLDERS = ['profiles', 'configs', 'sshkeys', 'state'];
const DRAFT = /^\..+\.[0-9a-f]{12}(?:\.old)?\.draft$/;
const OF_A_LOCK = /\.lock\.[0-9a-f]{16}(?:\.sock)?$/;
const DEEPEST = 3;

/** Before anything is written: what a process that was killed left of its writing goes. */
export function leftovers(files: DataRoot, log: Log): Service {
  return {
    name: 'leftovers',
    async start() {
      const removed = await removeLeftovers(files);
      if (removed.length > 0)
        log.info({ removed: removed.join(', ') }, 'drafts of a process that was killed are removed');
    },
    stop: () => Promise.resolve(),
  };
}

/**
 * Removes what processes that were killed left of their writing: drafts, some of which hold a private key, and what
 * stands beside a lock while it is taken. A writer whose draft goes while it lives writes it again. Gives the paths
 * below the root; what cannot be read or removed stays.
 */
export async function removeLeftovers(root: DataRoot): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const folder of FOLDERS) await clean(folder, 1);
  return removed;

  async function clean(folder: string, depth: number): Promise<void> {
    const real = await root.real(folder).catch(asNothing);
    if (real === undefined) return;
    for (const entry of (await readdir(real, { withFileTypes: true }).catch(asNothing)) ?? []) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory() && depth < DEEPEST && !entry.name.startsWith('.')) await clean(path, depth + 1);
      else if (await isOurs(join(real, entry.name), entry.name).catch(asNothing)) {
        const done = await rm(join(real, entry.name), { force: true }).then(() => true, asNothing);
        if (done === true) removed.push(path);
      }
    }
  }
}

async function isOurs(path: string, name: string): Promise<boolean> {
  if (DRAFT.test(name)) return (await lstat(path)).isFile();
  return OF_A_LOCK.test(name) && (await isLeftOver(path));
}

function asNothing(error: unknown): undefined {
  if (error instanceof Failure || (error instanceof Error && 'code' in error)) return undefined;
  throw error;
}
