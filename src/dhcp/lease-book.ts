import type { DataRoot } from '../files/data-root.ts';
import { openLineLog } from '../files/line-log.ts';
import { replaceFile } from '../files/replace.ts';
import type { FileDiagnostic } from '../model/failure.ts';
import { ipv4Number } from '../model/ipv4.ts';
import { type Mac, parseMac } from '../model/machine.ts';

/** An address that was given to a machine, or that must rest. */
export interface Lease {
  readonly address: string;
  /** The machine that has it; of an address that must rest, the card that was found there or refused it. */
  readonly mac: Mac;
  /** `resting`: another machine was found to have it. */
  readonly state: 'bound' | 'released' | 'resting';
  /** When it was given, milliseconds since 1970. */
  readonly at: number;
  readonly until: number;
  /** As the machine calls itself. */
  readonly name?: string;
}

export const LEASES_FILE = 'state/leases.jsonl';
const DAMAGED_FILE = 'state/leases.damaged';
/** 65,000 leases, as often as the file is written anew. */
const MAX_BYTES = 32 * 2 ** 20;

/** The leases in memory, each on the disk before it counts. */
export interface LeaseBook {
  /** In the order in which they were given last. */
  all(): Iterable<Lease>;
  at(address: string): Lease | undefined;
  /** What the machine had last, newest first. */
  of(mac: Mac): readonly Lease[];
  /** Resolves when it is on the disk. Rejects with a Failure: then it does not count. */
  put(lease: Lease): Promise<void>;
  problems(): readonly FileDiagnostic[];
  close(): Promise<void>;
}

/** Throws Failure where the file is there and cannot be read. `now`: milliseconds since 1970. */
export async function openLeaseBook(files: DataRoot, now: () => number): Promise<LeaseBook> {
  const { leases, damaged } = await readLeaseFile(files);
  const byAddress = new Map<string, Lease>();
  const byMac = new Map<Mac, Map<string, Lease>>();
  const problems: FileDiagnostic[] = damaged === undefined ? [] : [damaged];
  let unwritten: string | undefined;

  function forget({ mac, address }: Lease): void {
    const own = byMac.get(mac);
    own?.delete(address);
    // Anything can invent cards: one that has nothing any more takes no room.
    if (own?.size === 0) byMac.delete(mac);
  }

  function set(lease: Lease): void {
    const earlier = byAddress.get(lease.address);
    if (earlier !== undefined) forget(earlier);
    byAddress.delete(lease.address);
    byAddress.set(lease.address, lease);
    const own = byMac.get(lease.mac) ?? new Map<string, Lease>();
    own.delete(lease.address);
    own.set(lease.address, lease);
    byMac.set(lease.mac, own);
  }

  for (const lease of leases) set(fromToday(lease, now()));
  const file = openLineLog(files, {
    file: LEASES_FILE,
    whole: function* () {
      for (const lease of byAddress.values()) yield JSON.stringify(lease);
    },
  });

  return {
    all: () => byAddress.values(),
    at: (address) => byAddress.get(address),
    of: (mac) => [...(byMac.get(mac)?.values() ?? [])].reverse(),
    async put(lease) {
      try {
        await file.append(JSON.stringify(lease));
        unwritten = undefined;
      } catch (error) {
        unwritten = error instanceof Error ? error.message : String(error);
        throw error;
      }
      set(lease);
    },
    problems: () => [...problems, ...(unwritten === undefined ? [] : [cannotWrite(unwritten)])],
    close: () => file.close(),
  };
}

/**
 * A lease from a day that has not come yet: the clock was wrong, then or now. What it lasts counts from now on, so that it
 * ends at all, and not before its machine thinks so.
 */
function fromToday(lease: Lease, now: number): Lease {
  return lease.at <= now ? lease : { ...lease, at: now, until: now + (lease.until - lease.at) };
}

interface LeaseFile {
  /** One for each address, the last that was given last. */
  readonly leases: readonly Lease[];
  readonly damaged: FileDiagnostic | undefined;
}

/** What the file says: also for commands, beside a server that runs. A damaged line is left out, and kept in a copy. */
export async function readLeaseFile(files: DataRoot, keepDamaged = true): Promise<LeaseFile> {
  const bytes = await files.readIfThere(LEASES_FILE, MAX_BYTES);
  const lines = bytes === undefined ? [] : bytes.toString('utf8').split('\n');
  // Nothing follows the last line feed, unless the power went while a line was appended: its lease was never given.
  const rest = lines.pop() ?? '';
  if (rest !== '' && !(lines.length > 0 && rest.startsWith('{'))) lines.push(rest);
  const wrong: number[] = [];
  const byAddress = new Map<string, Lease>();
  for (const [index, line] of lines.entries()) {
    const lease = parseLease(line);
    if (lease === undefined) {
      wrong.push(index + 1);
      continue;
    }
    byAddress.delete(lease.address);
    byAddress.set(lease.address, lease);
  }
  const leases = [...byAddress.values()];
  if (bytes === undefined || wrong.length === 0) return { leases, damaged: undefined };
  if (keepDamaged) await replaceFile(files, DAMAGED_FILE, bytes, { mode: 0o600 });
  return {
    leases,
    damaged: {
      severity: 'error',
      place: { file: LEASES_FILE, line: wrong[0], column: 1 },
      message: `${wrong.length} of ${lines.length} lines are damaged: which machines had those addresses is not known`,
      remedy: `the rest counts; the whole file is kept as ${DAMAGED_FILE}`,
    },
  };
}

const STATES: readonly unknown[] = ['bound', 'released', 'resting'];

function parseLease(line: string): Lease | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { address, mac, state, at, until, name } = value as Readonly<Record<string, unknown>>;
  const card = typeof mac === 'string' ? parseMac(mac) : undefined;
  if (card === undefined || typeof address !== 'string' || !/^\d{1,3}(?:\.\d{1,3}){3}$/.test(address)) return undefined;
  if (!Number.isInteger(ipv4Number(address)) || !STATES.includes(state)) return undefined;
  if (!Number.isSafeInteger(at) || !Number.isSafeInteger(until)) return undefined;
  const lease = { address, mac: card, state: state as Lease['state'], at: at as number, until: until as number };
  return typeof name === 'string' ? { ...lease, name } : lease;
}

function cannotWrite(why: string): FileDiagnostic {
  return {
    severity: 'error',
    place: { file: LEASES_FILE },
    message: `addresses cannot be given out, because they cannot be written down: ${why}`,
    remedy: 'make state/ writable, or make room on its disk; machines ask again by themselves',
  };
}
