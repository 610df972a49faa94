/**
 * Works on a list, so many at a time. After the first failure nothing new is begun, the others are told by the signal,
 * and when they have ended the failure is thrown. Results are in the order of the list.
 */
export async function inParallel<T, R>(
  items: readonly T[],
  atOnce: number,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<readonly R[]> {
  const results = new Map<number, R>();
  const failed = new AbortController();
  const both = AbortSignal.any([signal, failed.signal]);
  const queue = items.entries();
  const failures: unknown[] = [];
  async function worker(): Promise<void> {
    for (const [i, item] of queue) {
      if (failures.length > 0) return;
      try {
        results.set(i, await work(item, both));
      } catch (error) {
        failures.push(error);
        failed.abort(error);
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failures.length > 0) throw failures[0];
  return items.map((_, i) => results.get(i) as R);
}
