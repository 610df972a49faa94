import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Failure } from '../model/failure.ts';
import { type MachineFacts, parseLabel, parseSentMac } from '../model/machine.ts';
import { type Name, NAME_RULE, parseFileName, parseName } from '../model/name.ts';
import { type Origin, originFromHost } from '../model/plan.ts';
import { plainAddress } from '../net/addresses.ts';
import { decodeStrict, show } from './query.ts';

const known = new WeakMap<Socket, string>();

/** Looks at a new connection: the address of a client that has left cannot be asked for any more. */
export function remember(socket: Socket): void {
  if (socket.remoteAddress !== undefined) known.set(socket, socket.remoteAddress);
}

/** The address of the client, also after it has left. Undefined for one that left before it was looked at. */
export function peerOf(req: Pick<IncomingMessage, 'socket'>): string | undefined {
  const socket = socketOf(req);
  return socket === null ? undefined : (known.get(socket) ?? socket.remoteAddress);
}

/** Node's own stream helpers (`pipeline`, `for await`) take the socket from a request that they destroy. */
export function socketOf({ socket }: Pick<IncomingMessage, 'socket'>): Socket | null {
  return socket;
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

/** A machine has few network cards; a header for each. */
const MOST = 32;
const MAC_HEADER = /^x-rhn-provisioning-mac-\d{1,3}$/i;

/**
 * What Anaconda says of the machine when it fetches its kickstart: `X-RHN-Provisioning-MAC-0: eth0 52:54:..`, one for each
 * card (inst.ks.sendmac), and `X-System-Serial-Number` (inst.ks.sendsn). One entry for each name that it gives; what
 * cannot be read is left out, since any client may have the file.
 */
export function provisioningFacts(rawHeaders: readonly string[]): readonly MachineFacts[] {
  const found: MachineFacts[] = [];
  for (let i = 0; i + 1 < rawHeaders.length && found.length < MOST; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    if (MAC_HEADER.test(name)) {
      const mac = parseSentMac(value.trim().split(/\s+/).at(-1) ?? '');
      if (mac !== undefined) found.push({ mac });
    } else if (name.toLowerCase() === 'x-system-serial-number') {
      const serial = parseLabel(value);
      if (serial !== undefined) found.push({ serial });
    }
  }
  return found;
}

/** Who asks, as far as answers differ by it. gPXE is iPXE's predecessor in old network cards. */
export type Agent = 'ipxe' | 'uefi' | 'other';

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

/**
 * Decodes each segment once. Undefined when a segment could mean something else than a plain name further down:
 * empty, `.`, `..`, with a separator, a backslash, a NUL or another control character, or not UTF-8. What was encoded
 * twice is left with a `%` in its name, which no file of ours has.
 */
export function decodeSegments(path: string): readonly string[] | undefined {
  const segments: string[] = [];
  for (const raw of path.split('/')) {
    const segment = decodeStrict(raw);
    if (segment === undefined || segment === '' || segment === '.' || segment === '..') return undefined;
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    if (/[/\\\u0000-\u001f\u007f]/.test(segment)) return undefined;
    segments.push(segment);
  }
  return segments;
}

/** What a request calls a profile, a key or a document. Throws Failure `invalid` for anything that is no name. */
export function nameFrom(what: string, text: string): Name {
  return parseName(text) ?? refuse(what, text, NAME_RULE);
}

/** The same, as the rest of a path: each segment is decoded by itself, so an encoded slash is not taken for a folder. */
export function nameInPath(what: string, rest: string): Name {
  return nameFrom(what, decodeSegments(rest)?.join('/') ?? rest);
}

/** One file without a folder. */
export function fileNameFrom(text: string): Name {
  return (
    parseFileName(text) ?? refuse('file', text, 'letters, digits, dots, underscores, plus and minus signs, at most 128')
  );
}

function refuse(what: string, text: string, remedy: string): never {
  const message = text === '' ? `${what}: the name is missing` : `${what}: "${show(text)}" is not a name`;
  throw new Failure('invalid', message, { remedy });
}

/** The end of the connection that is ours. */
export interface LocalEnd {
  /** The other end: the client. */
  readonly remoteAddress?: string | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

/**
 * Where answers point to: the configured base URL, else the Host line, else (HTTP/1.0) the address that was asked.
 * UEFI HTTP boot leaves the port out of its Host line, so there the socket's is added. Throws Failure `invalid` for
 * a Host line that is anything but a host and a port: it would end up in a script.
 */
export function originOf(head: RequestHead, end: LocalEnd, baseUrl: Origin | undefined): Origin {
  if (baseUrl !== undefined) return baseUrl;
  const host = head.host ?? localHost(end);
  const bare = agentOf(head.userAgent) === 'uefi' && !/:\d+$/.test(host) && end.localPort !== undefined;
  return checked(bare && end.localPort !== 80 ? `${host}:${end.localPort}` : host);
}

/** The same for `/?profile=NAME`, where coreos-ipxe-server wrote the Host line as it came. */
export function legacyOriginOf(head: RequestHead, end: LocalEnd, baseUrl: Origin | undefined): Origin {
  return baseUrl ?? checked(head.host ?? localHost(end));
}

/** The address that asks, as IPv4 where it is one. Undefined when the connection is gone already. */
export function askerOf({ remoteAddress }: LocalEnd): string | undefined {
  return remoteAddress === undefined ? undefined : plainAddress(remoteAddress);
}

function checked(host: string): Origin {
  const origin = originFromHost(host);
  if (origin !== undefined) return origin;
  throw new Failure('invalid', `the Host line "${show(host)}" is not a host name or address`, {
    remedy: 'ask by name or address, or set PILOTLIGHT_BASE_URL',
  });
}

function localHost(end: LocalEnd): string {
  const address = plainAddress(end.localAddress ?? '').replace(/%.*$/, '');
  return `${address.includes(':') ? `[${address}]` : address}:${end.localPort ?? 80}`;
}

/** A question as a route sees it. */
export interface Ask {
  /** The path behind the route's prefix, still encoded. */
  readonly rest: string;
  readonly query: string;
  readonly head: RequestHead;
  readonly end: LocalEnd;
  /** The address that asks. Undefined for HEAD: nothing leaves that a machine could run, so an installer is given to none. */
  readonly asker: string | undefined;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
  /** The client's validator for what it has. */
  readonly ifNoneMatch: string | undefined;
  /** Of a POST. */
  readonly body?: Buffer;
}
