import { Failure } from '../model/failure.ts';
import {
  FACT_KEYS,
  isUuidText,
  type Label,
  type Mac,
  type MachineArch,
  type MachineFacts,
  omitUndefined,
  parseArch,
  parseLabel,
  parseSentMac,
  parseUuid,
  plainAddress,
  type Platform,
  type Uuid,
} from '../model/machine.ts';
import { hideTokens, type Origin, originFromHost, type Question } from '../model/plan.ts';
import { parseName } from '../model/profile.ts';

/** A question as a route sees it. */
export interface Ask {
  /** The path behind the route's prefix, still encoded. */
  readonly rest: string;
  readonly query: string;
  readonly head: RequestHead;
  readonly end: LocalEnd;
  /** The address that asks. Undefined for HEAD: nothing leaves that a machine could run, so an installer is given to none. */
  readonly asker: string | undefined;
  /** The same, whatever the method is: what is one machine's alone may be asked for by HEAD, too. */
  readonly from: string | undefined;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
  /** The client's validator for what it has. */
  readonly ifNoneMatch: string | undefined;
  /** Of a POST. */
  readonly body?: Buffer;
}

/** What the server needs to know of the header lines before anything else. */
export interface RequestHead {
  /** Undefined when the request has none (HTTP/1.0). */
  readonly host: string | undefined;
  /** How many Host lines there were: more than one is request smuggling (RFC 9112, 3.2). */
  readonly hosts: number;
  readonly userAgent: string;
}

/** One pass over the raw lines: `req.headers` would build an object for each request, and hides a second Host. */
export function readHead(rawHeaders: readonly string[]): RequestHead {
  let host: string | undefined;
  let hosts = 0;
  let userAgent = '';
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') {
      host ??= rawHeaders[i + 1];
      hosts += 1;
    } else if (name.length === 10 && userAgent === '' && name.toLowerCase() === 'user-agent') {
      userAgent = rawHeaders[i + 1] ?? '';
    }
  }
  return { host, hosts, userAgent };
}

/** Who asks, as far as answers differ by it. gPXE is iPXE's predecessor in old network cards. */
type Agent = 'ipxe' | 'uefi' | 'other';

export function agentOf(userAgent: string): Agent {
  if (userAgent.startsWith('iPXE/') || userAgent.startsWith('gPXE/')) return 'ipxe';
  return userAgent.startsWith('UefiHttpBoot') ? 'uefi' : 'other';
}

/** A request target in its parts, still encoded. */
export interface Target {
  /** Begins with `/`. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  /** Only in the absolute form (`GET http://host/path`): it wins over the Host line (RFC 9112, 3.2.2). */
  readonly authority?: string;
}

