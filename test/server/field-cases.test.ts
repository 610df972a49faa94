import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createServer } from '../../src/server/server.ts';
import { makeFolder, type FolderFiles } from '../support/folder.ts';
import { settingsFor } from '../support/app-context.ts';

const TOKEN = 'correct-horse-battery-staple';

/** What machines of the field met, through the whole server. */
async function serve(files: FolderFiles) {
  const dir = makeFolder(files);
  const file = join(dir, 'log');
  const server = createServer(settingsFor(dir, { logLevel: 'info', adminToken: TOKEN }), {
    logFd: openSync(file, 'w'),
  });
  onTestFinished(() => server.stop(AbortSignal.timeout(1000)));
  await server.start();
  const url = `http://127.0.0.1:${String(server.address()?.port)}`;
  const get = async (path: string, headers: Readonly<Record<string, string>> = {}, init: RequestInit = {}) => {
    const answer = await fetch(url + path, { ...init, headers });
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  };
  return {
    dir,
    get,
    warnings: () =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line.includes('"level":40')),
  };
}

const UBUNTU = {
  'profiles/u.json': { system: 'ubuntu', version: '1', nocloud: 'u', nodes: [{ name: 'u', mac: '52:54:00:bb:00:11' }] },
  'configs/u': '#cloud-config\nautoinstall:\n  version: 1\n',
  'images/ubuntu/amd64/1/vmlinuz': 'x',
  'images/ubuntu/amd64/1/initrd': 'x',
  'images/ubuntu/amd64/1/ubuntu-1-live-server-amd64.iso': 'x',
};

test('case 13-wrong-arch: an arm64 machine is told that its profile boots amd64, and so is the operator', async () => {
  const { get, warnings } = await serve(UBUNTU);
  const ask = '/ipxe?mac=52:54:00:bb:00:11&platform=efi';
  for (const arch of ['arm64', 'aarch64', 'arm32']) {
    const { status, text } = await get(`${ask}&arch=${arch}`);
    expect(status).toBe(200);
    expect(text).toContain(`echo this machine is ${arch === 'arm32' ? arch : 'arm64'}, profiles/u.json boots amd64\n`);
    expect(text).not.toContain('vmlinuz');
  }
  for (const arch of ['x86_64', 'amd64', 'i386', ''])
    expect((await get(`${ask}&arch=${arch}`)).text).toContain('vmlinuz');
  expect((await get('/grub?mac=52:54:00:bb:00:11&arch=arm64')).status).toBe(503);
  await vi.waitFor(() => {
    const said = warnings().filter((line) =>
      line.includes('"problem":"this machine is arm64, profiles/u.json boots amd64"'),
    );
    expect(said).toHaveLength(1);
  });
});

test('case 14-bootif-mac: 01- in front of a MAC means Ethernet', async () => {
  const { get } = await serve({
    'profiles/a.json': {
      boot: 'local',
      cloud_config: 'a',
      nocloud: 'a.yml',
      nodes: [{ name: 'a', mac: '52:54:00:bb:00:11' }],
    },
    'configs/a.yml': '#cloud-config\n',
  });
  expect((await get('/ipxe?mac=01-52-54-00-bb-00-11')).text).toContain('Booting from the local disk');
  expect((await get('/configs/a.yml?mac=01-52-54-00-bb-00-11')).status).toBe(200);
  expect((await get('/nocloud/01-52-54-00-bb-00-11/meta-data')).text).toContain('52-54-00-bb-00-11');
  const sendmac = { 'X-RHN-Provisioning-MAC-0': 'eth0 01-52-54-00-bb-00-11' };
  expect((await get('/cloud', sendmac)).status).toBe(200);
  expect((await get('/ipxe?mac=01-garbage')).status).toBe(400);
});

test('case 05-matchbox-os-installed: a label selects nothing, and the log says so once', async () => {
  const { get, warnings } = await serve({
    'profiles/a.json': {
      system: 'custom',
      kernel: 'flatcar/3227.2.0/k',
      ignition: 'flatcar-install.ign',
      default: true,
    },
    'configs/flatcar-install.ign': { ignition: { version: '3.4.0' } },
    'images/flatcar/3227.2.0/k': 'kernel',
  });
  for (let i = 0; i < 3; i += 1) expect((await get('/ignition?mac=52-54-00-00-00-0b&os=installed')).status).toBe(200);
  // What matchbox's own start script always sends is no one's label.
  await get('/ipxe?uuid=&mac=52-54-00-00-00-0b&domain=lan&hostname=a&serial=1&buildarch=x86_64');
  await get('/?profile=a&rack=3');
  await vi.waitFor(() => {
    const said = warnings().filter((line) => line.includes('label'));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('"label":"os"');
  });
});

