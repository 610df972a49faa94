/** The program that started this one, over Node's IPC channel. */
export interface ParentChannel {
  send(message: object): void;
  /** Aborts when the parent is gone: nobody would hear how it ends. */
  readonly gone: AbortSignal;
  /** Resolves when everything that was sent has left; afterwards the channel no longer keeps this process alive. */
  close(): Promise<void>;
}

/** Undefined where no program that speaks IPC started this one. */
export function parentChannel(own: NodeJS.Process): ParentChannel | undefined {
  if (own.send === undefined) return undefined;
  const gone = new AbortController();
  own.on('disconnect', () => {
    gone.abort();
  });
  let onTheWay = 0;
  let drained: (() => void) | undefined;
  return {
    gone: gone.signal,
    send(message) {
      if (!own.connected) return;
      onTheWay += 1;
      // With a callback a broken channel is no event that ends the process.
      own.send?.(message, undefined, undefined, () => {
        onTheWay -= 1;
        if (onTheWay === 0) drained?.();
      });
    },
    async close() {
      if (onTheWay > 0) await new Promise<void>((resolve) => (drained = resolve));
      if (own.connected) own.disconnect();
    },
  };
}
