declare const brand: unique symbol;

/** A release's version: one safe path segment of letters, digits, `.`, `+`, `-`, `_`. */
export type Version = string & { readonly [brand]: 'Version' };

const SPELLING = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;

/** Undefined for anything that may not stand in a path or a URL: `../x`, spaces, line breaks, over 64 characters. */
export function parseVersion(text: string): Version | undefined {
  return SPELLING.test(text) && !text.includes('..') ? (text as Version) : undefined;
}

/** Negative when `a` is older than `b`. Runs of digits compare as numbers, everything else as text: 9.9.9 < 10.0.0. */
export function compareVersions(a: Version, b: Version): number {
  const left = a.match(/\d+|[^\d.]+/g) ?? [];
  const right = b.match(/\d+|[^\d.]+/g) ?? [];
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const x = left[i];
    const y = right[i];
    if (x === undefined) return -1;
    if (y === undefined) return 1;
    const numeric = /^\d/.test(x) && /^\d/.test(y);
    const order = numeric ? compareDigits(x, y) : x < y ? -1 : x > y ? 1 : 0;
    if (order !== 0) return order;
  }
  return 0;
}

function compareDigits(x: string, y: string): number {
  const a = BigInt(x);
  const b = BigInt(y);
  return a < b ? -1 : a > b ? 1 : 0;
}
