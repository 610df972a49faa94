import type { InstallIdentity } from '../machines/mark.ts';

/** More than any network installs at one time. */
const MOST = 10_000;

/**
 * Which file a machine fetches last before its installer runs. A download says only from which address it came, and
 * several machines may share one (a proxy, NAT): then the one that has waited longest is taken for it.
 */
export class ExpectedFiles {
  /** By address and file; of each, the machines that wait, longest first. What was asked for last stands last. */
  readonly #waiting = new Map<string, Map<string, InstallIdentity>>();
  /** Of all machines in it. */
  #size = 0;

  expect(from: string, path: string, who: InstallIdentity): void {
    const key = `${from} ${path}`;
    const machines = this.#waiting.get(key) ?? new Map<string, InstallIdentity>();
    if (!machines.delete(who.key)) this.#size += 1;
    machines.set(who.key, who);
    this.#waiting.delete(key);
    this.#waiting.set(key, machines);
    // Machines that never come for their file, under names without end.
    for (const [oldest] of this.#waiting) {
      while (this.#size > MOST && this.#takeFirst(oldest) !== undefined);
      if (this.#size <= MOST) break;
    }
  }

  /** The machine that now has its file; undefined when none waits for it. */
  arrived(from: string, path: string): InstallIdentity | undefined {
    return this.#takeFirst(`${from} ${path}`);
  }

  #takeFirst(key: string): InstallIdentity | undefined {
    const machines = this.#waiting.get(key);
    const [first] = machines ?? [];
    if (machines === undefined || first === undefined) return undefined;
    machines.delete(first[0]);
    this.#size -= 1;
    if (machines.size === 0) this.#waiting.delete(key);
    return first[1];
  }
}
