import { sameText } from './admin-token.ts';
import { createHash, createHmac, randomBytes } from 'node:crypto';

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

const HOUR = 3_600_000;
/** Without a request for so long, a session ends. */
const IDLE = 12 * HOUR;
/** However busy it is, it ends after this. */
const WHOLE_LIFE = 7 * 24 * HOUR;
const MAX_ENDED = 1024;
const COOKIE = 'pilotlight';
const MAX_OPEN = 1024;
/** The fourth part is the user's name in base64url; a session of the admin token has none. */
const SHAPE = /^([0-9a-z]{1,11})\.([0-9a-z]{1,11})\.([\w-]{22})\.(?:([\w-]{1,43})\.)?([\w-]{43})$/;

export interface Session {
  /** Random; stays the same when the session is renewed. */
  readonly id: string;
  /** Milliseconds since 1970, as `expires`. */
  readonly born: number;
  readonly expires: number;
  /** Undefined: of the admin token, by the form or by a login link. */
  readonly user?: string | undefined;
}

/** What is known of a session besides its cookie, so that people can tell theirs apart. */
export interface SessionFacts {
  /** The address of its last request. */
  readonly from?: string | undefined;
  /** What its browser calls itself. */
  readonly agent?: string | undefined;
}

export interface OpenSession extends Session, SessionFacts {
  /** Its last request, milliseconds since 1970. */
  readonly seen: number;
}

/** Which sessions were logged out, and when they would have ended by themselves (milliseconds since 1970). */
export type EndedSessions = ReadonlyMap<string, number>;

/** What the next run must know of the sessions of this one. */
export interface KeptSessions {
  readonly ended: EndedSessions;
  readonly open: readonly OpenSession[];
}

/** Where it is remembered which sessions there are, and which were logged out. */
export interface SessionBook extends KeptSessions {
  /** Sessions from before count as logged out: which of them were is not known. Milliseconds since 1970. */
  readonly notBefore: number;
  /** Keeps them for the next run. Does not reject: what cannot be kept holds until the server ends. */
  readonly keep: (kept: KeptSessions) => Promise<void>;
}

/** Remembers nothing beyond its own life. */
const NO_BOOK: SessionBook = { ended: new Map(), open: [], notBefore: 0, keep: () => Promise.resolve() };

export interface SessionsOptions {
  /** Its sessions end when it changes. */
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly book?: SessionBook | undefined;
  /** From when on sessions of that user count; undefined for a user that there is not. */
  readonly userSince?: ((name: string) => number | undefined) | undefined;
}

/**
 * Sessions of people who logged in. The cookie holds all of one, with a MAC under a key that is made of the admin
 * token: it holds without anything that is kept, a restart ends none, and a new token ends all. Those that logged out
 * are remembered until they would have ended by themselves, the newest thousand of them, also across restarts; so are
 * those that are open, for the list only.
 */
export class Sessions {
  readonly #now: () => number;
  readonly #cookieKey: Buffer;
  /** Session -> when it would have ended; oldest first. */
  readonly #ended: Map<string, number>;
  /** By their id. */
  readonly #open: Map<string, OpenSession>;
  readonly #book: SessionBook;
  readonly #userSince: (name: string) => number | undefined;

  constructor({ token, now, book = NO_BOOK, userSince = () => undefined }: SessionsOptions) {
    this.#now = now;
    this.#book = book;
    this.#userSince = userSince;
    this.#ended = new Map(book.ended);
    this.#open = new Map(book.open.map((one) => [one.id, one]));
    this.#cookieKey = createHmac('sha256', token).update('pilotlight session cookie 1').digest();
  }

  open(user?: string, facts: SessionFacts = {}): Session {
    const born = this.#now();
    const session = {
      id: randomBytes(16).toString('base64url'),
      born,
      expires: born + IDLE,
      ...(user !== undefined && { user }),
    };
    this.seen(session, facts);
    this.#book.keep(this.#kept()).catch(() => undefined);
    return session;
  }

