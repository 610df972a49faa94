import type { LookupFunction } from 'node:net';
import { SILENT } from '../../src/model/service.ts';
import { openDataRoot } from '../../src/files/data-root.ts';
import { diskSpace } from '../../src/releases/draft.ts';
import { acquireLock } from '../../src/files/lock.ts';
import { obtainRelease, type Published } from '../../src/releases/obtain.ts';
import { LIMITS } from '../../src/releases/ports.ts';
import { resolveRelease } from '../../src/releases/resolve.ts';
import { SYSTEMS } from '../../src/os/systems.ts';

const nowhere: LookupFunction = (_name, _options, callback) => {
  callback(Object.assign(new Error('no names here'), { code: 'ENOTFOUND' }), '', 4);
};

/** One sync of Flatcar's stable channel under the lock, as a process of its own would do it. */
export async function runOnce(dir: string, mirror: string, pinned: string): Promise<Published> {
  const root = await openDataRoot(dir);
  const ports = {
    root,
    network: {
      limits: { ...LIMITS, idle: 5000, retries: 1 },
      clock: { now: () => Date.now(), random: Math.random, sleep: () => Promise.resolve() },
      configured: new Set([new URL(mirror).host]),
      lookup: nowhere,
      log: SILENT,
      signal: new AbortController().signal,
    },
    progress: () => undefined,
    space: diskSpace,
  };
  const lock = await acquireLock(`${dir}/state/sync.lock`, 'a test');
  try {
    const step = SYSTEMS.flatcar.start({ channel: 'stable', arch: 'amd64', install: false, mirror, pinned: [pinned] });
    return await obtainRelease(await resolveRelease('flatcar', step, ports), ports);
  } finally {
    await lock.release();
  }
}
