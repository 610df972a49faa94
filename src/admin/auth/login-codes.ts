import { createHash, randomBytes } from 'node:crypto';

export const CODE_MINUTES = 15;
const MAX_CODES = 32;

/**
 * Codes of login links: 128 random bits, for one use, for a quarter of an hour. Only their digests are kept. The clock
 * is one that never jumps: a host without a battery for its clock gets the time of day while the first link is waiting.
 */
export class LoginCodes {
  readonly #now: () => number;
  /** Digest -> when it ends; oldest first. */
  readonly #open = new Map<string, number>();

  /** `now`: milliseconds of a steady clock. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A new code. The oldest one gives way when 32 are waiting. */
  make(): string {
    const code = randomBytes(16).toString('base64url');
    const oldest = this.#open.keys().next().value;
    if (this.#open.size >= MAX_CODES && oldest !== undefined) this.#open.delete(oldest);
    this.#open.set(digest(code), this.#now() + CODE_MINUTES * 60_000);
    return code;
  }

  /** True once for a code that was made and has not run out. */
  use(code: string): boolean {
    if (code.length > 64) return false;
    const name = digest(code);
    const end = this.#open.get(name);
    this.#open.delete(name);
    return end !== undefined && this.#now() < end;
  }
}

/** Looked up by its digest, so that the time of the search tells nothing of the code. */
function digest(code: string): string {
  return createHash('sha256').update(code).digest('base64');
}
