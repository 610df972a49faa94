/**
 * A text from an editor as bytes, with the line ends of the file that it replaces: a form in a browser has one kind for
 * all files. A file with both kinds gets what was sent.
 */
export function editedLikeBefore(before: Buffer | undefined, text: string): Buffer {
  if (before === undefined) return Buffer.from(text);
  const old = before.toString('latin1');
  const all = old.split('\n').length - 1;
  const crlf = old.split('\r\n').length - 1;
  if (all === 0 || (crlf > 0 && crlf < all)) return Buffer.from(text);
  const plain = text.replaceAll('\r\n', '\n');
  return Buffer.from(crlf === 0 ? plain : plain.replaceAll('\n', '\r\n'));
}
