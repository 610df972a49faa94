import { bearerOf, createTokenCheck } from './token.ts';
import type { IncomingHttpHeaders } from 'node:http';
import type { Actor } from '../../model/operator.ts';
import type { Origin } from '../../model/plan.ts';
import { senderOf } from './client.ts';
import { CODE_MINUTES, type EndedBook, LoginCodes, type Session, Sessions } from './sessions.ts';

const MAX_SECONDS = 60;
/** After so long without another failure, an address is like new. */
const FORGET = 15 * 60_000;
const MAX_ADDRESSES = 4096;
/** So many failures in a minute, from everywhere, are an attack: an address that has failed waits longer. */
const CROWD = 60;
const CROWD_SECONDS = 10;

interface Record {
  failures: number;
  /** Until then nothing of this address is compared. */
  until: number;
  at: number;
}

/**
 * How long an address waits after wrong tokens: 1, 2, 4 ... 60 seconds. An address that has not failed never waits,
 * however many others fail: no other client can lock an operator out. The memory is bounded; the address that has
 * been quiet for longest is forgotten first.
 */
export class BackOff {
  readonly #now: () => number;
  readonly #records = new Map<string, Record>();
  #minute = 0;
  #failures = 0;

  /** `now`: milliseconds of a steady clock. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#records.size;
  }

  /** Seconds until this address may try again; 0: now. */
  wait(address: string): number {
    const left = (this.#records.get(address)?.until ?? 0) - this.#now();
    return left > 0 ? Math.ceil(left / 1000) : 0;
  }

  failed(address: string): void {
    const now = this.#now();
    const before = this.#records.get(address);
    const failures = before === undefined || now - before.at > FORGET ? 1 : before.failures + 1;
    const own = Math.min(MAX_SECONDS, 2 ** Math.min(failures - 1, 10));
    const seconds = this.#crowded(now) ? Math.max(own, CROWD_SECONDS) : own;
    // Put at the end: the first one is always the one that has been quiet for longest.
    this.#records.delete(address);
    this.#records.set(address, { failures, until: now + seconds * 1000, at: now });
    if (this.#records.size > MAX_ADDRESSES) this.#records.delete(this.#records.keys().next().value ?? address);
  }

  succeeded(address: string): void {
    this.#records.delete(address);
  }

  #crowded(now: number): boolean {
    const minute = Math.floor(now / 60_000);
    if (minute !== this.#minute) this.#failures = 0;
    this.#minute = minute;
    this.#failures += 1;
    return this.#failures > CROWD;
  }
}

/** An operator, or a program of theirs. */
export interface Access extends Omit<Actor, 'from'> {
  /** Undefined: a program that showed the token itself. */
  readonly session?: Session;
  /** False from the moment in which the session ends. */
  alive(): boolean;
}

/** `none`: nothing was shown, or a session that has ended. `wait`: too many failures; nothing was compared. */
export type Verdict =
  | { readonly kind: 'access'; readonly access: Access }
  | { readonly kind: 'none' }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'wait'; readonly seconds: number };

export interface LoginLink {
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface OperatorAuthOptions {
  readonly token: string;
  /** Where browsers find us. */
  readonly baseUrl?: Origin | undefined;
  /** Which sessions were logged out before. */
  readonly ended?: EndedBook;
  /** Milliseconds since 1970. */
  readonly wall?: () => number;
  /** Milliseconds that never go back. */
  readonly steady?: () => number;
}

/** Who may in. The token itself leaves this only as digests and keys that are made of it. */
export interface OperatorAuth {
  readonly sessions: Sessions;
  /** A link that logs one browser in, once, within a quarter of an hour. */
  newLink(origin: Origin): LoginLink;
  /**
   * Who asks, by the Authorization line or else the cookie. `client`: whose failures count together; those of
   * pages of other sites apart.
   */
  check(headers: IncomingHttpHeaders, client: string): Verdict;
  /** A token from the login form: opens a session. */
  logIn(token: string, client: string): Verdict;
  /** A link's code: opens a session. A wrong one counts apart from tokens, and keeps no right one out. */
  redeem(code: string, client: string): Verdict;
}

export function createOperatorAuth(options: OperatorAuthOptions): OperatorAuth {
  const wall = options.wall ?? (() => Date.now());
  const steady = options.steady ?? (() => performance.now());
  const isToken = createTokenCheck(options.token);
  const codes = new LoginCodes(steady);
  const sessions = new Sessions(options.token, wall, options.ended);
  const backOff = new BackOff(steady);
  const foreignBackOff = new BackOff(steady);
  const codeBackOff = new BackOff(steady);

  function compare(counted: BackOff, client: string, right: () => boolean, make: () => Access): Verdict {
    const seconds = counted.wait(client);
    if (seconds > 0) return { kind: 'wait', seconds };
    if (!right()) {
      counted.failed(client);
      return { kind: 'wrong' };
    }
    counted.succeeded(client);
    return { kind: 'access', access: make() };
  }

  function sessionAccess(session: Session): Access {
    return { ...ADMIN, by: 'session', session, alive: () => sessions.alive(session) };
  }

  return {
    sessions,
    newLink: (origin) => ({
      url: `${origin}/dashboard/login?code=${codes.make()}`,
      expiresAt: wall() + CODE_MINUTES * 60_000,
    }),
    check(headers, client) {
      const { authorization, cookie } = headers;
      if (authorization !== undefined) {
        const bearer = bearerOf(authorization);
        if (bearer === undefined) return { kind: 'none' };
        // A page of another site could lock its visitor out by tokens that are wrong on purpose.
        const counted = senderOf(headers, options.baseUrl) === 'foreign' ? foreignBackOff : backOff;
        return compare(counted, client, () => isToken(bearer), programAccess);
      }
      const session = cookie === undefined ? undefined : sessions.read(cookie);
      return session === undefined ? { kind: 'none' } : { kind: 'access', access: sessionAccess(session) };
    },
    logIn: (token, client) =>
      compare(
        backOff,
        client,
        () => isToken(token),
        () => sessionAccess(sessions.open()),
      ),
    redeem(code, client) {
      // Looked up whatever came before: 128 random bits cannot be guessed, and any page can have a browser ask for an
      // image at a wrong code. Such failures slow down those who fail, and nothing else.
      if (codes.use(code)) return { kind: 'access', access: sessionAccess(sessions.open()) };
      const seconds = codeBackOff.wait(client);
      if (seconds > 0) return { kind: 'wait', seconds };
      codeBackOff.failed(client);
      return { kind: 'wrong' };
    },
  };
}

const ADMIN = { role: 'admin', who: 'admin token' } as const;

function programAccess(): Access {
  return { ...ADMIN, by: 'admin token', alive: () => true };
}
