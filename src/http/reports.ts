import { Failure } from '../model/failure.ts';
import { parseLabel } from '../model/machine.ts';
import { type Ask, parseQuery, show, type Who, whoFromQuery } from './request.ts';
import { lineReply, type Reply } from './reply.ts';
import { whoFromSegment } from './names.ts';

/** What machines say of themselves, when it is true: for the journal and the marks. Throws Failure for what it refuses. */
export interface Reports {
  /** The node is up. `said`: what it told of itself, cleaned and short. */
  up(machine: Reporter, said: Readonly<Record<string, string>>): Promise<void>;
  /** Its installer is done: from now on its own disk is in charge. Idempotent. */
  installed(machine: Reporter): Promise<void>;
}

/** Who a machine says that it is, and the address that says so. */
export interface Reporter extends Who {
  readonly asker?: string | undefined;
}

interface Server {
  readonly reports: Reports;
}

/** `POST /phone-home/MAC`. */
export async function phoneHome(ask: Ask, { reports }: Server): Promise<Reply> {
  const who = reporterOf(ask);
  await reports.up(who, saidIn(ask.body ?? Buffer.alloc(0)));
  return noted(who);
}

/** `POST /installed/MAC`. */
export async function installed(ask: Ask, { reports }: Server): Promise<Reply> {
  const who = reporterOf(ask);
  await reports.installed(who);
  return noted(who);
}

function noted({ facts }: Reporter): Reply {
  return { ...lineReply(200, 'noted'), facts, mac: facts.mac };
}

/** The segment says who it is, and the query may say more. Where both speak of one thing they must agree. */
function reporterOf(ask: Ask): Reporter {
  // cloud-init's documentation ends the URL with a slash.
  const segment = ask.rest.endsWith('/') ? ask.rest.slice(0, -1) : ask.rest;
  if (segment === '' || segment.includes('/')) {
    throw new Failure('not-found', `no machine reports at "${show(ask.rest)}"`, {
      remedy: 'name the machine by its MAC',
    });
  }
  const path = whoFromSegment(segment);
  const query = whoFromQuery(parseQuery(ask.query));
  for (const key of ['mac', 'uuid', 'serial'] as const) {
    const said = path.facts[key];
    if (said === undefined || query.facts[key] === undefined || said === query.facts[key]) continue;
    throw new Failure('invalid', `${key}: the path and the query differ`, { remedy: 'say it once' });
  }
  return { ...query, ...path, facts: { ...query.facts, ...path.facts }, asker: ask.asker };
}

/** What cloud-init's phone_home posts (cc_phone_home), and what a person may send with curl. */
const NAMES = ['instance_id', 'hostname', 'fqdn'] as const;
const KEYS = ['pub_key_ed25519', 'pub_key_ecdsa', 'pub_key_rsa'] as const;

/** A host's public key without its comment: type and base64 (RFC 4253, 6.6). */
const PUBLIC_KEY =
  /^((?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp(?:256|384|521)) AAAA[A-Za-z0-9+/]{20,}={0,2})(?:\s[^]*)?$/;
const MAX_KEY = 1024;

/**
 * What a machine says of itself: a form, JSON (curl sends it under a form's content type) or nothing. Only known words
 * with plain values are kept. What cannot be read is left out: that a machine is up is worth more than what it adds.
 */
export function saidIn(body: Buffer): Readonly<Record<string, string>> {
  const value = valuesOf(body.toString('utf8').trim());
  const said: Record<string, string> = {};
  for (const name of NAMES) {
    const label = parseLabel(value(name) ?? '');
    // cloud-init writes N/A for what it does not have.
    if (label !== undefined && label !== 'N/A') said[name] = label;
  }
  for (const name of KEYS) {
    const key = PUBLIC_KEY.exec((value(name) ?? '').trim().slice(0, 4096))?.[1];
    if (key !== undefined && key.length <= MAX_KEY) said[name] = key;
  }
  return said;
}

function valuesOf(text: string): (name: string) => string | undefined {
  const json = text.startsWith('{') ? objectIn(text) : undefined;
  if (json !== undefined) {
    return (name) => {
      const value = Object.hasOwn(json, name) ? json[name] : undefined;
      return typeof value === 'string' ? value : undefined;
    };
  }
  const form = new URLSearchParams(text);
  return (name) => form.get(name) ?? undefined;
}

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>; // it begins with a brace
  } catch {
    return undefined;
  }
}
