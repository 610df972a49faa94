import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Failure } from '../model/failure.ts';
import { Unanswered } from './kv.ts';

export interface EngineAccess {
  /** `http://10.0.0.1:2379`; any of them will do. */
  readonly endpoints: readonly string[];
  readonly user?: { readonly name: string; readonly password: string };
  /** PEM. */
  readonly tls?: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
  /** For one call over all endpoints. */
  readonly deadlineMs?: number;
}

/** The engine heard it and does not do it. */
export class EngineRefusal extends Failure {
  /** gRPC's status code. */
  readonly grpc: number;

  constructor(grpc: number, message: string, remedy?: string) {
    super(grpc === UNAUTHENTICATED || grpc === DENIED ? 'refused' : 'broken', `the engine refuses: ${message}`, {
      remedy,
    });
    this.grpc = grpc;
  }
}

/** gRPC's status codes (google.golang.org/grpc/codes). */
const [DEADLINE, DENIED, UNAVAILABLE, UNAUTHENTICATED] = [4, 7, 14, 16];
const DEADLINE_MS = 1500;
/** Misses in a row after which calls fail at once, but for one that looks. */
const MISSES = 3;
const LOOK_MS = 1000;
const MAX_ANSWER = 64 * 1024 * 1024;

type Sent = 'no' | 'yes';

/** What became of one try at one endpoint. */
type Try = { readonly status: number; readonly body: string } | { readonly missed: string; readonly sent: Sent };

/** Asks the engine's endpoints in turn: each call has one deadline for all of them. */
export class EngineHttp {
  readonly #access: EngineAccess;
  readonly #now: () => number;
  readonly #agents: { readonly http: HttpAgent; readonly https: HttpsAgent };
  /** The endpoint that answered last. */
  #preferred = 0;
  #misses = 0;
  #lookedAt = -Infinity;
  #token: string | undefined;

  constructor(access: EngineAccess, now: () => number) {
    this.#access = access;
    this.#now = now;
    const how = { keepAlive: true, maxSockets: 64 };
    this.#agents = { http: new HttpAgent(how), https: new HttpsAgent({ ...how, ...access.tls }) };
  }