/** Undefined for what is neither a path nor an http URL (`*`, `host:443`, `ftp://...`). */
export function splitTarget(url: string): Target | undefined {
  const whole = /^https?:\/\/([^/?#]*)(.*)$/is.exec(url);
  if (whole === null && !url.startsWith('/')) return undefined;
  const rest = whole?.[2] ?? url;
  const hash = rest.indexOf('#');
  const text = hash < 0 ? rest : rest.slice(0, hash);
  const mark = text.indexOf('?');
  const path = mark < 0 ? text : text.slice(0, mark);
  return {
    path: path === '' ? '/' : path,
    query: mark < 0 ? '' : text.slice(mark + 1),
    ...(whole === null ? {} : { authority: whole[1] ?? '' }),
  };
}

/** The end of the connection that is ours. */
interface LocalEnd {
  /** The other end: the client. */
  readonly remoteAddress?: string | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  /** Whether it came by TLS. */
  readonly encrypted?: boolean | undefined;
}

/**
 * Where answers point to: the configured base URL, else the Host line, else (HTTP/1.0) the address that was asked.
 * UEFI HTTP boot leaves the port out of its Host line, so there the socket's is added. Throws Failure `invalid` for
 * a Host line that is anything but a host and a port: it would end up in a script.
 */
export function originOf(head: RequestHead, end: LocalEnd, baseUrl: Origin | undefined): Origin {
  if (baseUrl !== undefined) return baseUrl;
  const [scheme, usual] = end.encrypted === true ? (['https', 443] as const) : (['http', 80] as const);
  const host = head.host ?? localHost(end);
  const bare = agentOf(head.userAgent) === 'uefi' && !/:\d+$/.test(host) && end.localPort !== undefined;
  return checked(bare && end.localPort !== usual ? `${host}:${end.localPort}` : host, scheme);
}

/** The same for `/?profile=NAME`, where coreos-ipxe-server wrote the Host line as it came. */
export function legacyOriginOf(head: RequestHead, end: LocalEnd, baseUrl: Origin | undefined): Origin {
  return baseUrl ?? checked(head.host ?? localHost(end), end.encrypted === true ? 'https' : 'http');
}

function checked(host: string, scheme: 'http' | 'https'): Origin {
  const origin = originFromHost(host, scheme);
  if (origin !== undefined) return origin;
  throw new Failure('invalid', `the Host line "${show(host)}" is not a host name or address`, {
    remedy: 'ask by name or address, or set PILOTLIGHT_BASE_URL',
  });
}

function localHost(end: LocalEnd): string {
  const address = plainAddress(end.localAddress ?? '').replace(/%.*$/, '');
  return `${address.includes(':') ? `[${address}]` : address}:${end.localPort ?? 80}`;
}

/** The keys that any machine route understands; everything else in a query is ignored. */
type FactKey = (typeof FACT_KEYS)[number];
type QueryKey = FactKey | 'profile' | 'name' | 'token';

/** Known keys with their values as they were sent, still encoded: how to decode depends on the key. */
export type Query = ReadonlyMap<QueryKey, string>;

const KNOWN: ReadonlySet<string> = new Set<QueryKey>([...FACT_KEYS, 'profile', 'name', 'token']);
export const MAX_KEYS = 32;

/**
 * Reads a query without its `?`. Throws Failure `invalid` for more than 32 keys, for a known key that is given twice
 * (two readers would disagree which one counts) and for keys with brackets (other servers build objects from them).
 */
export function parseQuery(text: string): Query {
  const query = new Map<QueryKey, string>();
  if (text === '') return query;
  const pairs = text.split('&', MAX_KEYS + 1);
  if (pairs.length > MAX_KEYS) {
    throw new Failure('invalid', `the query has more than ${MAX_KEYS} keys`, {
      remedy: `known keys are ${[...KNOWN].join(', ')}`,
    });
  }
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const key = decodeTolerant(equals < 0 ? pair : pair.slice(0, equals));
    if (key.includes('[') || key.includes(']')) {
      throw new Failure('invalid', `the query key "${show(key)}" has brackets`, { remedy: 'keys are plain words' });
    }
    if (!isKnown(key)) continue;
    if (query.has(key)) throw new Failure('invalid', `${key} is given more than once`, { remedy: 'send it once' });
    query.set(key, equals < 0 ? '' : pair.slice(equals + 1));
  }
  return query;
}

/** A value that must be well encoded because something is looked up by it. Empty when it is absent. */
export function strictValue(query: Query, key: QueryKey): string {
  const raw = query.get(key) ?? '';
  const value = decodeStrict(raw);
  if (value !== undefined) return value;
  throw new Failure('invalid', `${key}: "${show(raw)}" is not well encoded`, { remedy: 'write % as %25, in UTF-8' });
}

export function isKnown(key: string): key is QueryKey {
  return KNOWN.has(key);
}

const ARCHES: readonly MachineArch[] = ['i386', 'x86_64', 'arm32', 'arm64'];
const PLATFORMS: readonly Platform[] = ['pcbios', 'efi'];
const MAX_TEXT = 256;

/**
 * What a machine says of itself. Empty is absent (an iPXE setting that is not set), and so is a UUID that identifies
 * no machine. Strict where something is looked up by the value, tolerant where it is only text. Throws Failure `invalid`
 * naming the key.
 */
export function factsFromQuery(query: Query): MachineFacts {
  const mac = readMac(query);
  const uuid = readUuid(query);
  const serial = readLabel(query, 'serial');
  const hostname = readLabel(query, 'hostname');
  const asset = readLabel(query, 'asset');
  const manufacturer = readLabel(query, 'manufacturer');
  const product = readLabel(query, 'product');
  const arch = readWord(query, 'arch', ARCHES, parseArch);
  const platform = readWord(query, 'platform', PLATFORMS, platformNamed);
  return omitUndefined({ mac, uuid, serial, hostname, asset, manufacturer, product, arch, platform });
}

/** A MAC from a path or a query, in any spelling. Throws Failure `invalid`. */
export function macFromText(text: string): Mac {
  const mac = parseSentMac(text);
  if (mac !== undefined) return mac;
  throw new Failure('invalid', `mac: "${show(text)}" is not a MAC address`, {
    remedy: 'six pairs of hexadecimal digits, such as 52-54-00-55-1c-ee',
  });
}

function readMac(query: Query): Mac | undefined {
  const text = strictValue(query, 'mac');
  return text === '' ? undefined : macFromText(text);
}

function readUuid(query: Query): Uuid | undefined {
  const text = strictValue(query, 'uuid');
  if (text === '') return undefined;
  if (isUuidText(text)) return parseUuid(text);
  throw new Failure('invalid', `uuid: "${show(text)}" is not a UUID`, {
    remedy: 'such as c6c30f6a-4a1b-4337-8325-c4c2543ad437',
  });
}

function readLabel(query: Query, key: FactKey): Label | undefined {
  const text = decodeTolerant(query.get(key) ?? '');
  if (Buffer.byteLength(text) > MAX_TEXT) {
    throw new Failure('invalid', `${key} is longer than ${MAX_TEXT} bytes`, { remedy: 'send less, or leave it out' });
  }
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) {
    throw new Failure('invalid', `${key} has a control character`, { remedy: 'send printable text, or leave it out' });
  }
  return parseLabel(text);
}

