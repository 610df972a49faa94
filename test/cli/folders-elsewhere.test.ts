import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createServer } from '../../src/server/server.ts';
import { makeFolder } from '../support/folder.ts';
import { settingsFor } from '../support/app-context.ts';
import { runCli } from '../support/run-cli.ts';
import { FLATCAR_PROFILE, makeSetup } from '../support/sync-setup.ts';
import { serveFlatcar } from '../support/upstream-releases.ts';

const MAC = '52:54:00:00:00:01';
const SHELF = 'flatcar/amd64/1.0';
const KERNEL = `${SHELF}/flatcar_production_pxe.vmlinuz`;
const PROFILE = { system: 'flatcar', version: '1.0', update: 'manual', nodes: [{ name: 'a', mac: MAC }] };

function folders() {
  const dir = makeFolder({ 'profiles/a.json': PROFILE });
  const outside = makeFolder({ [KERNEL]: 'kernel', [`${SHELF}/flatcar_production_pxe_image.cpio.gz`]: 'initrd' });
  rmSync(join(dir, 'images'), { recursive: true });
  return { dir, outside };
}

async function serve(dir: string, more: Parameters<typeof settingsFor>[1] = {}) {
  const server = createServer(settingsFor(dir, more), { logFd: 2 });
  onTestFinished(() => server.stop(AbortSignal.timeout(1000)));
  await server.start();
  const url = `http://127.0.0.1:${String(server.address()?.port)}`;
  return async (path: string): Promise<string> => await (await fetch(`${url}${path}`)).text();
}

describe('case 10-images-is-a-link', () => {
  it('images/ may be a link: check, the list, the script, the image and health agree', async () => {
    const { dir, outside } = folders();
    symlinkSync(outside, join(dir, 'images'));
    const check = await runCli(['check', '--data-dir', dir]);
    expect([check.code, check.stdout]).toEqual([0, expect.not.stringContaining('not there') as string]);
    const get = await serve(dir, { logLevel: 'error' });
    expect(await get(`/ipxe?mac=${MAC}`)).toContain(`/images/${KERNEL}`);
    expect(await get(`/images/${KERNEL}`)).toBe('kernel');
    expect(JSON.parse(await get('/healthz'))).toMatchObject({ status: 'ok', problems: [] });
  });

  it('PILOTLIGHT_IMAGES_DIR names another folder', async () => {
    const { dir, outside } = folders();
    const check = await runCli(['check', '--data-dir', dir, '--images-dir', outside]);
    expect([check.code, check.stdout]).toEqual([0, expect.not.stringContaining('not there') as string]);
    const get = await serve(dir, { imagesDir: outside, logLevel: 'error' });
    expect(await get(`/ipxe?mac=${MAC}`)).toContain(`/images/${KERNEL}`);
    expect(await get(`/images/${KERNEL}`)).toBe('kernel');
    expect(await get('/images/../profiles/a.json')).not.toContain('kernel');
  });

  it.each([
    ['a link that leads nowhere', [] as string[], 'is a link that leads nowhere'],
    [
      'a folder that is not mounted',
      ['--images-dir', '/nonexistent/images'],
      'the folder of the images does not exist',
    ],
  ])('%s is named by all of them', async (_, flags, message) => {
    const { dir } = folders();
    if (flags.length === 0) symlinkSync('/nonexistent/images', join(dir, 'images'));
    const check = await runCli(['check', '--data-dir', dir, ...flags]);
    expect([check.code, check.stdout + check.stderr]).toEqual([1, expect.stringContaining(message) as string]);
    const list = await runCli(['images', 'list', '--data-dir', dir, ...flags]);
    expect([list.code, list.stderr]).toEqual([1, expect.stringContaining(message) as string]);
    const get = await serve(dir, { imagesDir: flags[1], logLevel: 'error' });
    expect(JSON.parse(await get('/healthz'))).toMatchObject({ status: 'degraded' });
    expect(await get('/healthz')).toContain(message);
  });

  it('a link further down still may not leave', async () => {
    const { dir, outside } = folders();
    symlinkSync(outside, join(dir, 'images'));
    symlinkSync('/etc', join(outside, 'etc'));
    const get = await serve(dir, { logLevel: 'error' });
    expect(await get('/images/etc/hostname')).toContain('is a link that leaves the data directory');
  });
});

