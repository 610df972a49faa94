import { Failure } from '../model/failure.ts';

/**
 * Throws Failure `refused` for a page in the place of a signature, a key or a signed list: neither armour nor OpenPGP's
 * packets begin with `<`. `what` is an address or a file.
 */
export function refusePage(bytes: Buffer, what: string, expected: string): void {
  if (!/^(?:\u00ef\u00bb\u00bf)?\s*</.test(bytes.subarray(0, 512).toString('latin1'))) return;
  throw new Failure('refused', `${what} is a web page where ${expected} belongs`, {
    remedy: 'look at it with a browser; a proxy or a captive portal may have answered in its place',
  });
}
