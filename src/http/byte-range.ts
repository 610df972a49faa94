/** What a Range header asks of a representation of a known size. `end` is exclusive. */
export type ByteRange =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' };

const WHOLE: ByteRange = { kind: 'whole' };
// The header may hold 16 KiB; nobody honest asks for more parts than this at once.
const MOST_PARTS = 1000;

/**
 * RFC 9110 14.1.2 and 14.2. A header that is malformed or has another unit is ignored. Of several parts, those that
 * touch or overlap become one; if more than one is left, the whole is sent (as 14.2 allows): no multipart, and nothing
 * that makes us send more bytes than the file has.
 */
export function parseRange(header: string | undefined, size: number): ByteRange {
  const list = header === undefined ? undefined : /^bytes[ \t]*=(.*)$/i.exec(header)?.[1];
  if (list === undefined) return WHOLE;
  const specs = list.split(',').map((spec) => spec.trim());
  const asked = specs.filter((spec) => spec !== '');
  if (asked.length === 0 || asked.length > MOST_PARTS) return WHOLE;
  const parts = asked.map((spec) => parsePart(spec, size));
  if (parts.includes('malformed')) return WHOLE;
  const satisfiable = parts.filter((part) => typeof part !== 'string');
  return satisfiable.length === 0 ? { kind: 'unsatisfiable' } : merge(satisfiable);
}

interface Part {
  readonly start: number;
  readonly end: number;
}

function parsePart(spec: string, size: number): Part | 'malformed' | 'unsatisfiable' {
  const match = /^(\d*)-(\d*)$/.exec(spec);
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return 'malformed';
  if (first === '') return suffix(Number(last), size);
  const start = Number(first);
  const end = last === '' ? size : Math.min(Number(last) + 1, size);
  if (last !== '' && Number(last) < start) return 'malformed';
  return start >= size ? 'unsatisfiable' : { start, end };
}

/** A suffix longer than the file is the whole file, as 206 (RFC 9110 14.1.2). */
function suffix(length: number, size: number): Part | 'unsatisfiable' {
  return length === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - length), end: size };
}

function merge(parts: readonly Part[]): ByteRange {
  const sorted = [...parts].sort((a, b) => a.start - b.start);
  const start = sorted[0]?.start ?? 0;
  let end = start;
  for (const part of sorted) {
    if (part.start > end) return WHOLE;
    end = Math.max(end, part.end);
  }
  return { kind: 'part', start, end };
}
