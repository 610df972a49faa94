import { type Diagnostic, Failure } from '../model/failure.ts';
import type { Log, Service } from '../model/service.ts';

/** Where a fault arrives that nothing caught: the process. */
export interface FaultSource {
  on(event: 'uncaughtException' | 'unhandledRejection', onFault: (error: unknown) => void): unknown;
  off(event: 'uncaughtException' | 'unhandledRejection', onFault: (error: unknown) => void): unknown;
}

export interface LastResortOptions {
  /** Absent where this is not a process of its own: then nothing is caught. */
  readonly source: FaultSource | undefined;
  readonly log: Log;
  /** Whether HTTP listens: without it no machine is served, and there is nothing to keep alive. */
  readonly serves: () => boolean;
  /** Called once, with why the server cannot go on. */
  readonly giveUp: (why: Failure) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface LastResort extends Service {
  /** For the Health page. */
  diagnostics(): readonly Diagnostic[];
}

const MINUTE = 60_000;
/** A timer that fails at each turn shall not fill the disk with stacks. */
const TOLD_A_MINUTE = 10;

/**
 * Keeps a bug from ending the server: it is logged, shown on the Health page, and machines are served on. Node's default
 * (the process ends) protects state in memory; here nothing rests on that. What decides about disks is on the disk,
 * each write replaces a file whole, and whatever cannot be known means that a machine waits. A server that is down
 * boots nothing, and a request that can take it down can do so again after each restart.
 *
 * It does end where nothing is served: while HTTP does not listen yet, or no longer. Then systemd begins anew.
 */
export function createLastResort({ source, log, serves, giveUp, now }: LastResortOptions): LastResort {
  let count = 0;
  let lastAt = 0;
  let minute = 0;
  let told = 0;
  let over = false;

  function onFault(error: unknown): void {
    count += 1;
    lastAt = now();
    tell(error);
    if (over || serves()) return;
    over = true;
    giveUp(
      new Failure('unavailable', 'a bug ended the server: it is logged above', {
        remedy: 'start it again, and report the lines of the log',
        cause: error,
      }),
    );
  }

  function tell(error: unknown): void {
    const current = Math.floor(now() / MINUTE);
    if (current !== minute) told = 0;
    minute = current;
    told += 1;
    if (told > TOLD_A_MINUTE) return;
    const more = told === TOLD_A_MINUTE ? { more: 'those that follow in this minute are only counted' } : {};
    log.error({ err: error, faults: count, ...more }, 'a bug was caught by the last resort: machines are served on');
  }

  return {
    name: 'last resort',
    diagnostics() {
      if (count === 0) return [];
      const times = count === 1 ? 'a bug' : `${count} bugs`;
      const message = `the server met ${times} since its start, the last one at ${new Date(lastAt).toISOString()}`;
      const remedy =
        'machines are served on; report the lines "a bug was caught" of its log, and restart it when you can';
      return [{ severity: 'warning', message, remedy }];
    },
    start() {
      source?.on('uncaughtException', onFault);
      source?.on('unhandledRejection', onFault);
      return Promise.resolve();
    },
    stop() {
      source?.off('uncaughtException', onFault);
      source?.off('unhandledRejection', onFault);
      return Promise.resolve();
    },
  };
}
