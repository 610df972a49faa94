/**
 * One spelling for one address, for comparing: IPv4 as it is, IPv6 as eight groups of hexadecimal digits. Undefined
 * for anything that is not an address.
 */
export function canonicalAddress(text: string): string | undefined {
  return text.includes(':') ? ipv6Groups(text)?.join(':') : isFour(text) ? text : undefined;
}

// No leading zeros: some programs read 010 as octal (RFC 6943, 3.1.1).
const FOUR = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

function isFour(text: string): boolean {
  return FOUR.test(text);
}

/** RFC 4291, 2.2: groups, at most one `::`, and possibly an IPv4 address at the end. */
function ipv6Groups(text: string): readonly string[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const left = expanded(head, tail === undefined);
  const right = tail === undefined ? [] : expanded(tail, true);
  if (left === undefined || right === undefined) return undefined;
  const gap = 8 - left.length - right.length;
  if (tail === undefined ? gap !== 0 : gap < 1) return undefined;
  return [...left, ...Array.from({ length: gap }, () => '0'), ...right];
}

function expanded(groups: readonly string[], last: boolean): readonly string[] | undefined {
  const found: string[] = [];
  for (const [index, group] of groups.entries()) {
    if (last && index === groups.length - 1 && isFour(group)) {
      const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
      found.push((a * 256 + b).toString(16), (c * 256 + d).toString(16));
    } else if (/^[0-9a-f]{1,4}$/i.test(group)) found.push(Number.parseInt(group, 16).toString(16));
    else return undefined;
  }
  return found;
}

/** The 16 bytes of an IPv6 address, with or without the zone behind it. Throws for anything else. */
export function ipv6Bytes(address: string): Buffer {
  const groups = ipv6Groups(address.split('%')[0] ?? '');
  if (groups === undefined) throw new TypeError(`not an IPv6 address: ${address}`);
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** Of 16 bytes, as people write it (RFC 5952). */
export function ipv6Text(bytes: Buffer): string {
  return new URL(`http://[${bytes.toString('hex').replaceAll(/.{4}(?!$)/g, '$&:')}]`).hostname.slice(1, -1);
}

/** An IPv6 network in which a DHCP server hands out addresses: its upper 64 bits. */
export interface Ipv6Network {
  /** `fd00:50::/64`. */
  readonly text: string;
  /** Eight bytes. */
  readonly prefix: Buffer;
}

export function isInIpv6Network({ prefix }: Ipv6Network, address: Buffer): boolean {
  return prefix.equals(address.subarray(0, prefix.length));
}
