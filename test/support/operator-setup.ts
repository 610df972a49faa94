import request from 'supertest';
import type { OperatorAuthOptions } from '../../src/admin/auth/operator-auth.ts';
import { createOperatorAuth, type OperatorAuth } from '../../src/admin/auth/operator-auth.ts';
import type { AdminOperations } from '../../src/admin/service/service.ts';
import { createOperatorApp, type OperatorApp, type OperatorAppOptions } from '../../src/admin/operator.ts';
import { recordLog, type RecordedLog } from './http-server.ts';

export const TOKEN = 'correct-horse-battery-staple';

/** What a fake admin service answers; anything else is an unexpected call. */
export type AdminAnswers = Partial<Omit<AdminOperations, 'accounts'>> & {
  readonly accounts?: Partial<AdminOperations['accounts']>;
};

/** An admin service that answers what a test told it to and nothing else. */
export interface FakeAdminService extends AdminOperations {
  /** Every call but `onChange`, as its name and its arguments. */
  readonly calls: readonly (readonly [name: string, ...args: unknown[]])[];
  /** Says so to everybody who listens. */
  changed(what: 'machines' | 'profiles' | 'releases'): void;
  readonly listeners: ReadonlySet<unknown>;
}

export function fakeAdminService(answers: AdminAnswers = {}): FakeAdminService {
  const calls: [string, ...unknown[]][] = [];
  const listeners = new Set<Parameters<AdminOperations['onChange']>[0]>();
  const own = {
    calls,
    listeners,
    changed: (what: 'machines' | 'profiles' | 'releases') => {
      for (const listener of listeners) listener(what);
    },
    onChange: (listener: Parameters<AdminOperations['onChange']>[0]) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const asked = (known: object, told: object): object =>
    new Proxy(known, {
      get(target, name) {
        if (name in target) return Reflect.get(target, name) as unknown;
        const answer = Reflect.get(told, name) as ((...args: unknown[]) => unknown) | undefined;
        return async (...args: unknown[]) => {
          calls.push([String(name), ...args]);
          if (answer === undefined) throw new TypeError(`unexpected call: adminService.${String(name)}`);
          return answer(...args);
        };
      },
    });
  return asked({ ...own, accounts: asked({}, answers.accounts ?? {}) }, answers) as FakeAdminService;
}

/** What the operators' server needs besides what the machine server has. */
export function operatorOptions(): Pick<OperatorAppOptions, 'auth' | 'metrics' | 'adminService'> {
  return {
    adminService: fakeAdminService(),
    auth: createOperatorAuth({ token: TOKEN }),
    metrics: { access: 'token', render: async () => ({ contentType: 'text/plain; version=0.0.4', body: 'up 1\n' }) },
  };
}

export interface OperatorSetup {
  readonly listening: OperatorApp;
  readonly auth: OperatorAuth;
  readonly adminService: FakeAdminService;
  readonly log: RecordedLog;
  /** Supertest on the server; `Host: boot.lan:4777` unless the test says otherwise. */
  readonly http: ReturnType<typeof request>;
  /** The cookie of a session, and with it what a browser says of a request that a page of ours sends. */
  readonly logIn: () => { readonly cookie: string; readonly own: Readonly<Record<string, string>> };
}

/** In the place of the dashboard, which has tests of its own. */
const onePage: NonNullable<OperatorAppOptions['pages']> = (router) => {
  router.get('/dashboard', (_req, res) => {
    res.type('html').end('<h1>a page</h1>');
  });
};

export const BEARER = `Bearer ${TOKEN}`;

export function operatorSetup(
  answers: AdminAnswers = {},
  { clock, ...options }: Partial<OperatorAppOptions> & { readonly clock?: Omit<OperatorAuthOptions, 'token'> } = {},
): OperatorSetup {
  const log = recordLog();
  const adminService = fakeAdminService(answers);
  const auth = createOperatorAuth({ token: TOKEN, ...clock });
  const listening = createOperatorApp({
    baseUrl: undefined,
    ...operatorOptions(),
    pages: onePage,
    adminService,
    auth,
    log,
    ...options,
  });
  return {
    listening,
    auth,
    adminService,
    log,
    http: request(listening.handle),
    logIn: () => {
      const session = auth.sessions.open();
      const [cookie = ''] = auth.sessions.cookie(session, false).split(';');
      return { cookie, own: { Cookie: cookie, 'Sec-Fetch-Site': 'same-origin' } };
    },
  };
}
