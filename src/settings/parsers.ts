import { isIP, isIPv4 } from 'node:net';
import { isAbsolute, resolve } from 'node:path';
import { canonicalAddress } from '../model/ipv6.ts';
import { type Origin, parseOrigin } from '../model/plan.ts';
import { isInFolder, parseName } from '../model/profile.ts';
import type { AddressRange, Listen } from './settings.ts';

/** A setting's value, or what is wrong with the text that was given. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** How a text becomes a value. `cwd` is for paths; `system` is there where each system has the setting. */
export type Parse<T> = (text: string, about: { readonly cwd: string; readonly system?: string }) => Parsed<T>;

export function good<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function bad<T>(problem: string): Parsed<T> {
  return { ok: false, problem };
}

/** `host:port`, `:port`, `[::1]:port`; an empty host is every IPv4 address, as coreos-ipxe-server's `:4777` was meant. */
export function parseListen(text: string): Parsed<Listen> {
  const match = /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([A-Za-z0-9._-]*)):(\d{1,5})$/.exec(text);
  if (match === null) {
    const port = /^\d{1,5}$/.test(text)
      ? `: write [::]:${text}, or 0.0.0.0:${text} for IPv4 alone`
      : ', such as 0.0.0.0:4777 or [::1]:4777';
    return bad(`must be HOST:PORT${port}`);
  }
  const port = Number(match[3]);
  if (port > 65_535) return bad(`port ${port} is over 65535`);
  const host = match[1] ?? match[2] ?? '';
  return good({ host: host === '' ? '0.0.0.0' : host, port });
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** `256MiB`, `1GiB`, `64M`, `1048576`: bytes, at least 16 MiB so that a few chunks fit. */
export function parseSize(text: string): Parsed<number> {
  const match = /^(\d{1,12})\s*([kmg]?)(?:i?b)?$/i.exec(text);
  if (match === null) return bad('must be a size such as 256MiB or 1GiB');
  const bytes = Number(match[1]) * (UNITS[(match[2] ?? '').toLowerCase()] ?? 1);
  if (!Number.isSafeInteger(bytes) || bytes < 2 ** 24) return bad('must be at least 16MiB');
  return good(bytes);
}

/** `http://boot.lan:4777`, or `boot.lan:4777` as coreos-ipxe-server had it. */
export function parseBaseUrl(text: string): Parsed<Origin> {
  if (/\[[^\]]*%/.test(text)) return bad('must not have a zone (%): it means nothing to a machine');
  const origin = parseOrigin(text);
  return origin === undefined ? bad('must be a URL such as http://boot.lan:4777') : good(origin);
}

export function parseListenOrOff(text: string): Parsed<Listen | 'off'> {
  return text === 'off' ? good('off') : parseListen(text);
}

/** A port alone is that port of every address. */
export function parsePortOrOff(text: string): Parsed<Listen | 'off'> {
  return parseListenOrOff(/^\d{1,5}$/.test(text) ? `[::]:${text}` : text);
}

/** Decimal digits only. */
export function parseNumber(min: number, max: number): (text: string) => Parsed<number> {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    return value >= min && value <= max ? good(value) : bad(`must be a number from ${min} to ${max}`);
  };
}

/** Addresses of both families, separated by commas. */
export function parseHosts(text: string): Parsed<readonly string[]> {
  const addresses = text.split(',').map((part) => part.trim());
  const wrong = addresses.find((address) => canonicalAddress(address) === undefined);
  if (wrong === undefined) return good(addresses);
  const zone = wrong.includes('%') ? ': its zone (%) means nothing to another host' : '';
  return bad(`${JSON.stringify(wrong)} is not an address such as 192.168.50.1 or fd00:50::1${zone}`);
}

/** An 802.1Q tag; 0 and 4095 are reserved. */
export function parseVlan(text: string): Parsed<number | undefined> {
  return text === 'off' ? good(undefined) : parseNumber(1, 4094)(text);
}

/** IPv4 addresses, separated by commas. */
export function parseAddresses(text: string): Parsed<readonly string[]> {
  const addresses = text.split(',').map((part) => part.trim());
  const wrong = addresses.find((address) => !isIPv4(address));
  return wrong === undefined ? good(addresses) : bad(`${JSON.stringify(wrong)} is not an IPv4 address`);
}

