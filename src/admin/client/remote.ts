import type {
  RemovedRelease,
  RolledBack,
  RolloutView,
  SyncEnd,
  SyncStarted,
  SyncSteps,
} from '../../model/release-views.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredToken } from '../../model/discovery.ts';
import type {
  LeasesView,
  LogPage,
  LogQuery,
  NamedMachine,
  PoweredMachine,
  ReinstallingMachine,
} from '../../model/machine-views.ts';
import { Failure, failureLine } from '../../model/failure.ts';
import { isLoopback } from '../../model/machine.ts';
import type { Locked, SyncReport } from '../../model/sync-event.ts';
import type { MachinePage, MachineQuery, MachineView, WrittenNode } from '../../model/views.ts';
import type { ActivityQuery } from '../../model/operator.ts';
import type { AccountView, ActivityPage, ApiTokenView, SessionView, UserView } from '../../model/operator-views.ts';
import { type LocalAddress, localAddresses } from '../../net/addresses.ts';
import type { SyncOnce } from '../../releases/sync-once.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import type { AccountOperations } from '../service/accounts.ts';
import { type AdminClient, type FollowedSync, type LoginLink, noToken, POLL_MS } from './client.ts';
import type { RunningServer } from './running-server.ts';

/** A BMC takes its time, and does one thing after the other. */
const POWER_MS = 100_000;

