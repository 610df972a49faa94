import { ipv4Number, ipv4Text, isHostAddress, isInNetwork } from '../model/ipv4.ts';
import type { Mac, Uuid } from '../model/machine.ts';
import type { Lease, LeaseBook } from './lease-book.ts';
import { isInPool, type Subnet } from './subnets.ts';

/** Who asks for an address. */
export interface Client {
  readonly mac: Mac;
  readonly uuid?: Uuid;
}

/** The addresses that profiles give to machines. */
export interface Reservations {
  /** Those of this machine. */
  of(client: Client): readonly string[];
  /** Whose it is. Its card is not known where a profile knows the machine by something else. */
  owner(address: string): { readonly mac: Mac | undefined } | undefined;
}

export interface AllocatorOptions {
  readonly book: Pick<LeaseBook, 'all' | 'at' | 'of'>;
  readonly reservations: () => Reservations;
  /** Addresses that no machine gets: this host's own, routers. */
  readonly taken: () => ReadonlySet<string>;
  /** Milliseconds of the leases' clock. */
  readonly now: () => number;
}

/** An address for a machine. `leased`: it has it now. */
export interface Choice {
  readonly address: string;
  readonly leased: boolean;
  readonly reserved: boolean;
}

/** So long an address that was offered waits for its machine, while there are others. */
const OFFER_MS = 60_000;
/** A Map that loses its first entries is walked from where they were: what is over is taken out now and then. */
const SWEEP_MS = 1000;

/** Which address a machine gets. Changes nothing but what is held for offers. */
export class Allocator {
  readonly #options: AllocatorOptions;
  /** Offered and not asked for yet, by address, the oldest first. */
  readonly #held = new Map<string, { readonly mac: Mac; readonly until: number }>();
  #sweptAt = -Infinity;
  readonly #heldBy = new Map<Mac, Set<string>>();
  /** Where the search for an address that was never given begins, by network. */
  readonly #next = new Map<number, number>();

  constructor(options: AllocatorOptions) {
    this.#options = options;
  }

  /**
   * Its reservation; else what it has or had; else what it asks for; else one that was never given; else the one that is unused
   * for longest. Undefined when the pool is full.
   */
  choose(client: Client, subnet: Subnet, wanted: string | undefined): Choice | undefined {
    const { mac } = client;
    const reserved = this.reservation(client, subnet);
    if (reserved !== undefined && !this.#isAnothers(reserved, mac)) return this.#choice(reserved, mac, true);
    const had = this.#options.book.of(mac).map(({ address }) => address);
    const first = [...had, ...(this.#heldBy.get(mac) ?? []), ...(wanted === undefined ? [] : [wanted])].find(
      (address) => this.#isFree(address, mac, subnet),
    );
    const address = first ?? this.#fresh(mac, subnet) ?? this.#oldest(mac, subnet);
    return address === undefined ? undefined : this.#choice(address, mac, false);
  }

  /** Whether the machine may have this address now. */
  mayHave(client: Client, subnet: Subnet, address: string): boolean {
    const reserved = this.reservation(client, subnet);
    if (reserved !== undefined && !this.#isAnothers(reserved, client.mac)) return reserved === address;
    return this.#isFree(address, client.mac, subnet);
  }

  /** The address in this network that a profile gives the machine. */
  reservation(client: Client, subnet: Subnet): string | undefined {
    return this.#options
      .reservations()
      .of(client)
      .find((address) => isHostAddress(subnet, ipv4Number(address)) && !this.#options.taken().has(address));
  }

  hold(address: string, mac: Mac): void {
    const now = this.#options.now();
    this.#release(address);
    this.#held.set(address, { mac, until: now + OFFER_MS });
    this.#heldBy.set(mac, (this.#heldBy.get(mac) ?? new Set()).add(address));
    if (now < this.#sweptAt + SWEEP_MS && now >= this.#sweptAt) return;
    this.#sweptAt = now;
    for (const [oldest, { until }] of this.#held) {
      if (until > now) break;
      this.#release(oldest);
    }
  }

  /** Forgets what was offered to the machine, or one address of that. */
  drop(mac: Mac, address?: string): void {
    for (const held of [...(this.#heldBy.get(mac) ?? [])]) if ((address ?? held) === held) this.#release(held);
  }

  #release(address: string): void {
    const mac = this.#held.get(address)?.mac;
    this.#held.delete(address);
    if (mac === undefined) return;
    const all = this.#heldBy.get(mac);
    all?.delete(address);
    if (all?.size === 0) this.#heldBy.delete(mac);
  }

  #choice(address: string, mac: Mac, reserved: boolean): Choice {
    const lease = this.#options.book.at(address);
    return { address, reserved, leased: lease?.mac === mac && this.#isInForce(lease) };
  }

  #isInForce(lease: Lease | undefined): lease is Lease {
    return lease !== undefined && lease.state !== 'released' && lease.until > this.#options.now();
  }

  /** Given to another machine, or at rest. */
  #isAnothers(address: string, mac: Mac): boolean {
    const lease = this.#options.book.at(address);
    return this.#isInForce(lease) && (lease.mac !== mac || lease.state === 'resting');
  }

  #isFree(address: string, mac: Mac, subnet: Subnet, offered = false): boolean {
    if (!isInPool(subnet, ipv4Number(address)) || this.#options.taken().has(address)) return false;
    if (this.#isAnothers(address, mac)) return false;
    const held = this.#held.get(address);
    if (!offered && held !== undefined && held.mac !== mac && held.until > this.#options.now()) return false;
    const owner = this.#options.reservations().owner(address);
    if (owner === undefined) return true;
    // A machine that is known by its UUID keeps its address where its system does not say the UUID any more.
    return owner.mac === undefined ? this.#options.book.at(address)?.mac === mac : owner.mac === mac;
  }

  #fresh(mac: Mac, subnet: Subnet): string | undefined {
    const pools = subnet.pools.filter(({ dynamic }) => dynamic);
    const size = pools.reduce((sum, { first, last }) => sum + last - first + 1, 0);
    const start = this.#next.get(subnet.network) ?? 0;
    for (let step = 0; step < size; step += 1) {
      const index = (start + step) % size;
      const address = ipv4Text(nth(pools, index));
      if (this.#options.book.at(address) !== undefined || !this.#isFree(address, mac, subnet)) continue;
      this.#next.set(subnet.network, index + 1);
      return address;
    }
    return undefined;
  }

  /** Of addresses that are free again the one that was given longest ago; else one that was offered in vain. */
  #oldest(mac: Mac, subnet: Subnet): string | undefined {
    for (const { address } of this.#options.book.all()) {
      if (isInNetwork(subnet, ipv4Number(address)) && this.#isFree(address, mac, subnet)) return address;
    }
    return [...this.#held.keys()].find((address) => this.#isFree(address, mac, subnet, true));
  }
}

function nth(pools: Subnet['pools'], index: number): number {
  let rest = index;
  for (const { first, last } of pools) {
    if (rest <= last - first) return first + rest;
    rest -= last - first + 1;
  }
  return 0;
}
