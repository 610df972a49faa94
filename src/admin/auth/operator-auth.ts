import type { IncomingHttpHeaders } from 'node:http';
import { type Actor, lesser } from '../../model/operator.ts';
import type { Origin } from '../../model/plan.ts';
import { KeyedMutex } from '../../model/service.ts';
import { bearerOf, createTokenCheck } from './admin-token.ts';
import { senderOf } from './client.ts';
import { CODE_MINUTES, LoginCodes, type Session, type SessionBook, type SessionFacts, Sessions } from './sessions.ts';
import { isApiToken, type Users } from './users.ts';

/** Logins with a password that wait for their turn: each takes some tenths of a second. */
const MAX_WAITING = 16;

/** An operator, or a program of theirs. */
export interface Access extends Omit<Actor, 'from' | 'session'> {
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
  /** Absent: there are none. */
  readonly users?: Pick<Users, 'check' | 'find' | 'ofToken'> | undefined;
  /** Which sessions there were before, and which of them were logged out. */
  readonly book?: SessionBook | undefined;
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
  /** The admin token from the login form: opens a session. */
  logIn(token: string, client: string, facts?: SessionFacts): Verdict;
  /** A user's name and password: opens a session of that user. The admin token opens one of its own under any name. */
  logInUser(name: string, password: string, client: string, facts?: SessionFacts): Promise<Verdict>;
  /** A link's code: opens a session. A wrong one counts apart from tokens, and keeps no right one out. */
  redeem(code: string, client: string, facts?: SessionFacts): Verdict;
}

const ADMIN = { role: 'admin', who: 'admin token' } as const;

export function createOperatorAuth(options: OperatorAuthOptions): OperatorAuth {
  const { users } = options;
  const wall = options.wall ?? (() => Date.now());
  const steady = options.steady ?? (() => performance.now());
  const isToken = createTokenCheck(options.token);
  const codes = new LoginCodes(steady);
  const sessions = new Sessions({
    ...{ token: options.token, now: wall, book: options.book },
    userSince: (name) => users?.find(name)?.sessionsFrom,
  });
  const backOff = new BackOff(steady);
  const foreignBackOff = new BackOff(steady);
  const apiBackOff = new BackOff(steady);
  const codeBackOff = new BackOff(steady);
  const logins = new KeyedMutex();
  let waiting = 0;

  function judge(counted: BackOff, client: string, access: Access | undefined): Verdict {
    if (access === undefined) {
      counted.failed(client);
      return { kind: 'wrong' };
    }
    counted.succeeded(client);
    return { kind: 'access', access };
  }

  /** Nothing is compared while the client waits. */
  function compare(counted: BackOff, client: string, find: () => Access | undefined): Verdict {
    const seconds = counted.wait(client);
    return seconds > 0 ? { kind: 'wait', seconds } : judge(counted, client, find());
  }

  function enter(user: string | undefined, facts: SessionFacts | undefined): Access | undefined {
    return sessionAccess(sessions.open(user, facts));
  }

  /** Undefined for a session of a user that has gone since. */
  function sessionAccess(session: Session): Access | undefined {
    const own = { by: 'session', session, alive: () => sessions.alive(session) } as const;
    if (session.user === undefined) return { ...ADMIN, ...own };
    const user = users?.find(session.user);
    return user && { role: user.role, who: user.name, user: user.name, ...own };
  }

  function adminAccess(bearer: string): Access | undefined {
    return isToken(bearer) ? { ...ADMIN, by: 'admin token', alive: () => true } : undefined;
  }

  function apiAccess(bearer: string): Access | undefined {
    const found = users?.ofToken(bearer);
    if (found === undefined) return undefined;
    const { user, token } = found;
    return {
      role: lesser(user.role, token.role ?? user.role),
      who: `${user.name} (token ${token.name})`,
      by: 'API token',
      user: user.name,
      alive: () => users?.ofToken(bearer) !== undefined,
    };
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
        // Looked up whatever came before, as it cannot be guessed.
        const access = apiAccess(bearer);
        if (access !== undefined) return { kind: 'access', access };
        // A page of another site could lock its visitor out by tokens that are wrong on purpose, and a program whose API
        // token has ended all who share its address: the admin's commands on this host, operators behind one proxy.
        const isForeign = senderOf(headers, options.baseUrl) === 'foreign';
        const counted = isForeign ? foreignBackOff : isApiToken(bearer) ? apiBackOff : backOff;
        return compare(counted, client, () => adminAccess(bearer));
      }
      const session = cookie === undefined ? undefined : sessions.read(cookie);
      const access = session && sessionAccess(session);
      return access === undefined ? { kind: 'none' } : { kind: 'access', access };
    },
    logIn: (token, client, facts) =>
      compare(backOff, client, () => (isToken(token) ? enter(undefined, facts) : undefined)),
    async logInUser(name, password, client, facts) {
      const seconds = backOff.wait(client);
      if (seconds > 0) return { kind: 'wait', seconds };
      if (isToken(password.trim())) return judge(backOff, client, enter(undefined, facts));
      if (waiting >= MAX_WAITING) return { kind: 'wait', seconds: 1 };
      waiting += 1;
      try {
        // One after the other, and the wait is asked for again: many tries at once are as slow as one after the other.
        return await logins.run(client, async () => {
          const now = backOff.wait(client);
          if (now > 0) return { kind: 'wait', seconds: now };
          const user = await users?.check(name, password);
          return judge(backOff, client, user && enter(user.name, facts));
        });
      } finally {
        waiting -= 1;
      }
    },
    redeem(code, client, facts) {
      // Looked up whatever came before: 128 random bits cannot be guessed, and any page can have a browser ask for an
      // image at a wrong code. Such failures slow down those who fail, and nothing else.
      const access = codes.use(code) ? enter(undefined, facts) : undefined;
      if (access !== undefined) return { kind: 'access', access };
      const seconds = codeBackOff.wait(client);
      if (seconds > 0) return { kind: 'wait', seconds };
      codeBackOff.failed(client);
      return { kind: 'wrong' };
    },
  };
}

const MAX_SECONDS = 60;
/** After so long without another failure, an address is like new. */
const FORGET = 15 * 60_000;
const MAX_ADDRESSES = 4096;
/** So many failures in a minute, from everywhere, are an attack: an address that has failed waits longer. */
const CROWD = 60;
const CROWD_SECONDS = 10;

interface Failures {
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
  readonly #records = new Map<string, Failures>();
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
