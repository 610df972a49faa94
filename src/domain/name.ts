declare const brand: unique symbol;

/** One safe path segment: what may name a profile, a key or a document in a URL. */
export type Name = string & { readonly [brand]: 'Name' };

const SPELLING = /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}$/;

/** Undefined for the empty string, separators, leading dots, control characters, `..` and anything over 128 characters. */
export function parseName(text: string): Name | undefined {
  return SPELLING.test(text) && !text.includes('..') ? (text as Name) : undefined;
}
