import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeVendor } from '../../support/openpgp-vendor.ts';
import { FLATCAR_PROFILE, makeSetup, type SyncSetup } from '../../support/sync-setup.ts';
import {
  FLATCAR,
  flatcarFolder,
  serveDebian,
  serveFedoraCoreos,
  serveFlatcar,
  serveTalos,
} from '../../support/upstream-releases.ts';

async function withReleases(...versions: readonly string[]): Promise<SyncSetup> {
  const setup = await makeSetup();
  for (const version of versions) {
    serveFlatcar(setup, version);
    expect((await setup.cli('sync', '--keep-releases', '9')).code).toBe(0);
  }
  return setup;
}

describe('pilotlight images', () => {
  it('lists what is published, its size, and why it is kept', async () => {
    const setup = await withReleases('4300.2.0', '4400.2.0', '4500.2.0', '4593.2.5');
    writeFileSync(
      join(setup.dir, 'state/booted.json'),
      JSON.stringify({
        'flatcar/amd64/4400.2.0': Date.now() - 6.9 * 86_400_000,
        'flatcar/amd64/4300.2.0': Date.now() - 7.1 * 86_400_000,
      }),
    );
    const { code, stdout } = await setup.cli('images');
    expect([code, stdout]).toEqual([
      0,
      'RELEASE                        SIZE     KEPT FOR\n' +
        'images/flatcar/amd64/4300.2.0  391 KiB  nothing: goes with the next sync\n' +
        'images/flatcar/amd64/4400.2.0  391 KiB  booted lately\n' +
        'images/flatcar/amd64/4500.2.0  391 KiB  one of the 2 newest of flatcar/stable/amd64\n' +
        'images/flatcar/amd64/4593.2.5  391 KiB  profile seed, one of the 2 newest of flatcar/stable/amd64\n',
    ]);
    expect(JSON.parse((await setup.cli('images', 'list', '--json')).stdout)).toMatchObject([
      { shelf: 'flatcar/amd64/4300.2.0', kept: false },
      { kept: true, because: 'booted lately' },
      {},
      {},
    ]);
    expect((await setup.cli('images', 'prune', '--dry-run')).stdout).toBe(
      'would remove images/flatcar/amd64/4300.2.0 (391 KiB)\n',
    );
    expect(setup.visible()).toHaveLength(16);
    expect((await setup.cli('images', 'prune')).stdout).toBe('removed images/flatcar/amd64/4300.2.0 (391 KiB)\n');
    expect(setup.visible()).toHaveLength(12);
    expect((await setup.cli('images', 'prune')).stdout).toBe('');
  });

  it('an empty shelf, and a folder that somebody else made', async () => {
    const setup = await makeSetup({ 'images/memtest/1/memtest.bin': 'x' });
    expect((await setup.cli('images')).stdout).toBe('nothing is published yet\n');
    await setup.cli('images', 'prune');
    expect(setup.visible()).toEqual(['memtest/1/memtest.bin']);
  });

  it('prune says why it removes nothing', async () => {
    const setup = await withReleases('4300.2.0', '4400.2.0', '4500.2.0');
    writeFileSync(join(setup.dir, 'profiles/bad.json'), '{');
    const { stdout, stderr } = await setup.cli('images', 'prune');
    expect([stdout, stderr]).toEqual(['', 'nothing is removed: profiles/bad.json is broken and may name it\n']);
  });

  it('verify finds one changed byte and a missing file', async () => {
    const setup = await withReleases('4593.2.5');
    const good = await setup.cli('images', 'verify');
    expect([good.code, good.stdout]).toEqual([0, expect.stringContaining('4 files are as they were published\n')]);
    const shelf = join(setup.dir, 'images/flatcar/amd64/4593.2.5');
    appendFileSync(join(shelf, FLATCAR.kernel), 'x');
    rmSync(join(shelf, FLATCAR.initrd));
    const bad = await setup.cli('images', 'verify');
    expect(bad.code).toBe(1);
    expect(bad.stdout).toContain(`changed  images/flatcar/amd64/4593.2.5/${FLATCAR.kernel}\n`);
    expect(bad.stdout).toContain(`missing  images/flatcar/amd64/4593.2.5/${FLATCAR.initrd}\n`);
    expect(bad.stdout).toContain('2 of 4 files are not as they were published');
    const lines = (await setup.cli('images', 'verify', '--json')).stdout.trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { state: string }).state).sort()).toEqual([
      'changed',
      'good',
      'good',
      'missing',
    ]);
    // The sync does not take the release for good either.
    expect((await setup.sync()).report.targets[0]?.message).toMatch(/is missing|does not have the size/);
  });

  it.each([
    [['bogus'], 'there is no `images bogus`'],
    [['list', 'x'], 'takes no more words'],
    [['import'], 'needs files'],
    [['import', 'x', '--system', 'dos'], '--system must be one of'],
    [['import', 'x', '--release', '../x'], '--release must be a version'],
    [['import', '/nonexistent/README'], 'do not tell which system'],
  ])('%j is called wrongly', async (words, message) => {
    const setup = await makeSetup();
    const { code, stderr } = await setup.cli('images', ...words);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

/** Writes what the publisher has to a stick; gives the paths. */
function carry(setup: SyncSetup, ...paths: readonly string[]): readonly string[] {
  const stick = join(setup.dir, 'stick');
  mkdirSync(stick);
  return paths.map((path) => {
    const file = join(stick, path.split('/').at(-1) ?? '');
    writeFileSync(file, setup.upstream.get(path));
    return file;
  });
}

function flatcarFiles(version: string): readonly string[] {
  const alias = 'flatcar_production_image.vmlinuz';
  const names = [
    FLATCAR.kernel,
    FLATCAR.initrd,
    `${alias}.sig`,
    `${FLATCAR.initrd}.sig`,
    `${alias}.DIGESTS`,
    `${FLATCAR.initrd}.DIGESTS`,
  ];
  return ['version.txt', 'version.txt.sig', ...names].map((name) => `${flatcarFolder(version)}/${name}`);
}

describe('pilotlight images import', () => {
  it('publishes what was carried here as if a mirror had it, and the profile boots it', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    const files = carry(setup, ...flatcarFiles('4593.2.5'));
    const { code, stdout } = await setup.cli('images', 'import', ...files);
    expect([code, stdout]).toEqual([0, expect.stringContaining('flatcar/stable/amd64  4593.2.5  updated  seed\n')]);
    expect(setup.read('profiles/seed.json')).toBe(FLATCAR_PROFILE.replace('4152.2.0', '4593.2.5'));
    expect((await setup.cli('images', 'verify')).code).toBe(0);
    expect(setup.upstream.requests).toEqual([]);
  });

  it('without the file that names the version, the person names it', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    const [, ...files] = carry(setup, ...flatcarFiles('4593.2.5'));
    expect(await setup.cli('images', 'import', ...files)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('name it with --release') as string,
    });
    expect((await setup.cli('images', 'import', '--release', '4593.2.5', ...files)).code).toBe(0);
  });

  it('refuses what is not signed, signed by somebody else, or changed', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    const files = carry(setup, ...flatcarFiles('4593.2.5'));
    const without = files.filter((file) => !file.endsWith('.sig'));
    expect((await setup.cli('images', 'import', ...without)).code).toBe(1);
    appendFileSync(files[1] ?? '', 'x');
    const changed = await setup.cli('images', 'import', '--json', ...files);
    expect(changed.code).toBe(1);
    const initrd = setup.upstream.get(`${flatcarFolder('4593.2.5')}/${FLATCAR.kernel}`);
    writeFileSync(files[1] ?? '', initrd);
    writeFileSync(files[3] ?? '', makeVendor().sign(initrd));
    expect((await setup.cli('images', 'import', ...files)).code).toBe(1);
    expect(setup.visible()).toEqual([]);
    expect(setup.read('profiles/seed.json')).toBe(FLATCAR_PROFILE);
  });

  it('takes the key from the stick, if it is the pinned one', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    rmSync(join(setup.dir, 'state/keys/flatcar.asc'));
    const files = carry(setup, ...flatcarFiles('4593.2.5'));
    const stranger = join(setup.dir, 'stick/stranger.asc');
    writeFileSync(stranger, makeVendor().publicKey);
    const refused = await setup.cli('images', 'import', ...files, stranger);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('is not the one that is pinned');
    const key = join(setup.dir, 'stick/Flatcar_Image_Signing_Key.asc');
    writeFileSync(key, setup.vendor.publicKey);
    expect((await setup.cli('images', 'import', ...files, key)).code).toBe(0);
  });

  it('knows the files of Talos, Fedora CoreOS and Debian by their names', async () => {
    const setup = await makeSetup({
      'profiles/d.json': { system: 'debian', channel: 'bookworm', version: '20200101' },
    });
    serveTalos(setup.upstream, 'v1.10.0');
    serveFedoraCoreos(setup, '44.20260705.3.0');
    serveDebian(setup, '20230607+deb12u15');
    const talos = carry(
      setup,
      '/talos/latest',
      ...['vmlinuz-amd64', 'initramfs-amd64.xz', 'sha256sum.txt', 'sha512sum.txt'].map(
        (name) => `/talos/download/v1.10.0/${name}`,
      ),
    );
    expect((await setup.cli('images', 'import', ...talos)).code).toBe(0);
    rmSync(join(setup.dir, 'stick'), { recursive: true });
    const folder = '/fcos/prod/streams/stable/builds/44.20260705.3.0/x86_64/fedora-coreos-44.20260705.3.0-live';
    const parts = ['kernel.x86_64', 'initramfs.x86_64.img', 'rootfs.x86_64.img'].map((name) => `${folder}-${name}`);
    const fcos = carry(setup, '/fcos/streams/stable.json', ...parts, ...parts.map((path) => `${path}.sig`));
    expect(await setup.cli('images', 'import', ...fcos)).toMatchObject({ code: 0 });
    rmSync(join(setup.dir, 'stick'), { recursive: true });
    const images = '/debian/dists/bookworm/main/installer-amd64/20230607+deb12u15/images';
    const debian = carry(
      setup,
      '/debian/dists/bookworm/InRelease',
      `${images}/SHA256SUMS`,
      ...['linux', 'initrd.gz'].map((name) => `${images}/netboot/debian-installer/amd64/${name}`),
    );
    expect(await setup.cli('images', 'import', ...debian)).toMatchObject({ code: 0 });
    expect(setup.version('d')).toBe('20230607+deb12u15');
    expect(new Set(setup.visible().map((path) => path.split('/').slice(0, 3).join('/')))).toEqual(
      new Set(['talos/amd64/v1.10.0', 'fedora-coreos/amd64/44.20260705.3.0', 'debian/amd64/20230607+deb12u15']),
    );
  });
});
