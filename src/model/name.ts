declare const brand: unique symbol;

/**
 * What may name a profile, a key or a document: `a`, `52:54:00:55:1c:ee`, `rack 3`, or one folder down, `lab/a`.
 * coreos-ipxe-server served all of these. Below its folder it is a safe path, whatever it holds.
 */
export type Name = string & { readonly [brand]: 'Name' };

const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}$/;
// Colons and blanks only inside: a blank at the end is seen by nobody, and a leading one by hardly anybody.
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