const ANCESTOR = {
  'profiles/52:54:00:55:1c:ee.json': { version: '1298.6.0' },
  'profiles/rack 3.json': { version: '3' },
  'profiles/lab/a.json': { version: '1', sshkey: 'lab/my key' },
  'profiles/sub.json': { version: '1', cloud_config: 'lab/a' },
  'profiles/unk.json': { version: '1', _comment: 'rack 3' },
  'profiles/gocase.json': '{"Version": "1", "Root": "/dev/sda1"}',
  'configs/lab/a.yml': '#cloud-config\nhostname: a\n',
  'sshkeys/lab/my key.pub': 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyX5qfGkVfJgS3i0GJvRk7F0cDk6eqPZlJm5wYyq0bT me\n',
};

test('case 06-coreos-ipxe-server-folder: every file that it served is served', async () => {
  const { get } = await serve(ANCESTOR);
  const script = async (name: string) => {
    const { status, text } = await get(`/?profile=${name}`);
    return status === 200 ? text : `${status} ${text}`;
  };
  expect(await script('52:54:00:55:1c:ee')).toContain('set coreos-version 1298.6.0\n');
  expect(await script('rack%203')).toContain('set coreos-version 3\n');
  expect(await script('sub')).toMatch(/cloud-config-url=http:\/\/[^ ]+\/configs\/lab\/a\.yml/);
  expect(await script('unk')).toContain('set coreos-version 1\n');
  expect(await script('gocase')).toMatch(/set coreos-version 1\n[^]* root=\/dev\/sda1\n/);
  for (const name of ['lab/a', 'lab%2Fa']) expect(await script(name)).toContain('sshkey="ssh-ed25519 AAAA');
  expect((await get('/configs/lab/a.yml')).text).toBe('#cloud-config\nhostname: a\n');
  expect((await get('/profiles/lab/a.json')).text).toContain('"lab/my key"');
  expect((await get('/profiles/rack%203.json')).status).toBe(200);
  expect((await get('/keys?name=lab/my%20key')).text).toContain('ssh-ed25519 AAAA');
  const health = JSON.parse((await get('/healthz')).text) as {
    problems: { severity: string; place: string; message: string }[];
  };
  const ofKeys = health.problems.filter(({ message }) => !/^images\/.* is not there$/.test(message));
  expect(ofKeys.map(({ severity, place }) => `${severity} ${place}`)).toEqual([
    'warning profiles/gocase.json:1:2 Version',
    'warning profiles/gocase.json:1:18 Root',
    expect.stringMatching(/^warning profiles\/unk\.json:.* _comment$/),
  ]);
});

test('case 06-coreos-ipxe-server-folder: and nothing beside it', async () => {
  const { get } = await serve({
    ...ANCESTOR,
    'secret.json': { version: 'secret' },
    'profiles/lab/.b.json': { version: 'secret' },
    'profiles/x/y/z.json': { version: 'secret' },
  });
  for (const name of [
    '../secret',
    'lab/../../secret',
    '..%2fsecret',
    '%2e%2e%2fsecret',
    'lab/.b',
    'x/y/z',
    'lab%5c..%5csecret',
    'lab/a%00',
    '/etc/passwd',
    'lab//a',
    'lab/',
    '.',
  ]) {
    for (const path of [`/?profile=${name}`, `/profiles/${name}.json`, `/configs/${name}`, `/keys?name=${name}`]) {
      const { status, text } = await get(path);
      // fetch itself takes .. out of a path: what is left is another route, or none.
      expect([302, 400, 401, 404], path).toContain(status);
      expect(text).not.toContain('"secret"');
    }
  }
});