/** Over the API of the server that runs. */
export function remoteClient(
  { url, everywhere = false }: Pick<RunningServer, 'everywhere' | 'url'>,
  token: string,
): AdminClient {
  const api = createApiClient(url, token);
  const post = async <T>(path: string, body: object = {}): Promise<T> => (await api.post(path, body)) as T;
  const at = (key: string, what = ''): string => `/machines/${encodeURIComponent(key)}${what}`;
  const of = (profile: string, what: string): string => `/profiles/${encodeURIComponent(profile)}/${what}`;
  return {
    at: 'server',
    machines: async (query) => (await api.get(`/machines?${words(query)}`)) as MachinePage,
    machine: async (key) => (await api.get(at(key))) as MachineView,
    machineLog: async (key, query) => (await api.get(`${at(key, '/log')}?${words(query)}`)) as LogPage,
    adopt: async ({ key, ...rest }) => await post<WrittenNode>(at(key, '/adopt'), rest),
    reinstall: async (machine) => await post<NamedMachine>('/reinstall', { machine }),
    cancelReinstall: async (machine) => await post<NamedMachine>('/reinstall/cancel', { machine }),
    power: async (machine, action) => (await api.post('/power', { machine, action }, POWER_MS)) as PoweredMachine,
    reinstallNow: async (machine) => (await api.post('/reinstall/now', { machine }, POWER_MS)) as ReinstallingMachine,
    bootOnce: async (machine, profile, erase) =>
      await post<NamedMachine>('/boot-once', { machine, profile, ...(erase === true ? { erase } : {}) }),
    cancelBootOnce: async (machine) => await post<NamedMachine>('/boot-once/cancel', { machine }),
    releaseClaim: async (machine) => await post<NamedMachine>('/claims/release', { machine }),
    acceptState: async () => await post<{ readonly accepted: boolean }>('/state/accept'),
    rollouts: async () => ((await api.get('/rollouts')) as { readonly rollouts: readonly RolloutView[] }).rollouts,
    rollout: (profile, wish) => post<RolloutView>(of(profile, 'rollout'), wish),
    rollback: (profile, version) => unlessBusy(post<RolledBack>(of(profile, 'rollback'), { version })),
    pin: (profile, change) =>
      unlessBusy(post<{ readonly message: string }>(of(profile, change)).then(({ message }) => message)),
    async prune(keep, emit) {
      const done = await unlessBusy(post<{ readonly removed: readonly RemovedRelease[] }>('/releases/prune', { keep }));
      if (done.kind === 'done') for (const one of done.value.removed) emit({ kind: 'removed', ...one });
      return done;
    },
    sync: (once) => followSync(api, once),
    async tokens() {
      const answer = await api.fetch('/discovery/', 'GET');
      if (answer.ok) return ((await answer.json()) as { readonly tokens: readonly StoredToken[] }).tokens;
      throw new Failure('unavailable', `the server answers ${answer.status}: ${(await answer.text()).trim()}`);
    },
    async forgetToken(name) {
      const answer = await api.fetch(`/discovery/${encodeURIComponent(name)}`, 'DELETE');
      if (answer.status === 404) throw noToken(name);
      if (!answer.ok) throw new Failure('unavailable', `the server answers ${answer.status}`);
    },
    accounts: () => Promise.resolve(remoteAccounts(api)),
    leases: async () => (await api.get('/leases')) as LeasesView,
    activities: async (query) => (await api.get(`/activity?${words(query)}`)) as ActivityPage,
    async loginLink() {
      const link = await post<Omit<LoginLink, 'elsewhere'>>('/login-links');
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

function remoteAccounts(api: ApiClient): AccountOperations {
  const post = async <T>(path: string, body: object = {}): Promise<T> => (await api.post(path, body)) as T;
  const of = (user: string, what: string): string => `/users/${encodeURIComponent(user)}/${what}`;
  return {
    account: async () => (await api.get('/account')) as AccountView,
    users: async () => ((await api.get('/users')) as { readonly users: readonly UserView[] }).users,
    addUser: (user) => post('/users', user),
    setUserRole: (name, role) => post(of(name, 'role'), { role }),
    setPassword: (name, password, current) => post(of(name, 'password'), { password, current }),
    removeUser: (name) => post(of(name, 'remove')),
    apiTokens: async () => ((await api.get('/tokens')) as { readonly tokens: readonly ApiTokenView[] }).tokens,
    createApiToken: (wish) => post('/tokens', wish),
    revokeApiToken: (id) => post(`/tokens/${encodeURIComponent(id)}/revoke`),
    sessions: async () => ((await api.get('/sessions')) as { readonly sessions: readonly SessionView[] }).sessions,
    endSession: (id) => post(`/sessions/${encodeURIComponent(id)}/end`),
  };
}

function words(query: ActivityQuery | LogQuery | MachineQuery): string {
  const given = Object.entries({ ...query } as Readonly<Record<string, unknown>>).filter(
    ([, value]) => value !== undefined,
  );
  return new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString();
}

/** Another process is at it: a script may try again later. */
async function unlessBusy<T>(work: Promise<T>): Promise<Locked<T>> {
  try {
    return { kind: 'done', value: await work };
  } catch (error) {
    if (error instanceof Failure && error.code === 'conflict') return { kind: 'busy', message: failureLine(error) };
    throw error;
  }
}

/**
 * A link to a server that listens on all addresses of this host, as other hosts see it: one for each IPv4 address.
 * Nothing for a link that names an address already.
 */
export function linksElsewhere(link: string, local: readonly LocalAddress[] = localAddresses()): readonly string[] {
  if (!isLoopback(new URL(link).hostname)) return [];
  return local
    .filter(({ family, internal }) => family === 4 && !internal)
    .map(({ address }) => {
      const there = new URL(link);
      there.hostname = address;
      return there.href;
    });
}

/** Between two answers: a download of many chunks is not followed chunk by chunk. */
const APART_MS = 200;

/** Has the server that runs make a run of the sync, and tells its steps until its end. Throws Failure as the run did. */
export async function followSync(
  api: Pick<ApiClient, 'get' | 'post'>,
  { signal, emit, options: { allowDowngrade } }: Pick<SyncOnce, 'emit' | 'options' | 'signal'>,
): Promise<FollowedSync> {
  const begun = (await api.post('/sync', allowDowngrade === true ? { allowDowngrade } : {})) as SyncStarted;
  const { started, run } = begun;
  if (!started || run === undefined) return { kind: 'busy', message: busyText(begun) };
  const { parseSyncEvent } = await import('../../model/sync-event.ts');
  let report: SyncReport | undefined;
  let after = 0;
  for (;;) {
    const news = await unlessLeft(signal, () =>
      api.get(`/sync/steps?run=${String(run)}&after=${String(after)}`, signal),
    );
    if (news === undefined) return { kind: 'left' };
    const { steps, last, end } = news as SyncSteps;
    for (const step of steps) {
      const event = parseSyncEvent(step);
      if (event === undefined) continue;
      emit(event);
      if (event.kind === 'done') report = event.report;
    }
    after = last;
    if (end !== undefined) return ended(end, report);
    await unlessLeft(signal, () => sleep(APART_MS, undefined, { signal }));
  }
}

function busyText({ run }: SyncStarted): string {
  if (run === undefined) return 'the server begins no sync now: it is stopping';
  return `a sync of the server is running already, since ${new Date(run).toISOString()}`;
}

function ended(end: SyncEnd, report: SyncReport | undefined): Locked<SyncReport> {
  if (end.kind === 'busy')
    return { kind: 'busy', message: end.message ?? 'another process works on the data directory' };
  if (end.kind === 'done' && report !== undefined) return { kind: 'done', value: report };
  throw new Failure('unavailable', `the sync of the server ended early: ${end.message ?? 'no report'}`);
}

async function unlessLeft(signal: AbortSignal, work: () => Promise<unknown>): Promise<unknown> {
  try {
    return signal.aborted ? undefined : await work();
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}
