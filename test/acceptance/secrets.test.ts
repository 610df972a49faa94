import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { gzipBase64 } from '../../src/model/text.ts';
import { MACHINE_ROUTES } from '../../src/http/machine-routes.ts';
import { makeFolder } from '../support/folder.ts';
import { serveChild } from '../support/served.ts';
import { runCli } from '../support/run-cli.ts';

const ADMIN = 'a-token-of-this-test-alone';
const SECRET = 'swordfish-4711';
const PACKED = 'swordfish-4712';
const MAC = '52:54:00:55:1c:ee';
const FILES = {
  'images/k': 'kernel',
  'configs/a.yml.hbs': '#cloud-config\nplain: {{vars.plain}}\npacked: {{gzipBase64 vars.packed}}\n',
  'secrets/plain': `${SECRET}\n`,
  'secrets/packed': `${PACKED}\n`,
  'profiles/a.json': {
    system: 'custom',
    kernel: 'k',
    cloud_config: 'a',
    vars: { plain: { file: 'secrets/plain' }, packed: { file: 'secrets/packed' } },
    nodes: [{ name: 'w1', mac: MAC }],
  },
};

/** As it is, packed as the template does, and in base64. */
const FORMS = [SECRET, PACKED, gzipBase64(PACKED), Buffer.from(SECRET).toString('base64')];
const held = (text: string): readonly string[] => FORMS.filter((form) => text.includes(form));

it('a secret reaches its machine, and no page, API, journal, log or other file', { timeout: 60_000 }, async () => {
  const dir = makeFolder(FILES);
  for (const name of ['plain', 'packed']) chmodSync(join(dir, 'secrets', name), 0o600);
  const server = serveChild(dir, { env: { PILOTLIGHT_ADMIN_TOKEN: ADMIN, PILOTLIGHT_LOG_LEVEL: 'debug' } });
  const base = `http://127.0.0.1:${await server.port}`;
  const text = async (path: string, init: RequestInit = {}): Promise<string> =>
    await (await fetch(base + path, { redirect: 'manual', ...init })).text();

  expect(held(await text(`/configs/a.yml?mac=${MAC}`))).toEqual([SECRET, gzipBase64(PACKED)]);

  const open = ['/profiles/a.json', `/metadata?mac=${MAC}`, `/ipxe?mac=${MAC}`, '/?profile=a', `/v1/boot/${MAC}`];
  for (const path of [...open, `/grub?mac=${MAC}`, '/healthz', '/configs/a.yml']) {
    expect([path, held(await text(path))]).toEqual([path, []]);
  }
  expect(await text('/profiles/a.json')).toContain('"file": "secrets/plain"');

  const authorization = `Bearer ${ADMIN}`;
  const key = encodeURIComponent(MAC.toLowerCase());
  const spec = JSON.parse(await text('/api/v1/openapi.json', { headers: { authorization } })) as {
    readonly paths: Readonly<Record<string, object>>;
  };
  const api = Object.entries(spec.paths)
    .filter(([path, methods]) => 'get' in methods && !path.endsWith('/stream') && !path.includes('events'))
    .map(([path]) => path.replace('{key}', key).replaceAll(/\{\w+\}/g, 'a'));
  expect(api.length).toBeGreaterThan(5);
  const pages = [
    '',
    '/machines',
    `/machines/${key}`,
    '/profiles',
    '/profiles/a',
    '/profiles/a/edit',
    '/health',
    '/releases',
  ];
  const seen = new Map<string, string>();
  for (const path of [
    ...api.map((one) => `/api/v1${one.replace(/^\/api\/v1/, '')}`),
    ...pages.map((one) => `/dashboard${one}`),
  ]) {
    const said = await text(path, { headers: { authorization, accept: 'text/html, application/json' } });
    seen.set(path, said);
    expect([path, held(said)]).toEqual([path, []]);
  }
  // The pages did show the document, with names in the place of secrets.
  expect([...seen.values()].some((said) => said.includes('plain: (secrets/plain)'))).toBe(true);

  const render = await runCli(['render', 'config', '--mac', MAC, '--data-dir', dir]);
  expect(held(render.stdout + render.stderr)).toEqual([]);
  expect(render.stdout).toContain('plain: (secrets/plain)');
  const whole = await runCli(['render', 'config', '--mac', MAC, '--data-dir', dir, '--secrets']);
  expect(held(whole.stdout)).toEqual([SECRET, gzipBase64(PACKED)]);

  server.child.kill('SIGTERM');
  await server.ended;
  expect(held(server.said())).toEqual([]);
  for (const file of readdirSync(join(dir, 'state'), { recursive: true, encoding: 'utf8' })) {
    const path = join(dir, 'state', file);
    if (statSync(path).isFile()) expect([file, held(readFileSync(path, 'latin1'))]).toEqual([file, []]);
  }
});

it('no route serves what is in secrets/', { timeout: 60_000 }, async () => {
  const dir = makeFolder(FILES);
  for (const name of ['plain', 'packed']) chmodSync(join(dir, 'secrets', name), 0o600);
  const server = serveChild(dir, { env: { PILOTLIGHT_ADMIN_TOKEN: ADMIN } });
  const base = `http://127.0.0.1:${await server.port}`;
  const names = [
    'secrets/plain',
    '../secrets/plain',
    '..%2fsecrets%2fplain',
    '%2e%2e/secrets/plain',
    './secrets/plain',
  ];
  const starts = new Set(
    MACHINE_ROUTES.map(([, path]) => path.replace(/\*.*$/, ''))
      .flatMap((path) => [path, `${path}/`])
      .concat('/dashboard/', '/api/v1/', '/dashboard/assets/'),
  );
  let asked = 0;
  for (const start of starts) {
    for (const name of names) {
      const body = await (
        await fetch(`${base}${start}${name}`, { headers: { authorization: `Bearer ${ADMIN}` } })
      ).text();
      expect([start + name, held(body)]).toEqual([start + name, []]);
      asked += 1;
    }
  }
  expect(asked).toBeGreaterThan(50);
});