function platformNamed(text: string): Platform | undefined {
  return PLATFORMS.find((candidate) => candidate === text);
}

function readWord<T extends string>(
  query: Query,
  key: FactKey,
  words: readonly T[],
  parse: (text: string) => T | undefined,
): T | undefined {
  const text = strictValue(query, key);
  if (text === '') return undefined;
  const word = parse(text);
  if (word !== undefined) return word;
  throw new Failure('invalid', `${key}: "${show(text)}" is unknown`, { remedy: `one of ${words.join(', ')}` });
}

/** Undefined for a malformed `%` and for bytes that are not UTF-8 (overlong forms such as `%c0%ae` included). */
export function decodeStrict(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * For free text. A malformed `%` stays as it is and bytes that are not UTF-8 become U+FFFD: iPXE sends both
 * (`${serial:uristring}` prints a byte over 0x7f as `%FFFFFFEE`, and 2019 builds decode once more than they encode).
 * `+` stays a plus: iPXE never escapes it, and these routes take no HTML forms.
 */
export function decodeTolerant(text: string): string {
  if (!text.includes('%')) return text;
  return text.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

/** A piece of a request for an error line: printable ASCII only, at most 64 characters. */
export function show(text: string): string {
  const clean = hideTokens(text)
    .slice(0, 65)
    .replaceAll(/[^\x20-\x7e]/g, '?');
  return clean.length > 64 ? `${clean.slice(0, 61)}...` : clean;
}

/** Who asks, what was chosen at the screen of an unknown machine, and what is to vouch for it. */
export type Who = Pick<Question, 'facts' | 'choice' | 'token'>;

/** From a query. Throws Failure `invalid` as factsFromQuery does. What is no name was chosen at no menu of ours. */
export function whoFromQuery(query: Query): Who {
  const choice = parseName(decodeStrict(query.get('profile') ?? '') ?? '');
  return omitUndefined({ facts: factsFromQuery(query), choice, token: query.get('token') });
}
