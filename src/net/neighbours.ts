import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { type Mac, parseMac } from '../model/machine.ts';
import type { Log } from '../model/service.ts';

/** What this host's kernel knows of the machines on its own wires. */
export interface Neighbours {
  /**
   * To which network card what is sent to this address goes now. Undefined where the kernel does not know: the address is
   * behind a router, is our own, or its entry is incomplete or failed.
   */
  macOf(address: string): Promise<Mac | undefined>;
}

export interface NeighbourSources {
  /** `/proc/self/net/arp`. */
  readonly arp: () => string | Promise<string>;
  /** `ip -6 -j neigh`. */
  readonly ipv6: () => Promise<string>;
}

/** Address (of IPv6 with its interface behind a percent sign, too) to card; undefined where two entries contradict. */
type Table = ReadonlyMap<string, Mac | undefined>;

/**
 * The table is read anew for every question: who answers it from memory answers for a moment that is over. An entry that the
 * kernel calls stale counts, because the packets of a connection that stands go there.
 */
export function createNeighbours(log: Log, sources: NeighbourSources = KERNEL): Neighbours {
  let failed = false;
  const arp = shared(async () => arpTable(await sources.arp()));
  const ipv6 = shared(async () => ipTable(await sources.ipv6()));

  async function table(v4: boolean): Promise<Table> {
    try {
      return v4 ? await arp() : await ipv6();
    } catch (error) {
      const remedy = v4 ? 'let the server read /proc/self/net/arp' : 'install iproute2';
      if (!failed) log.warn({ err: error, remedy }, "the kernel's table of neighbours cannot be read");
      failed = true;
      return new Map();
    }
  }

  return {
    macOf: async (address) => (await table(isIPv4(address))).get(address.toLowerCase()),
  };
}

/**
 * One look at a time, and one more for all who asked meanwhile: each gets what was read after it asked, and a crowd of
 * strangers starts no crowd of programs.
 */
function shared<T>(read: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  let next: Promise<T> | undefined;

  function begin(): Promise<T> {
    next = undefined;
    const begun = read().finally(() => {
      if (running === begun) running = undefined;
    });
    running = begun;
    return begun;
  }

  return () => {
    if (running === undefined) return begin();
    next ??= running.then(begin, begin);
    return next;
  };
}

/** ATF_COM of linux/if_arp.h: the card is known. */
const COMPLETE = 0x2;

/**
 * `10.0.0.7  0x1  0x2  52:54:00:55:1c:ee  *  eth0` below a line of titles. Incomplete and failed entries have neither flag
 * nor card.
 */
export function arpTable(text: string): Table {
  const table = new Map<string, Mac | undefined>();
  for (const line of text.split('\n').slice(1)) {
    const [address = '', , flags = '', card = ''] = line.trim().split(/\s+/);
    if (isIPv4(address) && (Number(flags) & COMPLETE) !== 0) enter(table, address, card);
  }
  return table;
}

const USELESS: readonly unknown[] = ['FAILED', 'INCOMPLETE', 'NONE'];

/** What `ip -6 -j neigh` prints. Throws for what is no JSON. */
export function ipTable(text: string): Table {
  const table = new Map<string, Mac | undefined>();
  const entries: unknown = text.trim() === '' ? [] : JSON.parse(text);
  for (const entry of Array.isArray(entries) ? (entries as readonly unknown[]) : []) {
    if (typeof entry !== 'object' || entry === null) continue;
    const { dst, dev, lladdr, state } = entry as Readonly<Record<string, unknown>>;
    if (typeof dst !== 'string' || typeof lladdr !== 'string') continue;
    if (!Array.isArray(state) || state.some((word) => USELESS.includes(word))) continue;
    // A link-local address is one of its interface only.
    if (!/^fe80:/i.test(dst)) enter(table, dst.toLowerCase(), lladdr);
    if (typeof dev === 'string') enter(table, `${dst}%${dev}`.toLowerCase(), lladdr);
  }
  return table;
}

function enter(table: Map<string, Mac | undefined>, address: string, card: string): void {
  const mac = parseMac(card);
  const known = !table.has(address) || table.get(address) === mac;
  table.set(address, known && mac !== '00:00:00:00:00:00' ? mac : undefined);
}

const MOST_BYTES = 16 * 2 ** 20;
const TIMEOUT_MS = 5_000;

const KERNEL: NeighbourSources = {
  // At once: it is the kernel's memory, and a thread for it costs ten times as much.
  arp: () => readFileSync('/proc/self/net/arp', 'utf8'),
  ipv6: () =>
    new Promise((resolve, reject) => {
      const options = { maxBuffer: MOST_BYTES, timeout: TIMEOUT_MS, encoding: 'utf8' } as const;
      execFile('ip', ['-6', '-j', 'neigh'], options, (error, stdout) => {
        if (error === null) resolve(stdout);
        else reject(error instanceof Error ? error : new Error('ip -6 -j neigh failed'));
      });
    }),
};