describe('a release sync', () => {
  it('publishes below an images/ that is kept elsewhere, by link or by setting, drafts and all', async () => {
    for (const how of ['link', 'setting']) {
      const setup = await makeSetup();
      serveFlatcar(setup, '4593.2.5');
      const outside = makeFolder();
      rmSync(join(setup.dir, 'images'), { recursive: true });
      if (how === 'link') symlinkSync(outside, join(setup.dir, 'images'));
      const flags = how === 'link' ? [] : ['--images-dir', outside];
      expect((await setup.cli('sync', ...flags)).code, how).toBe(0);
      expect(readFileSync(join(outside, 'flatcar/amd64/4593.2.5/flatcar_production_pxe.vmlinuz')).length).toBe(200_000);
      expect(setup.version('seed')).toBe('4593.2.5');
      expect((await setup.cli('images', 'list', ...flags)).stdout).toContain('images/flatcar/amd64/4593.2.5');
    }
  });

  it('never makes the folder that a setting names: the disk may not be mounted', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    const { code, stderr } = await setup.cli('sync', '--images-dir', join(setup.dir, 'mnt'));
    expect([code, stderr]).toEqual([1, expect.stringContaining('PILOTLIGHT_IMAGES_DIR') as string]);
    expect(() => readFileSync(join(setup.dir, 'mnt'))).toThrow('ENOENT');
  });

  it('rewrites a profile in a profiles/ that is a link to a checkout', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    const checkout = makeFolder();
    renameSync(join(setup.dir, 'profiles'), join(checkout, 'repo'));
    symlinkSync(join(checkout, 'repo'), join(setup.dir, 'profiles'));
    expect((await setup.cli('check')).stdout).not.toContain('leaves');
    expect((await setup.cli('sync')).code).toBe(0);
    expect(readFileSync(join(checkout, 'repo/seed.json'), 'utf8')).toContain('"4593.2.5"');
  });

  it('a profile that is a link out of the data directory is named, and the run fails', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    const checkout = makeFolder({ 'b.json': FLATCAR_PROFILE.replace('00:01', '00:02') });
    symlinkSync(join(checkout, 'b.json'), join(setup.dir, 'profiles/b.json'));
    const { code, stdout } = await setup.cli('sync');
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(
        /profile b is left alone: it cannot be used: profiles\/b\.json: .*leaves the data directory/,
      ) as string,
    ]);
    // Everything else is done all the same.
    expect(setup.version('seed')).toBe('4593.2.5');
  });

  it('a profiles/ that leads nowhere, and a profile that is no JSON, fail the run', async () => {
    const setup = await makeSetup();
    writeFileSync(join(setup.dir, 'profiles/broken.json'), '{');
    rmSync(join(setup.dir, 'profiles/seed.json'));
    expect((await setup.cli('sync')).code).toBe(1);
    rmSync(join(setup.dir, 'profiles'), { recursive: true });
    symlinkSync('/nonexistent', join(setup.dir, 'profiles'));
    const { code, stdout } = await setup.cli('sync');
    expect([code, stdout]).toEqual([1, expect.stringContaining('profiles') as string]);
  });
});

it.each(['configs', 'sshkeys'])('%s/ may be a link, too', async (folder) => {
  const dir = makeFolder({ 'profiles/a.json': { root: 'x' } });
  const outside = makeFolder();
  mkdirSync(join(outside, 'there'));
  rmSync(join(dir, folder), { recursive: true });
  symlinkSync(join(outside, 'there'), join(dir, folder));
  expect((await runCli(['check', '--data-dir', dir])).stdout).not.toContain('leaves');
});
