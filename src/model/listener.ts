import type { Log } from './log.ts';

/**
 * `work` as an event listener or a timer's callback. What a listener throws ends the whole process, or keeps the event
 * from those who listen after it: here it is logged as what it is, a bug, and everything else goes on.
 */
export function listener<Args extends readonly unknown[]>(
  log: Pick<Log, 'error'>,
  what: string,
  work: (...args: Args) => void,
): (...args: Args) => void {
  return (...args) => {
    try {
      work(...args);
    } catch (error) {
      log.error({ listener: what, err: error }, 'an event listener failed');
    }
  };
}
