import { decodeStrict } from './percent.ts';

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
 * Decodes each segment once. Undefined when a segment could mean something else than a plain name to anybody below:
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
