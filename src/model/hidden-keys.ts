const BEGIN = '-----BEGIN OPENSSH PRIVATE KEY-----';
const LEFT_OUT = ' (left out) ';
/** What `BEGIN` is in base64, as far as it does not depend on what follows. */
const ENCODED = Buffer.from(BEGIN).toString('base64').slice(0, 46);

// As text, also indented, with escaped line ends in JSON, or cut off; and in base64, as a data URL has it.
const AS_TEXT = new RegExp(`${BEGIN}[\\s\\S]*?(?:-----END OPENSSH PRIVATE KEY-----|$)`, 'g');
const AS_BASE64 = new RegExp(`${ENCODED}[A-Za-z0-9+/=]*`, 'g');

/**
 * What may be kept and shown of a document that a machine was sent: a private SSH key in it is left out. What is packed
 * (gzip) is not looked into. Gives the same bytes where there is none.
 */
export function hidePrivateKeys(body: Uint8Array): Uint8Array {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!bytes.includes(BEGIN) && !bytes.includes(ENCODED)) return body;
  const text = bytes.toString('utf8');
  return Buffer.from(text.replaceAll(AS_TEXT, `${BEGIN}${LEFT_OUT}`).replaceAll(AS_BASE64, `${ENCODED}${LEFT_OUT}`));
}
