/** Undefined for a malformed `%` and for bytes that are not UTF-8 (overlong forms such as `%c0%ae` included). */
export function decodeStrict(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * For free text. A malformed `%` stays as it is and bytes that are not UTF-8 become U+FFFD: iPXE sends both
 * (`${serial:uristring}` prints a byte over 0x7f as `%FFFFFFEE`, and 2019 builds decode once more than they encode).
 * `+` stays a plus: iPXE never escapes it, and nobody here sends HTML forms.
 */
export function decodeTolerant(text: string): string {
  if (!text.includes('%')) return text;
  return text.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

/** A piece of a request for an error line: printable ASCII only, at most 64 characters. */
export function show(text: string): string {
  const clean = text.slice(0, 65).replaceAll(/[^\x20-\x7e]/g, '?');
  return clean.length > 64 ? `${clean.slice(0, 61)}...` : clean;
}
