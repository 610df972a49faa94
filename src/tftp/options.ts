import type { TftpOption } from './packet.ts';

/** What a server is willing to grant. */
export interface OptionLimits {
  /** The path's MTU less the headers: 1468 for IPv4 over Ethernet, 1448 for IPv6. */
  readonly maxBlksize: number;
  /** At most 64. */
  readonly maxWindowsize: number;
}

/** What was agreed. */
export interface Negotiated {
  readonly blksize: number;
  readonly windowsize: number;
  /** Seconds, when the client asked for it. */
  readonly timeout: number | undefined;
  /** What the OACK says. Empty: no OACK is sent. */
  readonly accepted: readonly TftpOption[];
}

/** Without options a block is 512 bytes (RFC 1350). */
const DEFAULT_BLKSIZE = 512;

/** A window may not hold more than this: it is kept in memory for each transfer. */
const MAX_WINDOW_BYTES = 256 * 1024;

/** Nobody needs us to sit on a lost packet for longer (RFC 2349 allows 255 s). */
const MAX_TIMEOUT = 10;

/**
 * RFC 2347-2349 and 7440. Names in any case; of duplicates the first counts; what is unknown or invalid is left out of
 * the answer, never an error. `size` is undefined where it is not known beforehand (netascii): tsize is then left out.
 */
export function negotiate(asked: readonly TftpOption[], limits: OptionLimits, size: number | undefined): Negotiated {
  let blksize = DEFAULT_BLKSIZE;
  let windowAsked = 1;
  let timeout: number | undefined;
  const seen = new Set<string>();
  const accepted: { name: string; key: string; value: number }[] = [];
  for (const { name, value } of asked) {
    const key = name.toLowerCase();
    if (seen.has(key)) continue;
    seen.add(key);
    const number = decimal(value);
    if (number === undefined) continue;
    if (key === 'blksize' && number >= 8 && number <= 65464) {
      blksize = Math.min(number, limits.maxBlksize);
      accepted.push({ name, key, value: blksize });
    } else if (key === 'windowsize' && number >= 1 && number <= 65535) {
      windowAsked = number;
      accepted.push({ name, key, value: number });
    } else if (key === 'timeout' && number >= 1 && number <= MAX_TIMEOUT) {
      timeout = number;
      accepted.push({ name, key, value: number });
    } else if (key === 'tsize' && size !== undefined) {
      accepted.push({ name, key, value: size });
    }
  }
  const fits = Math.max(1, Math.floor(MAX_WINDOW_BYTES / blksize));
  const windowsize = Math.min(windowAsked, limits.maxWindowsize, 64, fits);
  return {
    blksize,
    windowsize,
    timeout,
    accepted: accepted.map(({ name, key, value }) => ({
      name,
      value: String(key === 'windowsize' ? windowsize : value),
    })),
  };
}

/** Decimal digits and nothing else: `1e3`, `0x200`, `-1`, ` 1` and the empty string are no numbers here. */
function decimal(text: string): number | undefined {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}
