// A page of another site, port or name tries to change something with the session of the operator who looks at it.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { CHROMIUM, openBrowser, type Browser } from '../support/browser.ts';
import { openDashboard, type FakeDashboard } from '../support/fake-dashboard.ts';
import { needs } from '../support/needs.ts';

const SLOW = 60_000;
const SYNC = '/dashboard/releases/sync';

/** What a foreign page does, run in it; `TARGET` is the form's address on the dashboard. */
const ATTACKS = {
  'a form': 'form("POST", "TARGET")',
  'a form that hides where it comes from': 'quiet(); form("POST", "TARGET")',
  'a form in a frame without an origin': 'sandboxed("TARGET")',
  'a form that our own redirect sends on': 'form("POST", "/307?TARGET")',
  'fetch, no-cors': 'fetch("TARGET", { method: "POST", mode: "no-cors", credentials: "include" }).catch(() => {})',
  'fetch, no-cors, no referrer':
    'fetch("TARGET", { method: "POST", mode: "no-cors", credentials: "include", referrerPolicy: "no-referrer" }).catch(() => {})',
  'a beacon': 'navigator.sendBeacon("TARGET", new URLSearchParams({ a: 1 }))',
  'the ping of a link': 'ping("TARGET")',
} as const;

/** What the page can do, and no origin of its own in it. */
const SCRIPT = `
  function form(method, action, target = document.body) {
    const made = document.createElement('form');
    Object.assign(made, { method, action });
    target.append(made);
    made.submit();
  }
  function quiet() {
    document.head.insertAdjacentHTML('beforeend', '<meta name="referrer" content="no-referrer">');
  }
  function sandboxed(action) {
    const frame = document.createElement('iframe');
    frame.sandbox = 'allow-scripts allow-forms';
    frame.srcdoc = '<form method="post" action="' + action + '"></form><script>document.forms[0].submit()</' + 'script>';
    document.body.append(frame);
  }
  function ping(address) {
    const link = document.createElement('a');
    Object.assign(link, { href: '#', ping: address });
    document.body.append(link);
    link.click();
  }`;

needs({ files: [CHROMIUM] }).describe('a page of another origin', () => {
  let browser: Browser;
  let setup: FakeDashboard;
  let evil: Server;
  let evilPort = 0;
  let page: Page;
  beforeAll(async () => {
    browser = await openBrowser({ flags: ['--host-resolver-rules=MAP *.test 127.0.0.1'] });
    // One for all: closing what has just been sent elsewhere can hang.
    page = browser.context.pages()[0] ?? (await browser.context.newPage());
    setup = await openDashboard();
    evil = createServer((req, res) => {
      const [path, to] = (req.url ?? '').split('?');
      if (path === '/307') res.writeHead(307, { Location: to }).end();
      else res.setHeader('Content-Type', 'text/html').end(`<!doctype html><body><script>${SCRIPT}</script>`);
    });
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
    evilPort = (evil.address() as AddressInfo).port;
  }, SLOW);
  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await setup[Symbol.asyncDispose]();
    evil.closeAllConnections();
    evil.close();
  }, SLOW);
  beforeEach(() => {
    setup.adminService.calls.length = 0;
  });

  async function logIn(host: string): Promise<string> {
    const url = setup.url.replace('127.0.0.1', host);
    await browser.context.clearCookies();
    await browser.context.addCookies([{ ...setup.cookie, url, httpOnly: true, sameSite: 'Strict' }]);
    return url;
  }

  async function open(url: string): Promise<void> {
    try {
      await page.goto(url);
    } catch (error) {
      // Chromium tries https first and comes back to the same address by a navigation of its own.
      if (!/interrupted by another navigation/.test(String(error))) throw error;
      await page.waitForURL(url);
    }
  }

  /** The request as it arrived, and its answer's status. */
  async function sent(act: () => Promise<unknown>) {
    let onFinish: (message: unknown) => void = () => undefined;
    const arrival = new Promise<{ readonly request: IncomingMessage; readonly response: ServerResponse }>((resolve) => {
      onFinish = (message) => {
        const done = message as Awaited<typeof arrival>;
        if (done.request.method === 'POST' && done.request.url === SYNC) resolve(done);
      };
    });
    subscribe('http.server.response.finish', onFinish);
    try {
      const { request, response } = await Promise.race([arrival, act().then(() => arrival)]);
      const { headers } = request;
      return { status: response.statusCode, cookie: /(?:^|; )pilotlight=/.test(headers.cookie ?? ''), headers };
    } finally {
      unsubscribe('http.server.response.finish', onFinish);
    }
  }

  const [ADDRESS, NAME] = ['127.0.0.1', 'boot.site.test'];
  test.each(
    (
      [
        ['another site', ADDRESS, 'localhost', 'cross-site'],
        ['another port', ADDRESS, ADDRESS, 'same-site'],
        ['another site, plain', NAME, 'evil.test', 'cross-site'],
        ['a neighbour, plain', NAME, 'wiki.site.test', 'same-site'],
        ['another port, plain', NAME, NAME, 'same-site'],
      ] as const
    ).flatMap((where) => Object.entries(ATTACKS).map((attack) => [...where, ...attack] as const)),
  )('(%s; %s asked from %s, %s) does nothing with %s', { timeout: SLOW }, async (...attack) => {
    const [, host, evilHost, site, what, script] = attack;
    const url = await logIn(host);
    await open(`http://${evilHost}:${evilPort}/`);
    const act = script.replaceAll('TARGET', `${url}${SYNC}`);
    // Later: what navigates away takes the answer to this call with it.
    const { status, cookie, headers } = await sent(() => page.evaluate(`void setTimeout(() => { ${act} }, 0)`));
    expect([status, setup.adminService.calls]).toEqual([cookie ? 403 : 401, []]);
    // From our own site the session comes along, and the guard alone refuses; a frame without an origin has no site.
    const opaque = what === 'a form in a frame without an origin';
    expect(cookie).toBe(site === 'same-site' && !opaque);
    // Over plain HTTP to a name a browser sends Origin only.
    expect(headers['sec-fetch-site']).toBe(host === NAME ? undefined : opaque ? 'cross-site' : site);
    expect(headers.origin).not.toBe(url);
  });

  test.each([ADDRESS, NAME])('while our own page at %s may', { timeout: SLOW }, async (host) => {
    setup.adminService.releasesView = { ...setup.adminService.releasesView, running: false };
    const url = await logIn(host);
    await open(`${url}/dashboard/releases`);
    const { status, cookie, headers } = await sent(() => page.getByRole('button', { name: 'Sync now' }).click());
    expect([status, cookie, headers['origin']]).toEqual([303, true, url]);
  });
});
