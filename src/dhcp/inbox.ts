/** What came from the network and is not looked at yet. */
export interface Inbox<T> {
  /** False when there is no room: the packet is lost. */
  put(packet: T): boolean;
  /** Forgets what waits; nothing is handled any more. */
  close(): void;
}

/**
 * Packets are taken out of the kernel's buffer first and answered afterwards, a few for each turn of the event loop: a room
 * that gets its power back asks faster than we answer, and the kernel's buffer holds a few hundred packets.
 * `handle` must not throw.
 */
export function createInbox<T>(handle: (packet: T) => void, { room = 8192, perTurn = 16 } = {}): Inbox<T> {
  let waiting: T[] = [];
  let next = 0;
  let turn: NodeJS.Immediate | undefined;

  const work = (): void => {
    turn = undefined;
    const until = Math.min(next + perTurn, waiting.length);
    while (next < until) {
      const packet = waiting[next];
      next += 1;
      if (packet !== undefined) handle(packet);
    }
    if (next < waiting.length) {
      turn = setImmediate(work);
      return;
    }
    waiting = [];
    next = 0;
  };

  return {
    put(packet) {
      if (waiting.length - next >= room) return false;
      waiting.push(packet);
      turn ??= setImmediate(work);
      return true;
    },
    close() {
      clearImmediate(turn);
      waiting = [];
      next = 0;
    },
  };
}
