import { parseLabel } from '../model/facts.ts';

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
