declare const brand: unique symbol;

/**
 * What may name a profile, a key or a document: `a`, `52:54:00:55:1c:ee`, `rack 3`, or one folder down, `lab/a`.
 * coreos-ipxe-server served all of these. Below its folder it is a safe path, whatever it holds.
 */
export type Name = string & { readonly [brand]: 'Name' };

const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}$/;
// Colons and blanks only inside: a blank at the end is invisible, and a leading one nearly so.
const NAME =
  /^(?:[A-Za-z0-9_](?:[A-Za-z0-9._+: -]*[A-Za-z0-9._+:-])?\/)?[A-Za-z0-9_](?:[A-Za-z0-9._+: -]*[A-Za-z0-9._+:-])?$/;
const LONGEST = 128;

/**
 * Undefined for the empty string, more than one folder, a leading dot, control characters, backslashes, `..` and anything
 * over 128 characters.
 */
export function parseName(text: string): Name | undefined {
  return text.length <= LONGEST && NAME.test(text) && !text.includes('..') ? (text as Name) : undefined;
}

/** One plain file name, without folders, colons and blanks: what a publisher, a release or firmware may call a file. */
export function parseFileName(text: string): Name | undefined {
  return FILE_NAME.test(text) && !text.includes('..') ? (text as Name) : undefined;
}

/** Whether the name is that of a file in a folder of its own. */
export function isInFolder(name: Name): boolean {
  return name.includes('/');
}

/** The name as a part of a URL's path, or of its query: folders stay readable. */
export function nameInUrl(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/').replaceAll('%3A', ':');
}

/** What else a name may hold, for messages. */
export const NAME_RULE =
  'letters, digits, dot, plus, hyphen, underscore, colon and blank, at most one folder and 128 characters';

/**
 * The known word that was probably meant: for "did you mean". Undefined when nothing is near: more than a third of the
 * letters would have to change. `-`, `_` and upper case count as no difference.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const wanted = plain(word);
  if (wanted.length > 64) return undefined;
  let best: string | undefined;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const distance = distanceBelow(wanted, plain(candidate), least);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/g, '');
}

/** Letters to insert, drop, replace or swap with their neighbour; `limit` or more when it is at least that. */
function distanceBelow(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? limit;
}
