/** Resolves when the work is done or the signal aborts. */
export async function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const done = new AbortController();
  const cut = new Promise<void>((resolve) => {
    const listen = { once: true, signal: done.signal };
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      listen,
    );
  });
  await Promise.race([work, cut]);
  done.abort();
}