test('case 06-coreos-ipxe-server-folder: such names in the API, on the pages, adopted into and saved', async () => {
  const { dir, get } = await serve(ANCESTOR);
  const headers = { Authorization: `Bearer ${TOKEN}` };
  for (const name of ['lab/a', '52:54:00:55:1c:ee', 'rack 3']) {
    const encoded = encodeURIComponent(name);
    const answer = await get(`/api/v1/profiles/${encoded}`, headers);
    expect(answer.status, name).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ name, file: `profiles/${name}.json` });
    for (const page of ['', '/edit']) {
      expect((await get(`/dashboard/profiles/${encoded}${page}`, headers)).text).toContain(`>${name}</`);
    }
  }
  const list = (await get('/dashboard/profiles', headers)).text;
  for (const name of ['lab%2Fa', '52%3A54%3A00%3A55%3A1c%3Aee', 'rack%203']) {
    expect(list).toContain(`/dashboard/profiles/${name}`);
  }
  const { revision } = JSON.parse((await get('/api/v1/profiles/lab%2Fa', headers)).text) as { revision: string };
  const saved = await get(
    '/api/v1/profiles/lab%2Fa',
    { ...headers, 'Content-Type': 'application/json' },
    {
      method: 'PUT',
      body: JSON.stringify({ text: '{"version": "2"}', revision }),
    },
  );
  expect([saved.status, saved.text]).toMatchObject([200, expect.stringContaining('profiles/lab/a.json')]);
  expect(readFileSync(join(dir, 'profiles/lab/a.json'), 'utf8')).toContain('"2"');
  const adopt = async (profile: string) =>
    await get(
      '/api/v1/machines/52:54:00:00:00:01/adopt',
      { ...headers, 'Content-Type': 'application/json' },
      {
        method: 'POST',
        body: JSON.stringify({ profile, name: 'n1' }),
      },
    );
  const refused = await adopt('lab/a');
  expect([refused.status, refused.text]).toMatchObject([400, expect.stringContaining('claims no machines')]);
  expect((await adopt('rack 3')).status).toBe(200);
  expect((await get('/ipxe?mac=52:54:00:00:00:01')).text).toContain('profiles/rack 3.json');
});

test('case 05-matchbox-os-installed: /assets/ is /images/, guarded the same way', async () => {
  const { get } = await serve({
    'images/flatcar/3227.2.0/k': 'kernel',
    'images/.drafts/x/k': 'draft',
    'profiles/a.json': { version: '1' },
  });
  const image = await get('/images/flatcar/3227.2.0/k');
  const asset = await get('/assets/flatcar/3227.2.0/k', { Range: 'bytes=1-3' });
  expect([image.status, image.text, asset.status, asset.text]).toEqual([200, 'kernel', 206, 'ern']);
  expect(asset.headers.get('etag')).toBe(image.headers.get('etag'));
  const without = [
    '',
    'flatcar',
    'flatcar/',
    '.drafts/x/k',
    '..%2fprofiles/a.json',
    '%2e%2e%2fprofiles/a.json',
    'flatcar%2F3227.2.0%2Fk',
    'nothing',
  ];
  for (const path of without) {
    const [there, here] = [await get(`/images/${path}`), await get(`/assets/${path}`)];
    expect([here.status, here.text], path).toEqual([there.status, there.text]);
    expect(here.status, path).toBeGreaterThanOrEqual(400);
  }
  expect((await get('/assets/flatcar/3227.2.0/k', {}, { method: 'POST' })).status).toBe(405);
});

test('case 11-wimboot: Windows finds its files by their names', async () => {
  const { get } = await serve({
    'profiles/wim.json': {
      system: 'custom',
      kernel: 'winpe/wimboot',
      initrd: ['winpe/BCD', 'winpe/boot.sdi', { path: 'winpe/x64.wim', name: 'boot.wim' }],
      nodes: [{ name: 'w', mac: '52:54:00:bb:00:07' }],
    },
    'images/winpe/wimboot': 'x',
    'images/winpe/BCD': 'x',
    'images/winpe/boot.sdi': 'x',
  });
  const ask = '/ipxe?mac=52:54:00:bb:00:07&platform=efi';
  expect((await get(ask)).text).toContain('images/winpe/x64.wim');
  expect((await get(ask)).text).not.toContain('wimboot');
  expect((await get('/v1/boot/52:54:00:bb:00:07')).status).toBe(503);
});
