import { Failure } from '../model/failure.ts';
import { type MachineFacts, parseLabel, parseSentMac, parseUuid } from '../model/machine.ts';
import { type Name, NAME_RULE, parseFileName, parseName } from '../model/profile.ts';
import { decodeStrict, macFromText, parseQuery, show, type Who, whoFromQuery } from './request.ts';

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
function fileNameFrom(text: string): Name {
  return (
    parseFileName(text) ?? refuse('file', text, 'letters, digits, dots, underscores, plus and minus signs, at most 128')
  );
}

/**
 * What firmware, shim and GRUB ask for below a folder of ours: a plain name, in folders or not. A shim joins its own folder
 * and a name that begins with a slash: two slashes are one. GRUB writes a MAC with colons.
 */
export function bootFileName(rest: string): string {
  const segments = decodeSegments(rest.replaceAll(/\/{2,}/g, '/').replace(/^\//, ''));
  const isPlain = segments?.every((segment) => parseFileName(segment.replaceAll(':', '-')) !== undefined);
  return isPlain === true && segments !== undefined ? segments.join('/') : fileNameFrom(rest);
}

function refuse(what: string, text: string, remedy: string): never {
  const message = text === '' ? `${what}: the name is missing` : `${what}: "${show(text)}" is not a name`;
  throw new Failure('invalid', message, { remedy });
}

/** A machine as a segment of a path: its MAC, its UUID, or the words of a query (`uuid=...&serial=...`). */
export function whoFromSegment(segment: string): Who {
  if (segment.includes('=')) return whoFromQuery(parseQuery(segment));
  const text = decodeStrict(segment) ?? segment;
  const uuid = parseUuid(text);
  return { facts: uuid === undefined ? { mac: macFromText(text) } : { uuid } };
}
