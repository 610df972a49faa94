import { statSync, writeFileSync } from 'node:fs';

/**
 * Waits until what happens to a file from now on has a later time than what happened before: a file system's clock may
 * stand still for some milliseconds.
 */
export async function nextTick(path: string): Promise<void> {
  const probe = `${path}.tick`;
  const before = statSync(path, { bigint: true }).ctimeNs;
  for (;;) {
    writeFileSync(probe, '');
    if (statSync(probe, { bigint: true }).ctimeNs > before) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
