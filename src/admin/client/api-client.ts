import { Failure, type FailureCode, type Place } from '../../model/failure.ts';

const TIMEOUT_MS = 30_000;
const CODES: ReadonlySet<string> = new Set<FailureCode>([
  'broken',
  'conflict',
  'invalid',
  'not-found',
  'refused',
  'too-large',
  'unavailable',
]);

/** The API of a server on this host. What the server refuses is thrown as the Failure that it was there. */
export interface ApiClient {
  /** Throws the signal's reason when that aborts. */
  get(path: string, signal?: AbortSignal): Promise<unknown>;
  /** `timeout`: milliseconds, where it may take longer than other questions. */
  post(path: string, body: object, timeout?: number): Promise<unknown>;
  /** The names of server-sent events as they come; ends with the connection. */
  events(path: string, signal: AbortSignal): AsyncGenerator<string, void, undefined>;
  /** Another path of the server, with the admin token; its answer as it is. */
  fetch(path: string, method: string): Promise<Response>;
}

export function createApiClient(url: string, token: string, timeout = TIMEOUT_MS): ApiClient {
  const headers = { Authorization: `Bearer ${token}`, Accept: 'application/json' };

  async function ask(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(`${url}${path}`, { ...init, redirect: 'error' });
    } catch (cause) {
      if (init.signal?.aborted === true || !(cause instanceof Error)) throw cause;
      throw new Failure('unavailable', 'the server does not answer', { remedy: 'is it stopping? try again', cause });
    }
  }

  async function json(path: string, { signal, ...init }: RequestInit, most = timeout): Promise<unknown> {
    const late = AbortSignal.timeout(most);
    let answer: Response;
    let value: unknown;
    try {
      answer = await ask(`/api/v1${path}`, {
        ...init,
        signal: AbortSignal.any([late, ...(signal == null ? [] : [signal])]),
      });
      value = await parsed(answer);
    } catch (cause) {
      if (!late.aborted || signal?.aborted === true) throw cause;
      const seconds = String(most / 1000);
      throw new Failure('unavailable', `the server has not answered within ${seconds} s`, {
        remedy: 'it may be doing it all the same: look before you try again',
        cause,
      });
    }
    if (answer.ok) return value;
    throw failureIn(value, answer.status);
  }

  return {
    get: (path, signal) => json(path, { headers, signal }),
    post: (path, body, most) =>
      json(
        path,
        {
          method: 'POST',
          headers: { ...headers, 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        },
        most,
      ),
    fetch: (path, method) => ask(path, { method, headers, signal: AbortSignal.timeout(timeout) }),
    async *events(path, signal) {
      const answer = await ask(`/api/v1${path}`, { headers: { ...headers, Accept: 'text/event-stream' }, signal });
      if (!answer.ok || answer.body === null) throw failureIn(await parsed(answer), answer.status);
      let rest = '';
      const decoder = new TextDecoder();
      for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line.startsWith('event: ')) yield line.slice('event: '.length).trim();
      }
    },
  };
}

async function parsed(answer: Response): Promise<unknown> {
  try {
    return await answer.json();
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new Failure('unavailable', `the server answered with ${String(answer.status)} and no JSON`, { cause });
  }
}

function failureIn(value: unknown, status: number): Failure {
  const error = isRecord(value) && isRecord(value['error']) ? value['error'] : {};
  const { code, message, remedy, place } = error;
  const known = typeof code === 'string' && CODES.has(code) ? (code as FailureCode) : undefined;
  if (status === 401) {
    return new Failure('refused', 'the server does not take the admin token', {
      remedy: 'use the one it was started with: PILOTLIGHT_ADMIN_TOKEN or --admin-token, else state/admin-token',
    });
  }
  return new Failure(
    known ?? (status >= 500 ? 'unavailable' : 'refused'),
    typeof message === 'string' ? message : `the server answered with ${String(status)}`,
    {
      remedy: typeof remedy === 'string' ? remedy : undefined,
      place: isRecord(place) && typeof place['file'] === 'string' ? (place as unknown as Place) : undefined,
    },
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
