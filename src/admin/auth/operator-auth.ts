import type { IncomingHttpHeaders } from 'node:http';
import type { Origin } from '../../model/origin.ts';
import { BackOff } from './back-off.ts';
import { CODE_MINUTES, LoginCodes } from './login-codes.ts';
import { isOwnRequest } from './same-site.ts';
import { Sessions, type EndedBook, type Session } from './sessions.ts';
import { bearerOf, createTokenCheck, sameText } from './token.ts';

/** Somebody who may read and change everything. */
export interface Access {
  /** Undefined: a program that showed the token itself. */
  readonly session?: Session;
  /** What a session's unsafe requests must carry; empty for a program. */
  readonly csrf: string;
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
  /** A token that somebody typed: opens a session. */
  logIn(token: string, client: string): Verdict;
  /** A link's code: opens a session. A wrong one counts apart from tokens, and keeps no right one out. */
  redeem(code: string, client: string): Verdict;
  /** Whether an unsafe request of a session carries what only our own pages know. */
  csrfMatches(access: Access, given: string): boolean;
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
    return { session, csrf: sessions.csrf(session), alive: () => sessions.alive(session) };
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
        const counted = isOwnRequest(headers, options.baseUrl) ? backOff : foreignBackOff;
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
    csrfMatches: (access, given) => access.csrf !== '' && sameText(given, access.csrf),
  };
}

function programAccess(): Access {
  return { csrf: '', alive: () => true };
}
