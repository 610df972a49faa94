import { relativeText } from '../../../src/model/text.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, test } from 'vitest';
import { activityPage } from '../../../src/admin/web/activity-page.ts';
import { leasesPage } from '../../../src/admin/web/leases-page.ts';
import { confirmPage } from '../../../src/admin/web/confirm-page.ts';
import { editorPage } from '../../../src/admin/web/editor-page.ts';
import { filePage, filesPage, removePage, versionPage } from '../../../src/admin/web/file-pages.ts';
import { catalogFile } from '../../../src/catalog/catalog-file.ts';
import { profilePage } from '../../../src/admin/web/profile-page.ts';
import { profilesPage } from '../../../src/admin/web/profiles-page.ts';
import { healthPage } from '../../../src/admin/web/health-page.ts';
import { machinePage } from '../../../src/admin/web/machine-page.ts';
import { machinesPage } from '../../../src/admin/web/machines-page.ts';
import { usersPage } from '../../../src/admin/web/users-page.ts';
import { readViews } from '../../../src/admin/web/html.ts';
import { createFrame, errorPage, type Page } from '../../../src/admin/web/page.ts';
import { releasesPage } from '../../../src/admin/web/releases-page.ts';
import { Failure } from '../../../src/model/failure.ts';
import { sampleAdminService } from '../../support/sample-admin-service.ts';
import { expectGolden } from '../../support/golden.ts';
import * as hostile from '../../support/hostile-views.ts';
import { originOf } from '../../support/app-context.ts';

const draw = readViews();
const dashboard = createFrame(draw);
const { assets } = dashboard;

test('there is a style, a script and a mark, each under the digest of its bytes', () => {
  // The editor is there where it was built.
  const names = [...assets.keys()].filter((name) => name !== 'editor.js').toSorted();
  expect(names).toEqual(['dashboard.css', 'dashboard.js', 'pilotlight.svg', 'upload.js']);
  for (const { digest, body } of assets.values()) {
    expect(digest).toMatch(/^[0-9a-f]{12}$/);
    expect(body.length).toBeGreaterThan(100);
  }
});

test('nothing in them comes from elsewhere or needs what the policy forbids', () => {
  const style = assets.get('dashboard.css')?.body.toString() ?? '';
  expect(style).not.toMatch(/url\(|@import|http/);
  const script = assets.get('dashboard.js')?.body.toString() ?? '';
  expect(script).not.toMatch(/innerHTML|insertAdjacent|document\.write|eval|new Function|https?:/);
});

test('the script stays small enough to read', () => {
  const url = new URL('../../../src/admin/web/assets/dashboard.js', import.meta.url);
  expect(readFileSync(url, 'utf8').split('\n').length).toBeLessThan(250);
});

test('the script ticks in the words of the server', () => {
  const script = assets.get('dashboard.js')?.body.toString() ?? '';
  const source = /function relativeText[\s\S]*?\n}\n/.exec(script)?.[0] ?? '';
  const times = [0, 4999, 5000, 59_999, 60_000, 3_599_999, 3_600_000, 172_799_999, 172_800_000, 1e11];
  for (const ms of times.flatMap((time) => [time, -time])) {
    expect(runInNewContext(`${source}; relativeText(${ms})`)).toBe(relativeText(ms));
  }
});

const folder = new URL('../../../src/admin/web/views/', import.meta.url);
const sources = readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), 'utf8')] as const);
test('every value is escaped', () => {
  expect(draw('time', { iso: '"', exact: "<b>'", relative: '&' })).toBe(
    '<time datetime="&quot;" title="&lt;b&gt;&#x27;" data-relative>&amp;</time>',
  );
});

test('a value that nobody gave is an error', () => {
  expect(() => draw('time', { iso: 'x', exact: 'y' })).toThrow(/relative/);
});

test('a view that is not there is an error', () => {
  expect(() => draw('nothing', {})).toThrow('there is no view nothing');
});