/** Networks such as 10.2.0.0/16 or 2001:db8::/48, separated by commas; an address alone is a network of one. */
export function parseNetworks(text: string): Parsed<readonly string[]> {
  const networks = text.split(',').map((part) => part.trim());
  const wrong = networks.find((network) => !isNetwork(network));
  return wrong === undefined
    ? good(networks)
    : bad(`${JSON.stringify(wrong)} is not a network, such as 10.2.0.0/16 or 2001:db8::/48`);
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const most = { 4: 32, 6: 128 }[isIP(address)];
  if (most === undefined || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
}

/** Programs by their absolute paths, separated by commas. */
export function parsePrograms(text: string): Parsed<readonly string[]> {
  const programs = text.split(',').map((part) => part.trim());
  const wrong = programs.find((program) => !isAbsolute(program) || /\p{Cc}/u.test(program));
  return wrong === undefined ? good(programs) : bad(`${JSON.stringify(wrong)} is not the absolute path of a program`);
}

/** Addresses and networks, separated by commas: `10.0.0.1, 192.168.0.0/16, fd00::/8`. */
export function parseRanges(text: string): Parsed<readonly AddressRange[]> {
  const ranges: AddressRange[] = [];
  for (const part of text.split(',')) {
    const range = rangeIn(part.trim());
    if (range === undefined) {
      return bad(`${JSON.stringify(part.trim())} is neither an address nor a network such as 10.0.0.0/8 or fd00::/8`);
    }
    ranges.push(range);
  }
  return good(ranges);
}

/** A range of every address is none: each client could say who it is. */
function rangeIn(text: string): AddressRange | undefined {
  const [, address = '', bits] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  const most = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : 0;
  const width = bits === undefined ? most : Number(bits);
  return width < 1 || width > most ? undefined : { address, bits: width };
}

export function parseFolder(text: string, { cwd }: { readonly cwd: string }): Parsed<string> {
  return text.includes('\0') ? bad('must be a folder') : good(resolve(cwd, text));
}

export function parseOnOff(text: string): Parsed<boolean> {
  if (text === 'on' || text === 'off') return good(text === 'on');
  const meant = /^(?:true|yes|1)$/i.test(text) ? 'on' : /^(?:false|no|0)$/i.test(text) ? 'off' : undefined;
  return bad(meant === undefined ? 'must be one of on, off' : `must be one of on, off: write ${meant}`);
}

export function parseOneOf<const T extends string>(choices: readonly T[]): (text: string) => Parsed<T> {
  return (text) => {
    const choice = choices.find((candidate) => candidate === text);
    return choice === undefined ? bad(`must be one of ${choices.join(', ')}`) : good(choice);
  };
}

const FIELD = String.raw`(?:\*|\d{1,2}(?:-\d{1,2})?)(?:/\d{1,2})?`;
const SCHEDULE = new RegExp(String.raw`^(?:${FIELD}(?:,${FIELD}){0,30}(?: |$)){5}$`);
const MOST = [59, 23, 31, 12, 7] as const;
const LEAST = [0, 0, 1, 1, 0] as const;

/** Five fields of cron in numbers, or `off`. Seconds are not among them: no publisher is asked every second. */
export function parseSchedule(text: string): Parsed<string | undefined> {
  if (text === 'off') return good(undefined);
  const line = text.trim().replaceAll(/\s+/g, ' ');
  const fields = line.split(' ');
  const fits = fields.every((field, i) =>
    (field.replaceAll(/\/\d+/g, '').match(/\d+/g) ?? []).every(
      (number) => Number(number) <= (MOST[i] ?? 0) && Number(number) >= (LEAST[i] ?? 0),
    ),
  );
  if (SCHEDULE.test(line) && fits && !/\/0\b/.test(line)) return good(line);
  return bad('must be off or five fields in numbers, such as "17 4 * * *": minute hour day month weekday');
}

/** A name of the IANA database that this Node knows. */
export function parseTimezone(text: string): Parsed<string> {
  try {
    return good(new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone);
  } catch (error) {
    if (error instanceof RangeError) return bad('must be a time zone such as Europe/Prague or UTC');
    throw error;
  }
}

/** A mirror: http or https, without credentials, query and fragment. */
export function parseMirror(text: string): Parsed<string> {
  const clean = /^https?:\/\/[!-~]{1,1000}$/.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (clean === undefined || clean.username !== '' || clean.password !== '' || clean.search !== '' || clean.hash !== '')
    return bad('must be a URL such as http://mirror.lan/flatcar, without a password and a query');
  return good(`${clean.origin}${clean.pathname}`.replace(/\/+$/, ''));
}

/**
 * Fingerprints of OpenPGP keys with or without spaces, separated by commas. Fedora has a key for each release: there,
 * `46:FINGERPRINT` is that of Fedora 46.
 */
export function parseFingerprints(
  text: string,
  { system }: { readonly system?: string } = {},
): Parsed<readonly string[]> {
  const form = system === 'fedora-coreos' ? /^(?:\d{2,3}:)?[0-9A-F]{40}$/ : /^[0-9A-F]{40}$/;
  const prints = text.split(',').map((part) => part.replaceAll(/\s/g, '').toUpperCase());
  const wrong = prints.find((print) => !form.test(print));
  return wrong === undefined ? good(prints) : bad('must be fingerprints of 40 hexadecimal digits, separated by commas');
}

/** A secret that people copy and that travels in a header. The text itself is never repeated in a message. */
export function parseToken(text: string): Parsed<string> {
  return /^[!-~]{16,256}$/.test(text) ? good(text) : bad('must be 16 to 256 printable characters without spaces');
}

/** What the menu chooses by itself: `wait`, `local` or a profile's name. */
export function parseChoice(text: string): Parsed<string> {
  const name = parseName(text);
  // A profile in a folder offers itself in no menu.
  return name === undefined || isInFolder(name) ? bad('must be wait, local or the name of a profile') : good(text);
}