  /** It made a request just now: for the list. */
  seen(session: Session, { from, agent }: SessionFacts): void {
    const now = this.#now();
    this.#open.set(session.id, { ...session, from, agent: agent?.slice(0, 200), seen: now });
    if (this.#open.size <= MAX_OPEN) return;
    for (const one of this.#open.values()) if (!this.alive(one)) this.#open.delete(one.id);
    const [oldest] = [...this.#open.values()].sort((a, b) => a.seen - b.seen);
    if (this.#open.size > MAX_OPEN && oldest !== undefined) this.#open.delete(oldest.id);
  }

  /** Those that can still be used, the last seen first. */
  list(): readonly OpenSession[] {
    return [...this.#open.values()].filter((one) => this.alive(one)).sort((a, b) => b.seen - a.seen);
  }

  /** The session of a Cookie line; undefined for none, a forged one, and one that has ended. */
  read(cookieLine: string): Session | undefined {
    for (const value of valuesOf(cookieLine)) {
      const session = this.#parse(value);
      if (session !== undefined && this.alive(session)) return session;
    }
    return undefined;
  }

  alive({ id, born, expires, user }: Session): boolean {
    const now = this.#now();
    if (user !== undefined && !(born >= (this.#userSince(user) ?? Infinity))) return false;
    // A clock that was put back makes no session longer.
    if (born < this.#book.notBefore) return false;
    return now < expires && expires - now <= IDLE && expires - born <= WHOLE_LIFE && !this.#ended.has(id);
  }

  /** The same session with a new end, when the first half of its time is over. */
  renewed(session: Session): Session | undefined {
    const now = this.#now();
    if (session.expires - now > IDLE / 2) return undefined;
    const expires = Math.min(now + IDLE, session.born + WHOLE_LIFE);
    return expires > session.expires ? { ...session, expires } : undefined;
  }

  /** Logged out from now on; resolves when that is kept for the next run, too. */
  async end({ id, born }: Pick<Session, 'born' | 'id'>): Promise<void> {
    this.#open.delete(id);
    const now = this.#now();
    for (const [old, end] of this.#ended) if (end <= now) this.#ended.delete(old);
    const oldest = this.#ended.keys().next().value;
    if (this.#ended.size >= MAX_ENDED && oldest !== undefined) this.#ended.delete(oldest);
    this.#ended.set(id, born + WHOLE_LIFE);
    await this.#book.keep(this.#kept());
  }

  /** A Set-Cookie line (RFC 6265bis, 4.1). */
  cookie(session: Session, secure: boolean): string {
    const seconds = Math.ceil((session.expires - this.#now()) / 1000);
    return setCookie(this.#write(session), seconds, secure);
  }

  /** A Set-Cookie line that takes the cookie away. */
  noCookie(secure: boolean): string {
    return setCookie('', 0, secure);
  }

  #kept(): KeptSessions {
    return { ended: this.#ended, open: this.list() };
  }

  #write({ id, born, expires, user }: Session): string {
    const of = user === undefined ? '' : `.${Buffer.from(user).toString('base64url')}`;
    const text = `${born.toString(36)}.${expires.toString(36)}.${id}${of}`;
    return `${text}.${createHmac('sha256', this.#cookieKey).update(text).digest('base64url')}`;
  }

  #parse(value: string): Session | undefined {
    const [, born, expires, id, of] = SHAPE.exec(value) ?? [];
    if (born === undefined || expires === undefined || id === undefined) return undefined;
    const user = of === undefined ? {} : { user: Buffer.from(of, 'base64url').toString() };
    const session = { id, born: Number.parseInt(born, 36), expires: Number.parseInt(expires, 36), ...user };
    return sameText(value, this.#write(session)) ? session : undefined;
  }
}

/** A neighbouring host name may have put a second cookie of this name before ours: a few are tried. */
function valuesOf(cookieLine: string): readonly string[] {
  const prefix = `${COOKIE}=`;
  return cookieLine
    .split(';', 64)
    .map((part) => part.trim())
    .filter((part) => part.startsWith(prefix))
    .slice(0, 4)
    .map((part) => part.slice(prefix.length));
}

function setCookie(value: string, seconds: number, secure: boolean): string {
  const flags = `Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict`;
  return `${COOKIE}=${value}; ${flags}${secure ? '; Secure' : ''}`;
}
