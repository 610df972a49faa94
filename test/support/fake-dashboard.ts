import { openContext } from './http-house.ts';
import { FAKE_VERSION } from './fake-files.ts';
import { sampleOffice, type FakeOffice } from './fake-office.ts';
import { operatorOptions, TOKEN } from './operator-stand.ts';

/** The real HTTP door on a free port of 127.0.0.1, with the pages over made-up machines. */
export interface FakeDashboard extends AsyncDisposable {
  readonly url: string;
  readonly adminService: FakeOffice;
  /** The text of a page; `init` as for fetch. It is asked for by a program with the token. */
  get(
    path: string,
    init?: RequestInit,
  ): Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }>;
  /** Sends a form. */
  post(path: string, fields: Readonly<Record<string, string>>): ReturnType<FakeDashboard['get']>;
  /** A session's cookie for a browser. */
  readonly cookie: { readonly name: string; readonly value: string; readonly url: string };
}

export async function openDashboard({ empty = false, now = Date.now() } = {}): Promise<FakeDashboard> {
  const adminService = sampleOffice(now, empty);
  const options = operatorOptions();
  const appContext = await openContext({}, { ...options, adminService });
  const url = `http://127.0.0.1:${appContext.port}`;
  const { sessions } = options.auth;
  const [pair = ''] = sessions.cookie(sessions.open(), false).split(';');
  const [name = '', ...value] = pair.split('=');
  const get: FakeDashboard['get'] = async (path, init = {}) => {
    const answer = await fetch(`${url}${path}`, {
      redirect: 'manual',
      ...init,
      headers: { authorization: `Bearer ${TOKEN}`, ...(init.headers as Record<string, string> | undefined) },
    });
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  };
  return {
    url,
    adminService,
    get,
    post: (path, fields) => get(path, { method: 'POST', body: new URLSearchParams(fields) }),
    cookie: { name, value: value.join('='), url },
    async [Symbol.asyncDispose]() {
      await appContext.close();
    },
  };
}

/** Every page of the dashboard, by a short name, with made-up machines behind it. */
export function samplePages({ rows }: FakeOffice): readonly { readonly name: string; readonly path: string }[] {
  const key = (name: string): string => encodeURIComponent(rows.find((row) => row.name === name)?.key ?? '');
  const unknown = encodeURIComponent(rows.find((row) => row.state === 'unknown')?.key ?? '');
  return [
    { name: 'machines', path: '/dashboard/machines' },
    { name: 'machine', path: `/dashboard/machines/${key('w1')}` },
    { name: 'failed', path: `/dashboard/machines/${key('w15')}` },
    { name: 'adopt', path: `/dashboard/machines/${unknown}` },
    { name: 'reinstall', path: `/dashboard/machines/${key('store1')}/reinstall` },
    { name: 'profiles', path: '/dashboard/profiles' },
    { name: 'profile', path: '/dashboard/profiles/workers' },
    { name: 'broken-profile', path: '/dashboard/profiles/lab-debian' },
    { name: 'editor', path: '/dashboard/profiles/workers/edit' },
    { name: 'files', path: '/dashboard/files' },
    { name: 'config', path: '/dashboard/configs/edge.yml' },
    { name: 'config-editor', path: '/dashboard/configs/worker.ign.hbs/edit' },
    { name: 'new-key', path: '/dashboard/new-key' },
    { name: 'remove', path: '/dashboard/configs/edge.yml/remove' },
    { name: 'version', path: `/dashboard/configs/edge.yml/versions/${FAKE_VERSION}` },
    { name: 'releases', path: '/dashboard/releases' },
    { name: 'activity', path: '/dashboard/activity' },
    { name: 'users', path: '/dashboard/users' },
    { name: 'health', path: '/dashboard/health' },
  ];
}
