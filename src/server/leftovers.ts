import type { Log, Service } from '../model/service.ts';
import type { DataRoot } from '../files/data-root.ts';
import { removeLeftovers } from '../files/leftovers.ts';

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
