import type { Backend } from './backend.ts';
import { Host, type HostOptions } from './host.ts';

/** The database on the calling thread: for commands that look once, and for the sync in its own process. */
export function openInProcess(options: HostOptions): Backend {
  const host = new Host(options);
  // One after the other, as on a thread.
  let last: Promise<unknown> = Promise.resolve();
  return {
    call: (request, ...args) => {
      const answer = last.then(() => host.call(request, args));
      last = answer.catch(() => undefined);
      return answer;
    },
    async end() {
      await last;
      await host.call('close', []);
    },
  };
}
