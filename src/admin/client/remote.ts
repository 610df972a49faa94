import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, type FailureCode, type Place } from '../../model/failure.ts';
import type { MachinePage, MachineQuery, MachineView } from '../../model/views.ts';
import { type LocalAddress, localAddresses } from '../../net/addresses.ts';
import type { Named } from '../service/operations.ts';
import type { AdminClient, LoginLink } from './client.ts';
import type { RunningServer } from './running-server.ts';

const LOOPBACK = /^(?:127\.|\[::1\]$|localhost$)/;

/**
 * A link to a server that listens on all addresses of this host, as other hosts see it: one for each IPv4 address.
 * Nothing for a link that names an address already.
 */
export function linksElsewhere(link: string, local: readonly LocalAddress[] = localAddresses()): readonly string[] {
  if (!LOOPBACK.test(new URL(link).hostname)) return [];
  return local
    .filter(({ family, internal }) => family === 4 && !internal)
    .map(({ address }) => {
      const there = new URL(link);
      there.hostname = address;
      return there.href;
    });
}

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

/** The API of a server on this host. What it refuses comes out as the Failure that it was there. */
export interface ApiClient {
  /** Throws the signal's reason when that aborts. */
  get(path: string, signal?: AbortSignal): Promise<unknown>;
  post(path: string, body: object): Promise<unknown>;
  /** The names of server-sent events as they come; ends with the connection. */
  events(path: string, signal: AbortSignal): AsyncGenerator<string, void, undefined>;
}

export function createApiClient(url: string, token: string, timeout = TIMEOUT_MS): ApiClient {
  const headers = { Authorization: `Bearer ${token}`, Accept: 'application/json' };

  async function ask(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(`${url}/api/v1${path}`, { ...init, redirect: 'error' });
    } catch (cause) {
      if (init.signal?.aborted === true || !(cause instanceof Error)) throw cause;
      throw new Failure('unavailable', 'the server does not answer', { remedy: 'is it stopping? try again', cause });
    }
  }

  async function json(path: string, { signal, ...init }: RequestInit): Promise<unknown> {
    const late = AbortSignal.timeout(timeout);
    let answer: Response;
    let value: unknown;
    try {
      answer = await ask(path, { ...init, signal: AbortSignal.any([late, ...(signal == null ? [] : [signal])]) });
      value = await parsed(answer);
    } catch (cause) {
      if (!late.aborted || signal?.aborted === true) throw cause;
      const seconds = String(timeout / 1000);
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
    post: (path, body) =>
      json(path, {
        method: 'POST',
        headers: { ...headers, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      }),
    async *events(path, signal) {
      const answer = await ask(path, { headers: { ...headers, Accept: 'text/event-stream' }, signal });
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
    throw new Failure('unavailable', `the server answered with ${answer.status} and no JSON`, { cause });
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
    typeof message === 'string' ? message : `the server answered with ${status}`,
    {
      ...(typeof remedy === 'string' ? { remedy } : {}),
      ...(isRecord(place) && typeof place['file'] === 'string' ? { place: place as unknown as Place } : {}),
    },
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** How often is looked where no events come. */
export const POLL_MS = 2000;

type ServerAddress = Pick<RunningServer, 'everywhere' | 'url'>;

/** Over the API of the server that runs. */
export function remoteClient({ url, everywhere = false }: ServerAddress, token: string): AdminClient {
  const api = createApiClient(url, token);
  const at = (key: string, what = ''): string => `/machines/${encodeURIComponent(key)}${what}`;
  return {
    at: 'server',
    machines: async (query) => (await api.get(`/machines?${words(query)}`)) as MachinePage,
    machine: async (key) => (await api.get(at(key))) as MachineView,
    adopt: async ({ key, ...rest }) =>
      (await api.post(at(key, '/adopt'), rest)) as Awaited<ReturnType<AdminClient['adopt']>>,
    reinstall: async (machine) =>
      (await api.post('/reinstall', { machine })) as Awaited<ReturnType<AdminClient['reinstall']>>,
    cancelReinstall: async (machine) => (await api.post('/reinstall/cancel', { machine })) as Named,
    releaseClaim: async (machine) => (await api.post('/claims/release', { machine })) as Named,
    acceptState: async () => (await api.post('/state/accept', {})) as { readonly accepted: boolean },
    async loginLink() {
      const link = (await api.post('/login-links', {})) as Omit<LoginLink, 'elsewhere'>;
      return { ...link, elsewhere: everywhere ? linksElsewhere(link.url) : [] };
    },
    async watch(changed, signal) {
      const over = (): boolean => signal.aborted;
      while (!over()) {
        try {
          for await (const word of api.events('/events', signal)) if (word === 'machines') changed();
        } catch (error) {
          if (!(error instanceof Error)) throw error;
          // Too many watch, or the server starts anew: looking again and again does it until events come.
        }
        await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
        if (!over()) changed();
      }
    },
    close: () => Promise.resolve(),
  };
}

function words(query: MachineQuery): string {
  return new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
}