  /** What may be asked twice: of the next endpoint when one does not answer. Throws Unanswered, EngineRefusal. */
  async read<T>(path: string, body: object): Promise<T> {
    return (await this.#call(path, body, true)) as T;
  }

  /** What may be done once: where it was sent and not answered, it may have been done (`maybe`). */
  async write<T>(path: string, body: object): Promise<T> {
    return (await this.#call(path, body, false)) as T;
  }

  async #call(path: string, body: object, again: boolean): Promise<unknown> {
    if (this.#misses >= MISSES) {
      if (this.#now() - this.#lookedAt < LOOK_MS) throw unanswered(this.#access, 'not heard for some time', false);
      this.#lookedAt = this.#now();
    }
    const text = JSON.stringify(body);
    const until = this.#now() + (this.#access.deadlineMs ?? DEADLINE_MS);
    let answer = await this.#ask(path, text, again, until);
    // etcd's tokens are good for five minutes, and for one server where they are not JWT.
    if (this.#access.user !== undefined && isTokenRefused(answer)) {
      this.#token = undefined;
      answer = await this.#ask(path, text, again, until);
    }
    return this.#judged(answer, again);
  }

  async #ask(path: string, text: string, again: boolean, until: number): Promise<Try> {
    if (this.#access.user !== undefined && this.#token === undefined) await this.#logIn(this.#access.user, until);
    return await this.#tryEach(path, text, again, until);
  }

  async #tryEach(path: string, text: string, again: boolean, until: number): Promise<Try> {
    const { endpoints } = this.#access;
    let last: Try = { missed: 'no endpoint', sent: 'no' };
    for (let left = endpoints.length; left > 0; left -= 1) {
      const time = (until - this.#now()) / left;
      if (time <= 0) break;
      last = await this.#once(endpoints[this.#preferred] ?? '', path, text, time);
      if ('status' in last && !isPassing(last)) return last;
      // The next call begins with another one, too.
      this.#preferred = (this.#preferred + 1) % endpoints.length;
      if (!again && ('status' in last || last.sent === 'yes')) return last;
    }
    return last;
  }

  #judged(answer: Try, again: boolean): unknown {
    if ('missed' in answer || isPassing(answer)) {
      this.#misses += 1;
      this.#lookedAt = this.#now();
      const why = 'missed' in answer ? answer.missed : errorOf(answer).message;
      throw unanswered(this.#access, why, !again && ('status' in answer || answer.sent === 'yes'));
    }
    this.#misses = 0;
    if (answer.status === 200) return parsed(answer.body);
    const { code, message } = errorOf(answer);
    const remedy = REMEDIES[code];
    throw new EngineRefusal(code, message, remedy);
  }

  async #logIn({ name, password }: { readonly name: string; readonly password: string }, until: number): Promise<void> {
    const answer = await this.#tryEach('/v3/auth/authenticate', JSON.stringify({ name, password }), true, until);
    this.#token = (this.#judged(answer, true) as { readonly token?: string }).token;
  }

  /** Opens a stream at the endpoint that answered last. `ended`: told once, with why. */
  stream(
    path: string,
    body: object,
    on: { readonly line: (line: string) => void; readonly ended: (why: string) => void },
  ): { readonly endpoint: string; close(): void } {
    const endpoint = this.#access.endpoints[this.#preferred] ?? '';
    let over = false;
    const ended = (why: string): void => {
      if (over) return;
      over = true;
      on.ended(why);
    };
    const req = this.#request(endpoint, path, (res) => {
      let rest = '';
      res.setEncoding('utf8');
      res.on('data', (chunk: string) => {
        rest += chunk;
        const lines = rest.split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (!over && line !== '') on.line(line);
        if (rest.length > MAX_ANSWER) req.destroy(new Error('a line without an end'));
      });
      res.on('error', (error) => {
        ended(error.message);
      });
      res.on('close', () => {
        ended('the stream ended');
      });
    });
    req.on('error', (error) => {
      ended(error.message);
    });
    req.end(JSON.stringify(body));
    return {
      endpoint,
      close() {
        over = true;
        req.destroy();
      },
    };
  }

  /** Whether that one endpoint answers, from its own memory. */
  async isAlive(endpoint: string): Promise<boolean> {
    const body = JSON.stringify({ key: 'AA==', serializable: true, count_only: true });
    const answer = await this.#once(endpoint, '/v3/kv/range', body, this.#access.deadlineMs ?? DEADLINE_MS);
    return 'status' in answer;
  }

  /** The next call, or stream, begins with another endpoint. */
  leave(endpoint: string): void {
    const { endpoints } = this.#access;
    if (endpoints[this.#preferred] === endpoint) this.#preferred = (this.#preferred + 1) % endpoints.length;
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  async #once(endpoint: string, path: string, text: string, timeMs: number): Promise<Try> {
    return await new Promise((resolve) => {
      let sent: Sent = 'no';
      const req = this.#request(endpoint, path, (res) => {
        const parts: Buffer[] = [];
        let length = 0;
        res.on('data', (part: Buffer) => {
          parts.push(part);
          length += part.length;
          if (length > MAX_ANSWER) req.destroy(new Error('its answer is too long'));
        });
        res.on('error', (error) => {
          miss(error.message);
        });
        res.on('end', () => {
          clearTimeout(timer);
          resolve({ status: res.statusCode ?? 0, body: Buffer.concat(parts).toString() });
        });
      });
      const miss = (why: string): void => {
        clearTimeout(timer);
        resolve({ missed: why, sent });
      };
      const timer = setTimeout(() => {
        miss('no answer in time');
        req.destroy();
      }, timeMs);
      req.on('error', (error) => {
        miss(error.message);
      });
      // From the moment that there is a connection the other side may have it.
      req.on('socket', (socket) => {
        if (!socket.connecting) sent = 'yes';
        else socket.once('connect', () => (sent = 'yes'));
      });
      req.end(text);
    });
  }

  #request(endpoint: string, path: string, answered: (res: IncomingMessage) => void): ClientRequest {
    const url = new URL(path, endpoint);
    const authorization = this.#token === undefined ? {} : { Authorization: this.#token };
    // A member without a leader says so, instead of waiting (etcd-io/etcd#10819 for streams).
    const headers = { 'Content-Type': 'application/json', 'Grpc-Metadata-hasleader': 'true', ...authorization };
    const how = { method: 'POST', headers };
    if (url.protocol === 'https:')
      return httpsRequest(url, { ...how, ...this.#access.tls, agent: this.#agents.https }, answered);
    return httpRequest(url, { ...how, agent: this.#agents.http }, answered);
  }
}

const REMEDIES: Readonly<Record<number, string>> = {
  [UNAUTHENTICATED]: 'PILOTLIGHT_FLEET_USER and PILOTLIGHT_FLEET_PASSWORD name a user of it',
  [DENIED]: 'give that user a role with read and write on the keys of the fleet (docs/fleet.md)',
  3: 'it may ask for a user: PILOTLIGHT_FLEET_USER and PILOTLIGHT_FLEET_PASSWORD',
};

/** The member cannot serve now; another one may, or it may later. */
function isPassing(answer: Extract<Try, { status: number }>): boolean {
  if (answer.status === 200) return false;
  const { code } = errorOf(answer);
  return code === UNAVAILABLE || code === DEADLINE || (code === -1 && answer.status >= 500);
}

function isTokenRefused(answer: Try): boolean {
  return 'status' in answer && answer.status !== 200 && errorOf(answer).code === UNAUTHENTICATED;
}

/** -1: it was none of etcd's. */
function errorOf({ status, body }: Extract<Try, { status: number }>): {
  readonly code: number;
  readonly message: string;
} {
  try {
    const { code = -1, message, error } = JSON.parse(body) as { code?: number; message?: string; error?: string };
    return { code, message: message ?? error ?? `status ${status}` };
  } catch {
    return { code: -1, message: `status ${status}: it is not etcd's gateway that answers there` };
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Failure('broken', "the engine's answer is not JSON", {
      remedy: 'PILOTLIGHT_FLEET must name the client addresses of etcd (port 2379)',
    });
  }
}

function unanswered({ endpoints }: EngineAccess, why: string, maybe: boolean): Unanswered {
  return new Unanswered(`the engine of the fleet is not heard (${endpoints.join(', ')}): ${why}`, maybe);
}
