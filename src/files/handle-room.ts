import { readdirSync, readFileSync } from 'node:fs';

/** A server that is switched on beside a rack: enough for files, the journal, TFTP and a child. */
const LEAST_RESERVE = 48;
const LEAST_ROOM = 16;

export interface HandleCount {
  /** How many this process may have. */
  readonly limit: number;
  readonly open: number;
}

/**
 * How many connections HTTP may hold, so that handles for the files that are asked for are left: a crowd that takes all
 * of them would be answered 503, every one of it. At most `most`; that, where the limit is not known.
 */
export function connectionRoom(most: number, count: HandleCount | undefined = countHandles()): number {
  if (count === undefined) return most;
  const reserve = Math.max(LEAST_RESERVE, Math.floor(count.limit / 8));
  return Math.min(most, Math.max(LEAST_ROOM, count.limit - count.open - reserve));
}

/** From proc(5); undefined where there is none, or no limit. */
function countHandles(): HandleCount | undefined {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? undefined : { limit: Number(soft), open: readdirSync('/proc/self/fd').length };
  } catch {
    return undefined;
  }
}
