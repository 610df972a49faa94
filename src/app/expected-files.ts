import type { InstallIdentity } from '../machines/mark.ts';

/** More than any network installs at one time. */
const MOST = 10_000;

/**
 * Which file a machine fetches last before its installer runs. A download says only from which address it came, and
 * several machines may share one (a proxy, NAT): then the one that has waited longest is taken for it.
 */
export class ExpectedFiles {
  /** By address and file; of each, the machines that wait, longest first. */
  readonly #waiting = new Map<string, Map<string, InstallIdentity>>();

  expect(from: string, path: string, who: InstallIdentity): void {
    const key = `${from} ${path}`;
    const machines = this.#waiting.get(key) ?? new Map<string, InstallIdentity>();
    machines.delete(who.key);
    machines.set(who.key, who);
    // Again at the end: what nobody has asked for since long goes first.
    this.#waiting.delete(key);
    this.#waiting.set(key, machines);
    for (const [oldest, waiting] of this.#waiting) {
      if (this.#waiting.size <= MOST && waiting.size <= MOST) break;
      this.#waiting.delete(oldest);
    }
  }

  /** The machine that now has its file; undefined when none waits for it. */
  arrived(from: string, path: string): InstallIdentity | undefined {
    const key = `${from} ${path}`;
    const machines = this.#waiting.get(key);
    const [first] = machines ?? [];
    if (machines === undefined || first === undefined) return undefined;
    machines.delete(first[0]);
    if (machines.size === 0) this.#waiting.delete(key);
    return first[1];
  }
}
