import { applyChange, type DiscoveryChange, type DiscoveryStore, type StoredToken } from '../../src/model/discovery.ts';

/** Keeps tokens in memory. `gate` holds writes back until it lets them go, or makes them fail. */
export class MemoryDiscoveryStore implements DiscoveryStore {
  readonly written: DiscoveryChange[] = [];
  readonly #tokens = new Map<string, StoredToken>();
  #index = 0;
  gate: (change: DiscoveryChange) => Promise<void> = async () => undefined;

  async read() {
    return { index: this.#index, tokens: [...this.#tokens.values()] };
  }

  async write(change: DiscoveryChange): Promise<void> {
    await this.gate(change);
    const name = change.kind === 'created' ? change.token.token : change.token;
    const after = applyChange(this.#tokens.get(name), change);
    if (after === undefined) this.#tokens.delete(name);
    else this.#tokens.set(name, after);
    this.#index = Math.max(this.#index, change.index);
    this.written.push(change);
  }
}