test.each(sources)('%s has no inline style, no inline script and no foreign address', (_name, source) => {
  expect(source).not.toMatch(/\sstyle=|<style|\son[a-z]+=|javascript:|https?:\/\//);
  expect([...source.matchAll(/<script\b[^>]*>(.*?)<\/script>/gs)].map((match) => match[1])).toEqual(
    source.includes('<script') ? [''] : [],
  );
});

test('only finished markup of our own goes in unescaped', () => {
  const raw = sources.flatMap(([name, source]) =>
    [...source.matchAll(/\{\{\{\s*(\w+)\s*\}\}\}|\{\{&/g)].map((match) => `${name}:${match[1] ?? '&'}`),
  );
  expect(raw.toSorted()).toEqual(['layout.hbs:live', 'live.hbs:body']);
});

const NOW = Date.UTC(2026, 10, 21, 12, 0, 0);
const ORIGIN = originOf('192.0.2.1:4777');
const adminService = sampleAdminService(NOW);
const row = (name: string) => adminService.rows.find((one) => one.name === name)?.key ?? '';
const view = (name: string) => adminService.machine(row(name), ORIGIN);
const profiles = await adminService.profiles();
const unknown = (await adminService.machines({ state: 'unknown', limit: 6 })).machines;
const releases = await adminService.releases();

async function table(): Promise<Page> {
  const page = await adminService.machines({ limit: 50 });
  return machinesPage({ page, filters: {}, newcomers: unknown, profiles, origin: ORIGIN, now: NOW });
}
async function profileOf(name: string): Promise<Page> {
  const shown = await adminService.profile(name);
  const release = releases.targets.find((target) => target.profiles.includes(name));
  return profilePage({ view: shown, release, older: [], now: NOW });
}
async function previewed(): Promise<Page> {
  const { name, text, revision, keys } = await adminService.profile('workers');
  const mine = text.replace('stable', 'beta');
  return editorPage({
    ...{ folder: 'profiles' as const, name, revision, keys },
    text: mine,
    preview: await adminService.previewFile({ folder: 'profiles', name }, mine),
  });
}
const EDGE = catalogFile('configs', 'edge.yml');
async function version(): Promise<Page> {
  const { versions } = await adminService.file(EDGE);
  return versionPage(EDGE, await adminService.fileVersion(EDGE, versions[0]?.id ?? ''), NOW);
}
async function users(): Promise<Page> {
  const { accounts } = adminService;
  const [all, tokens, sessions] = await Promise.all([accounts.users(), accounts.apiTokens(), accounts.sessions()]);
  return usersPage({ users: all, tokens, sessions, you: 'anna', now: NOW });
}

async function machine(name: string): Promise<Page> {
  const found = await view(name);
  return machinePage({
    view: found,
    profiles,
    log: await adminService.machineLog(found.row.key, { limit: 200 }),
    now: NOW,
  });
}

const PAGES: readonly (readonly [string, () => Page | Promise<Page>])[] = [
  ['machines', table],
  ['machine', async () => await machine('w1')],
  ['machine-failed', async () => await machine('edge3')],
  [
    'machine-unknown',
    async () =>
      machinePage({
        ...{ view: await adminService.machine(unknown[0]?.key ?? '', ORIGIN), profiles, now: NOW },
        log: { lines: [], last: 0 },
      }),
  ],
  ['reinstall', async () => confirmPage('reinstall', await view('store1'), '/dev/nvme0n1')],
  ['release', async () => confirmPage('release', await view('w1'))],
  ['profiles', () => profilesPage(profiles)],
  ['profile', () => profileOf('workers')],
  ['profile-broken', () => profileOf('lab-debian')],
  ['editor', previewed],
  ['editor-config', async () => editorPage({ ...(await adminService.file(EDGE)), text: 'a: 1\n' })],
  ['new-key', () => editorPage({ folder: 'sshkeys', name: undefined, text: '' })],
  ['files', async () => filesPage(await adminService.files(), NOW)],
  ['file', async () => filePage(await adminService.file(EDGE), NOW)],
  ['remove', async () => removePage(await adminService.file(EDGE), await adminService.previewFile(EDGE, undefined))],
  ['version', version],
  ['releases', () => releasesPage(releases, NOW)],
  ['leases', async () => leasesPage(await adminService.leases(), NOW)],
  ['activity', async () => activityPage(await adminService.activities({ limit: 50 }), {}, NOW)],
  ['users', users],
  ['health', async () => healthPage(await adminService.health())],
];

test.each(PAGES)('the page %s', async (name, make) => {
  expectGolden(`dashboard/${name}.html`, `${dashboard.fragment(await make(), 'admin')}\n`);
});

test('a document has everything that is around a page', async () => {
  const page = await machine('w1');
  const html = dashboard.page(page, { done: 'adopted', attention: 3, role: 'admin' });
  expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
  expect(html).toContain('<title>w1 - Machines - Pilotlight</title>');
  expect(html).toContain('<a class="skip" href="#main">');
  expect(html).toContain('<a href="/dashboard/machines" aria-current="page">Machines</a>');
  expect(html).toMatch(/Health <span class="badge">.*3<\/span>/);
  expect(html).toContain('Adopted. A waiting machine asks every few seconds');
  expect(html).toContain('data-topics="machines profiles"');
  expect(html.match(/<main\b/g)).toHaveLength(1);
  expect(html.match(/<h1\b/g)).toHaveLength(1);
  expect(dashboard.page(page, { attention: 0, role: 'admin' })).not.toMatch(/class="badge"|class="done"/);
});

test('the live part of a document is the fragment', async () => {
  const page = await table();
  expect(dashboard.page(page, { attention: 0, role: 'admin' })).toContain(dashboard.fragment(page, 'admin'));
});

test('every id of a page is there once, and what refers to one finds it', async () => {
  for (const [name, make] of PAGES) {
    const html = dashboard.page(await make(), { attention: 0, role: 'admin' });
    const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map((match) => match[1] ?? '');
    expect(new Set(ids).size, name).toBe(ids.length);
    const asked = [...html.matchAll(/\s(?:for|aria-labelledby|aria-describedby)="([^"]*)"/g)].flatMap((match) =>
      (match[1] ?? '').split(' '),
    );
    expect(
      asked.filter((id) => !ids.includes(id)),
      name,
    ).toEqual([]);
  }
});

describe('what others wrote is text', () => {
  const { name, text, revision, keys, problems } = hostile.HOSTILE_PROFILE;
  const edited = { folder: 'profiles' as const, name, text, revision, keys };
  const change = {
    ...{ file: hostile.HOSTILE, diff: [{ sign: '+' as const, text: hostile.HOSTILE }], problems },
    machines: [{ name: hostile.HOSTILE, key: hostile.HOSTILE, from: hostile.HOSTILE, to: hostile.HOSTILE }],
    ...{ touched: 1, unlisted: true },
  };
  const [version = { id: '', at: 0, who: '' }] = hostile.HOSTILE_VERSIONS;
  const made: readonly (readonly [string, Page])[] = [
    [
      'machines',
      machinesPage({
        page: hostile.HOSTILE_PAGE,
        filters: { text: hostile.HOSTILE, profile: hostile.HOSTILE },
        newcomers: [],
        profiles: [hostile.HOSTILE_PROFILE],
        origin: ORIGIN,
        now: 0,
      }),
    ],
    [
      'newcomers',
      machinesPage({
        page: hostile.HOSTILE_PAGE,
        filters: {},
        newcomers: [{ ...hostile.HOSTILE_MACHINE.row, state: 'unknown' }],
        profiles: [],
        origin: ORIGIN,
        now: 0,
      }),
    ],
    [
      'machine',
      machinePage({
        view: hostile.HOSTILE_MACHINE,
        profiles: [hostile.HOSTILE_PROFILE],
        log: {
          lines: [{ id: 1, at: 0, from: hostile.HOSTILE, program: hostile.HOSTILE, text: hostile.HOSTILE }],
          last: 1,
        },
        now: 0,
        failed: { message: hostile.HOSTILE, remedy: hostile.HOSTILE, status: 400, typed: { name: hostile.HOSTILE } },
      }),
    ],
    ['reinstall', confirmPage('reinstall', hostile.HOSTILE_MACHINE, hostile.HOSTILE)],
    ['profiles', profilesPage([hostile.HOSTILE_PROFILE])],
    [
      'profile',
      profilePage({
        view: hostile.HOSTILE_PROFILE,
        release: hostile.HOSTILE_RELEASES.targets[0],
        older: hostile.HOSTILE_VERSIONS,
        now: 0,
      }),
    ],
    [
      'editor',
      editorPage({
        ...edited,
        theirs: { text: hostile.HOSTILE },
        preview: change,
        failed: { message: hostile.HOSTILE, status: 400 },
      }),
    ],
    ['files', filesPage({ files: [hostile.HOSTILE_FILE], removed: [{ ...hostile.HOSTILE_FILE, last: version }] }, 0)],
    ['file', filePage(hostile.HOSTILE_FILE, 0)],
    ['remove', removePage(hostile.HOSTILE_FILE, change, { message: hostile.HOSTILE, status: 400 })],
    ['version', versionPage(catalogFile('configs', 'a'), { ...change, version, text: hostile.HOSTILE }, 0)],
    ['new config', editorPage({ ...edited, folder: 'configs', name: undefined, copied: hostile.HOSTILE })],
    ['new profile', editorPage({ ...edited, name: undefined, typedName: hostile.HOSTILE })],
    ['releases', releasesPage(hostile.HOSTILE_RELEASES, 0)],
    ['leases', leasesPage(hostile.HOSTILE_LEASES, 0)],
    ['activity', activityPage(hostile.HOSTILE_ACTIVITY, { who: hostile.HOSTILE, text: hostile.HOSTILE }, 0)],
    ['users', usersPage(hostile.HOSTILE_USERS)],
    ['health', healthPage(hostile.HOSTILE_HEALTH)],
    [
      'error',
      errorPage(
        new Failure('broken', hostile.HOSTILE, { remedy: hostile.HOSTILE, place: { file: hostile.HOSTILE } }),
        'Machines',
      ),
    ],
  ];

  it.each(made)('on the page %s', (_name, page) => {
    const html = dashboard.page(page, { attention: 0, role: 'admin' });
    expect(html).toContain('&lt;script&gt;alert(1)');
    const scripts = html.match(/<script\b[^>]*>/g) ?? [];
    expect(scripts.length).toBeGreaterThan(0);
    for (const script of scripts) expect(script).toMatch(/^<script src="\/dashboard\/assets\/[^"<>]*" defer>$/);
    expect(html).not.toMatch(/<img\b/);
    expect(html).not.toMatch(/\s(?:href|action|formaction|src)="(?!\/dashboard|\/metrics|\/api\/|\/healthz|#)/);
    expect(html.match(/<textarea\b/g) ?? []).toHaveLength(html.match(/<\/textarea>/g)?.length ?? 0);
    // No attribute that none wrote: every tag is one that a template has.
    for (const [tag] of html.matchAll(/<[a-z][^<>]*>/g)) expect(tag).not.toMatch(/\sonerror=|\sstyle=/);
  });
});
