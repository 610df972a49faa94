import type { Page } from 'playwright-core';
import { openContext } from './http-server.ts';
import { FAKE_VERSION } from './fake-files.ts';
import { sampleAdminService, type FakeAdminService } from './sample-admin-service.ts';
import { operatorOptions, TOKEN } from './operator-setup.ts';

/** The real HTTP server on a free port of 127.0.0.1, with the pages over made-up machines. */
export interface FakeDashboard extends AsyncDisposable {
  readonly url: string;
  readonly adminService: FakeAdminService;
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
  const adminService = sampleAdminService(now, empty);
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

interface SamplePage {
  readonly name: string;
  readonly path: string;
}

/** Every page of the dashboard that has an address, by a short name, with made-up machines behind it. */
export function samplePages(service: FakeAdminService): readonly SamplePage[] {
  const key = keysOf(service);
  const unknown = encodeURIComponent(service.rows.find((row) => row.state === 'unknown')?.key ?? '');
  return [
    { name: 'machines', path: '/dashboard/machines' },
    { name: 'leases', path: '/dashboard/leases' },
    { name: 'machine', path: `/dashboard/machines/${key('w1')}` },
    { name: 'failed', path: `/dashboard/machines/${key('w15')}` },
    { name: 'once', path: `/dashboard/machines/${key('lab1')}` },
    { name: 'adopt', path: `/dashboard/machines/${unknown}` },
    { name: 'reinstall', path: `/dashboard/machines/${key('store1')}/reinstall` },
    { name: 'boot-once', path: `/dashboard/machines/${key('w1')}/boot-once?profile=storage` },
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

/** A page as somebody comes to it in a browser: by its address or by a form, with a session or without. */
export interface Visit extends SamplePage {
  /** What the form sends. */
  readonly fields?: readonly (readonly [name: string, value: string])[];
  readonly loggedOut?: true;
}

/** Every page and each answer to a form, refusals and the login, too. */
export function sampleVisits(service: FakeAdminService): readonly Visit[] {
  const key = (name: string): string => decodeURIComponent(keysOf(service)(name));
  const text = service.texts.get('workers') ?? '';
  const editor = '/dashboard/profiles/workers';
  const edited: Visit['fields'] = [['text', text.replace('"stable"', '"beta"')]];
  const carried: Visit['fields'] = edited.map(([name, value]) => [`edit-${name}`, value]);
  const bulk = '/dashboard/machines/bulk';
  const chosen = ['store1', 'store2', 'w1'].map(key);
  return [
    ...samplePages(service),
    { name: 'preview', path: `${editor}/preview`, fields: edited },
    { name: 'editor-error', path: `${editor}/preview`, fields: [['text', text.replace(',', '')]] },
    { name: 'conflict', path: `${editor}/save`, fields: [...edited, ['revision', 'an older one']] },
    {
      ...{ name: 'bulk', path: bulk },
      fields: [['action', 'reinstall'], ...chosen.map((one) => ['machine', one] as const)],
    },
    {
      ...{ name: 'bulk-result', path: `${bulk}/run` },
      fields: [
        ['action', 'reinstall'],
        ['machines', chosen.map(encodeURIComponent).join(' ')],
      ],
    },
    { name: 'not-found', path: '/dashboard/machines/52:54:00:ff:ff:ff' },
    { name: 'refusal', path: '/nowhere', loggedOut: true },
    { name: 'login', path: '/dashboard/login', loggedOut: true },
    { name: 'login-edit', path: `${editor}/preview`, fields: edited, loggedOut: true },
    {
      ...{ name: 'logged-in', path: '/dashboard/login', loggedOut: true },
      fields: [...carried, ['next', `${editor}/preview`], ['token', TOKEN]],
    },
  ];
}

/** Opens it, and gives the status: a form is sent from a page of the same server, as the guard wants it. */
export async function visit(page: Page, { url, cookie }: FakeDashboard, sample: Visit): Promise<number> {
  const { path, fields, loggedOut = false } = sample;
  // Cookies know no ports: the last one wins.
  await page.context().clearCookies();
  if (!loggedOut) await page.context().addCookies([{ ...cookie, httpOnly: true, sameSite: 'Strict' }]);
  const status = async (): Promise<number> =>
    Number(await page.evaluate('performance.getEntriesByType("navigation")[0].responseStatus'));
  if (fields === undefined) {
    await page.goto(`${url}${path}`);
    return await status();
  }
  await page.goto(`${url}${loggedOut ? '/dashboard/login' : '/dashboard/health'}`);
  const loaded = page.waitForEvent('load');
  await page.evaluate(`{
    const form = document.createElement('form');
    Object.assign(form, { method: 'post', action: ${JSON.stringify(path)} });
    for (const [name, value] of ${JSON.stringify(fields)}) {
      const field = document.createElement('textarea');
      Object.assign(field, { name, value });
      form.append(field);
    }
    document.body.append(form);
    form.submit();
  }`);
  await loaded;
  return await status();
}

function keysOf({ rows }: FakeAdminService): (name: string) => string {
  return (name) => encodeURIComponent(rows.find((row) => row.name === name)?.key ?? '');
}
