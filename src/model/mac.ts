declare const brand: unique symbol;

/** An Ethernet address in its one spelling: six lower-case pairs with colons. */
export type Mac = string & { readonly [brand]: 'Mac' };

// Fixed length, no nested repetition: an expression such as ([0-9a-f]+[:-]?)+ takes seconds on 28 letters.
const SPELLINGS = [
  /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/,
  /^[0-9a-f]{2}(?:-[0-9a-f]{2}){5}$/,
  /^[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}$/,
  /^[0-9a-f]{12}$/,
];

/** Reads `52:54:00:..`, `52-54-00-..`, `5254.0055.1cee` or `525400551cee` in any case; anything else is undefined. */
export function parseMac(text: string): Mac | undefined {
  if (text.length > 17) return undefined;
  const lower = text.toLowerCase();
  if (!SPELLINGS.some((spelling) => spelling.test(lower))) return undefined;
  const digits = lower.replaceAll(/[:.-]/g, '');
  return digits.replaceAll(/(..)(?!$)/g, '$1:') as Mac;
}

/** Of the six bytes of an address on the wire. */
export function macOfBytes(bytes: Buffer): Mac {
  return bytes.toString('hex', 0, 6).replaceAll(/(..)(?!$)/g, '$1:') as Mac;
}

/**
 * A MAC as programs send it: also as pxelinux and BOOTIF spell it, with the hardware type of Ethernet in front
 * (`01-52-54-00-55-1c-ee`, RFC 1700). Six pairs that begin with 01 stay what they are.
 */
export function parseSentMac(text: string): Mac | undefined {
  const typed = /^01([-:])(?=[0-9A-Fa-f]{2}\1)/.exec(text);
  return parseMac(text.length === 20 && typed !== null ? text.slice(3) : text);
}

/** `52-54-00-55-1c-ee`: iPXE's `${mac:hexhyp}`, safe in URLs and file names. */
export function macHyphens(mac: Mac): string {
  return mac.replaceAll(':', '-');
}
