/** RFC 1350 section 5 and RFC 2347. */
export const OPCODE = { rrq: 1, wrq: 2, data: 3, ack: 4, error: 5, oack: 6 } as const;

/** RFC 2347: a request is at most 512 octets. */
const MAX_REQUEST = 512;

/** One option as the client spelled it; names are case-insensitive (RFC 2347), values are ASCII. */
export interface TftpOption {
  readonly name: string;
  readonly value: string;
}

/** A read or write request. `name` holds one character for each byte that was sent (latin1), not cleaned. */
export interface TftpRequest {
  readonly name: string;
  /** Lower case. */
  readonly mode: string;
  /** In the order of the packet, duplicates included. */
  readonly options: readonly TftpOption[];
}

/** Reads an RRQ or a WRQ behind its opcode; undefined for bytes that are none. Never throws. */
export function parseRequest(bytes: Buffer): TftpRequest | undefined {
  if (bytes.length > MAX_REQUEST) return undefined;
  const nameEnd = bytes.indexOf(0, 2);
  const modeEnd = bytes.indexOf(0, nameEnd + 1);
  if (nameEnd <= 2 || modeEnd < nameEnd) return undefined;
  const options = parseOptions(bytes, modeEnd + 1);
  return (
    options && {
      name: bytes.toString('latin1', 2, nameEnd),
      mode: bytes.toString('latin1', nameEnd + 1, modeEnd).toLowerCase(),
      options,
    }
  );
}

/** Undefined when they are none. Zeros up to the end are padding, as some ROMs send it. */
function parseOptions(bytes: Buffer, start: number): readonly TftpOption[] | undefined {
  const options: TftpOption[] = [];
  let at = start;
  while (at < bytes.length) {
    const nameEnd = bytes.indexOf(0, at);
    if (nameEnd === at) return bytes.subarray(at).every((byte) => byte === 0) ? options : undefined;
    const valueEnd = bytes.indexOf(0, nameEnd + 1);
    if (nameEnd < 0 || valueEnd < 0) return undefined;
    options.push({
      name: bytes.toString('latin1', at, nameEnd),
      value: bytes.toString('latin1', nameEnd + 1, valueEnd),
    });
    at = valueEnd + 1;
  }
  return options;
}

/** What a peer says in an ERROR: printable ASCII, at most 128 characters, safe in a log line. */
export function errorText(bytes: Buffer): string {
  const end = bytes.indexOf(0, 4);
  const text = bytes.toString('latin1', 4, Math.min(end === -1 ? bytes.length : end, 4 + 128));
  return text.replaceAll(/[^\x20-\x7e]/g, '?');
}

export function encodeError(code: number, text: string): Buffer {
  return Buffer.concat([Buffer.from([0, OPCODE.error, 0, code]), Buffer.from(`${text}\0`, 'latin1')]);
}

/** The options as the client asked for them: same order, same spelling. */
export function encodeOack(options: readonly TftpOption[]): Buffer {
  const words = options.map((option) => Buffer.from(`${option.name}\0${option.value}\0`, 'latin1'));
  return Buffer.concat([Buffer.from([0, OPCODE.oack]), ...words]);
}

/** What a server is willing to grant. */
export interface OptionLimits {
  /** The path's MTU less the headers: 1468 for IPv4 over Ethernet, 1448 for IPv6. */
  readonly maxBlksize: number;
  /** At most 64. */
  readonly maxWindowsize: number;
}

/** What was agreed. */
interface Negotiated {
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

/** No client needs us to sit on a lost packet for longer (RFC 2349 allows 255 s). */
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

/**
 * Every ERROR that this server sends (RFC 1350's codes). The texts are fixed: a machine's screen shows them, and they
 * tell nothing about the host. What may not be read and what is not there look the same.
 */
export const TFTP_ERROR = {
  unreadable: encodeError(0, 'The file cannot be read now'),
  changed: encodeError(0, 'The file changed while it was sent'),
  displaced: encodeError(0, 'The server is busy, and this client was silent'),
  stopping: encodeError(0, 'The server is stopping'),
  notFound: encodeError(1, 'File not found'),
  readOnly: encodeError(2, 'This server is read-only'),
  illegal: encodeError(4, 'Illegal TFTP operation'),
  badMode: encodeError(4, 'Only the modes octet and netascii are served'),
  stranger: encodeError(5, 'Unknown transfer ID'),
} as const;

/**
 * The name in a request as a relative path of plain segments, or undefined when it may not name anything: empty, over
 * 255 bytes, a drive letter, `..`, control characters or bytes over 0x7e inside.
 *
 * Old ROMs send garbage behind the name, mostly 0xff, where they take an option that is not NUL-terminated for text: it
 * is cut off (a line break is not: no ROM sends one). Windows' PXE client separates with `\`. Leading slashes, empty
 * segments and `.` mean nothing.
 */
export function cleanFileName(raw: string): string | undefined {
  const name = raw.slice(0, textEnd(raw)).replaceAll('\\', '/');
  if (name.length > 255 || /[^\x20-\x7e]/.test(name)) return undefined;
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.length === 0 || segments.includes('..')) return undefined;
  return /^[A-Za-z]:/.test(segments[0] ?? '') ? undefined : segments.join('/');
}

/** Where the garbage begins. A loop and not `/[...]+$/`: that takes quadratic time on a long run in the middle. */
function textEnd(raw: string): number {
  let end = raw.length;
  while (end > 0 && isGarbage(raw.charCodeAt(end - 1))) end -= 1;
  return end;
}

function isGarbage(code: number): boolean {
  return code >= 0x7f || (code < 0x20 && code !== 0x0a && code !== 0x0d);
}
