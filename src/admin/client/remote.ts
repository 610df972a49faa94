import { setTimeout as sleep } from 'node:timers/promises';
import type { MachinePage, MachineQuery, MachineView } from '../../model/views.ts';
import type { RunningServer } from './running-server.ts';
import type { Named } from '../service/operations.ts';
import { createApiClient } from './api-client.ts';
import type { Counter, LoginLink } from './client.ts';
import { linksElsewhere } from './links-elsewhere.ts';

/** How often is looked where no events come. */
export const POLL_MS = 2000;

type ServerAddress = Pick<RunningServer, 'everywhere' | 'url'>;

/** Over the API of the server that runs. */
export function serverCounter({ url, everywhere = false }: ServerAddress, token: string): Counter {
  const api = createApiClient(url, token);
  const at = (key: string, what = ''): string => `/machines/${encodeURIComponent(key)}${what}`;
  return {
    at: 'server',
    machines: async (query) => (await api.get(`/machines?${words(query)}`)) as MachinePage,
    machine: async (key) => (await api.get(at(key))) as MachineView,
    adopt: async ({ key, ...rest }) =>
      (await api.post(at(key, '/adopt'), rest)) as Awaited<ReturnType<Counter['adopt']>>,
    reinstall: async (machine) =>
      (await api.post('/reinstall', { machine })) as Awaited<ReturnType<Counter['reinstall']>>,
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
