import { createHash, timingSafeEqual } from 'node:crypto';

/** Longer than any token (the settings allow 256 letters): what is over it is wrong without being hashed. */
const MAX_LENGTH = 1024;

/**
 * Compares with the admin token. Both sides are hashed first, so that neither the length nor the first
 * wrong letter shows in the time that it takes.
 */
export function createTokenCheck(token: string): (given: string) => boolean {
  const wanted = digest(token);
  return (given) => given.length <= MAX_LENGTH && timingSafeEqual(digest(given), wanted);
}

/** Equal texts, in a time that tells nothing of them. */
export function sameText(given: string, wanted: string): boolean {
  return given.length <= MAX_LENGTH && timingSafeEqual(digest(given), digest(wanted));
}

/** `Authorization: Bearer TOKEN` (RFC 6750, 2.1; the scheme in any case: RFC 9110, 11.1). */
export function bearerOf(authorization: string): string | undefined {
  return /^bearer +([\x21-\x7e]+)$/i.exec(authorization)?.[1];
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
