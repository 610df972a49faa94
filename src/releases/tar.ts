import { dirname, join } from 'node:path/posix';
import { Failure } from '../model/failure.ts';

const BLOCK = 512;
const MOST_LINKS = 8;
/** No archive of boot programs has more, and a link is looked for part by part of its name. */
const [MOST_ENTRIES, MOST_NAME] = [65_535, 1024] as const;

/**
 * The files of a tar archive by their paths: ustar, with the long names of GNU and of POSIX (pax). A link is the file
 * that it leads to, inside the archive; links that lead out of it or nowhere are left out, and so is everything that is no
 * file. Throws Failure `invalid` for what is no archive, or cut off.
 */
export function readTar(archive: Buffer): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>();
  const links = new Map<string, string>();
  let long: { path?: string; link?: string } = {};
  let at = 0;
  let entries = 0;
  let ended = false;
  while (at + BLOCK <= archive.length && !ended) {
    const header = archive.subarray(at, at + BLOCK);
    at += BLOCK;
    if (header.every((byte) => byte === 0)) {
      ended = true;
      continue;
    }
    checkSum(header);
    entries += 1;
    if (entries > MOST_ENTRIES) throw broken(`it is a tar archive of more than ${MOST_ENTRIES} files`);
    const size = Number.parseInt(field(header, 124, 12).trim() || '0', 8);
    if (!(size >= 0) || at + size > archive.length)
      throw broken('it is a tar archive that ends in the middle of a file');
    const body = archive.subarray(at, at + size);
    at += Math.ceil(size / BLOCK) * BLOCK;
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === 'L') long = { ...long, path: untilNul(body) };
    else if (type === 'K') long = { ...long, link: untilNul(body) };
    else if (type === 'x') long = { ...long, ...paxNames(body) };
    else if (type !== 'g') {
      const prefix = header.toString('latin1', 257, 262) === 'ustar' ? field(header, 345, 155) : '';
      const name = field(header, 0, 100);
      const path = clean(long.path ?? (prefix === '' ? name : `${prefix}/${name}`));
      const link = long.link ?? field(header, 157, 100);
      long = {};
      if (path === undefined) continue;
      if (type === '0' || type === '\0' || type === '7') files.set(path, body);
      else if (type === '1') setLink(links, path, clean(link));
      else if (type === '2') setLink(links, path, link.startsWith('/') ? undefined : clean(`${dirname(path)}/${link}`));
    }
  }
  if (!ended) throw broken('it is a tar archive that is cut off');
  for (const path of links.keys()) {
    const file = files.get(followed(path, links));
    if (file !== undefined) files.set(path, file);
  }
  return files;
}

function setLink(links: Map<string, string>, path: string, to: string | undefined): void {
  if (to !== undefined) links.set(path, to);
}

/** A link may lead to a link, or through a folder that is one (`sb -> x86_64-sb`). */
function followed(path: string, links: ReadonlyMap<string, string>): string {
  let now = path;
  for (let hop = 0; hop < MOST_LINKS; hop += 1) {
    const parts = now.split('/');
    const depth = parts.findIndex((_, i) => links.has(parts.slice(0, i + 1).join('/')));
    if (depth === -1) return now;
    const to = links.get(parts.slice(0, depth + 1).join('/')) ?? '';
    now = join(to, ...parts.slice(depth + 1));
  }
  return '';
}

function checkSum(header: Buffer): void {
  const said = Number.parseInt(field(header, 148, 8).trim(), 8);
  // The sum is made with blanks in its own place.
  const sum = header.reduce((all, byte, i) => all + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (said !== sum) throw broken('it is no tar archive, or damaged');
}

/** `21 path=ipxeboot/x86_64\n` and the like (POSIX, pax extended header). */
function paxNames(body: Buffer): { path?: string; link?: string } {
  const found: { path?: string; link?: string } = {};
  let at = 0;
  while (at < body.length) {
    const length = Number.parseInt(body.toString('latin1', at, at + 20), 10);
    if (!(length > 0)) throw broken('it is a tar archive with a damaged name');
    const record = body.toString('utf8', at, at + length - 1);
    const [, key, value] = /^\d+ ([^=]+)=(.*)$/s.exec(record) ?? [];
    if (key === 'path' && value !== undefined) found.path = value;
    if (key === 'linkpath' && value !== undefined) found.link = value;
    at += length;
  }
  return found;
}

/** Undefined for what would lie outside of the archive, and for a name that no file has. */
function clean(path: string): string | undefined {
  if (path.length > MOST_NAME) return undefined;
  const normal = join(path);
  const inside = normal !== '.' && normal !== '..' && !normal.startsWith('../') && !normal.startsWith('/');
  return inside ? normal.replace(/\/$/, '') : undefined;
}

function field(header: Buffer, at: number, length: number): string {
  return untilNul(header.subarray(at, at + length));
}

function untilNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end);
}

function broken(what: string): Failure {
  return new Failure('invalid', what);
}
