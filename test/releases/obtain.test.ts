import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FeedInput } from '../../src/model/release.ts';
import type { SystemId } from '../../src/model/profile.ts';
import { isoImage } from '../../src/exports/iso9660.ts';
import { auditRelease } from '../../src/releases/retain.ts';
import { obtainRelease, type Published } from '../../src/releases/obtain.ts';
import { resolveRelease } from '../../src/releases/resolve.ts';
import { SYSTEMS } from '../../src/os/systems.ts';
import { makeVendor } from '../support/openpgp-vendor.ts';
import { cut } from '../support/upstream-faults.ts';
import { type Bench, makeBench } from '../support/upstream-ports.ts';
import * as serve from '../support/upstream-releases.ts';
import { Upstream } from '../support/upstream-server.ts';

const vendor = makeVendor();
let upstream: Upstream;
let bench: Bench;
const both = (): { upstream: Upstream; vendor: typeof vendor } => ({ upstream, vendor });

beforeEach(async () => {
  upstream = new Upstream();
  await upstream.start();
  bench = await makeBench(upstream);
});
afterEach(async () => {
  await upstream.stop();
  await bench.remove();
  upstream.check();
});

const MIRRORS: Readonly<Partial<Record<SystemId, string>>> = { 'fedora-coreos': '/fcos' };

async function sync(system: SystemId, input: Partial<FeedInput> = {}): Promise<Published> {
  await bench.trust(system, vendor);
  const mirror = upstream.url(MIRRORS[system] ?? `/${system}`);
  const pinned = [vendor.primary.fingerprint];
  const step = SYSTEMS[system].start({ channel: 'stable', arch: 'amd64', install: false, mirror, pinned, ...input });
  return obtainRelease(await resolveRelease(system, step, bench.ports), bench.ports);
}

describe('every system, from its feed to the image store', () => {
  it('flatcar: with the signature of the kernel’s other name', async () => {
    serve.serveFlatcar(both(), '4593.2.5');
    const published = await sync('flatcar');
    expect(published).toMatchObject({ outcome: 'published', ref: { shelf: 'flatcar/amd64/4593.2.5' } });
    expect(await bench.visible()).toEqual([
      'flatcar/amd64/4593.2.5/flatcar_production_pxe.vmlinuz',
      'flatcar/amd64/4593.2.5/flatcar_production_pxe.vmlinuz.sig',
      'flatcar/amd64/4593.2.5/flatcar_production_pxe_image.cpio.gz',
      'flatcar/amd64/4593.2.5/flatcar_production_pxe_image.cpio.gz.sig',
    ]);
    for (const { evidence } of published.files)
      expect(evidence).toMatchObject({ digests: ['sha512'], signature: { primary: vendor.primary.fingerprint } });
  });

  it('coreos: from a mirror, by the script', async () => {
    serve.serveCoreos(both(), '1298.6.0');
    expect((await sync('coreos')).ref.shelf).toBe('amd64-usr/1298.6.0');
    expect(await bench.visible()).toHaveLength(4);
  });

  it('fedora-coreos: digest of the stream and signature, both', async () => {
    serve.serveFedoraCoreos(both(), '44.20260707.3.1');
    const { files } = await sync('fedora-coreos');
    expect(files.map(({ evidence }) => [evidence.digests, evidence.signature?.primary])).toEqual(
      Array(3).fill([['sha256'], vendor.primary.fingerprint]),
    );
  });

  it('debian: InRelease, then SHA256SUMS, then the files', async () => {
    serve.serveDebian(both(), '20230607+deb12u15');
    await sync('debian', { channel: 'bookworm' });
    expect(await bench.visible()).toEqual([
      'debian/amd64/20230607+deb12u15/initrd.gz',
      'debian/amd64/20230607+deb12u15/linux',
    ]);
  });

  it('ubuntu: the ISO, and kernel and initramfs out of it', async () => {
    const kernel = serve.payload('ubuntu kernel');
    const files = [
      { path: 'casper/vmlinuz', bytes: kernel },
      { path: 'casper/initrd', bytes: Buffer.from('initrd') },
      { path: 'casper/install-sources.yaml', bytes: Buffer.from('- default: true\n') },
    ];
    serve.serveUbuntu(both(), '24.04.1', isoImage('Ubuntu-Server 24.04.1', files));
    await sync('ubuntu', { channel: '24.04' });
    const folder = 'ubuntu/amd64/24.04.1';
    expect(await bench.visible()).toEqual([
      `${folder}/initrd`,
      `${folder}/ubuntu-24.04.1-live-server-amd64.iso`,
      `${folder}/vmlinuz`,
    ]);
    expect(await readFile(join(bench.dir, 'images', folder, 'vmlinuz'))).toEqual(kernel);
    expect(await auditRelease(bench.root, folder)).toHaveLength(3);
  });

  it('ubuntu: an ISO without a kernel publishes nothing', async () => {
    serve.serveUbuntu(both(), '24.04.1', isoImage('x', [{ path: 'casper/initrd', bytes: Buffer.from('initrd') }]));
    await expect(sync('ubuntu', { channel: '24.04' })).rejects.toThrow('the ISO image does not hold casper/vmlinuz');
    serve.serveUbuntu(both(), '24.04.1', Buffer.alloc(100_000));
    await expect(sync('ubuntu', { channel: '24.04' })).rejects.toThrow('is not one');
    expect(await bench.visible()).toEqual([]);
  });

  it('talos: both checksums', async () => {
    serve.serveTalos(upstream, 'v1.10.2');
    const { files } = await sync('talos');
    expect(files.map(({ evidence }) => evidence)).toEqual([
      { digests: ['sha256', 'sha512'] },
      { digests: ['sha256', 'sha512'] },
    ]);
  });

  it('custom: what the profile says', async () => {
    upstream.put('/files/vmlinuz', 'kernel');
    const sha256 = '63ae65b4d45ffc82cbe8fb6f3a5f8b2a9e6b4cf22e0d1f6ba2e9db2bcafd0a9e';
    const release = { version: '1', files: [{ name: 'vmlinuz', url: upstream.url('/files/vmlinuz'), sha256 }] };
    await expect(sync('custom', { custom: { profile: 'rescue', release } })).rejects.toThrow(
      'its publisher says 63ae65b4',
    );
    expect(await bench.visible()).toEqual([]);
  });
});

describe('obtainRelease', () => {
  it('asks for no file of a release whose key it does not have: CoreOS’ is offered by nobody', async () => {
    serve.serveCoreos(both(), '1298.6.0');
    const mirror = upstream.url('/coreos');
    const step = SYSTEMS.coreos.start({ channel: 'stable', arch: 'amd64', install: false, mirror });
    const spec = await resolveRelease('coreos', step, bench.ports);
    const asked = upstream.requests.length;
    await expect(obtainRelease(spec, bench.ports)).rejects.toMatchObject({
      message: 'no key is known for coreos, and no server offers one',
      remedy: 'put the key with the fingerprint 04127D0BFABEC8871FFB2CCE50E0885593D2DCB4 into state/keys/coreos.asc',
    });
    expect(upstream.requests).toHaveLength(asked);
  });

  it('records what was verified, and a second run fetches and writes nothing', async () => {
    serve.serveFlatcar(both(), '4593.2.5');
    await sync('flatcar');
    const folder = join(bench.dir, 'images/flatcar/amd64/4593.2.5');
    const manifest = JSON.parse(await readFile(join(folder, '.pilotlight.json'), 'utf8')) as Record<string, unknown>;
    expect(manifest).toMatchObject({ system: 'flatcar', channel: 'stable', arch: 'amd64', version: '4593.2.5' });
    expect(await auditRelease(bench.root, 'flatcar/amd64/4593.2.5')).toHaveLength(4);
    expect((await auditRelease(bench.root, 'flatcar/amd64/4593.2.5')).every(({ state }) => state === 'good')).toBe(
      true,
    );
    const times = async (): Promise<readonly number[]> =>
      Promise.all((await readdir(folder)).map(async (name) => (await stat(join(folder, name))).mtimeMs));
    const before = [await times(), upstream.requests.length] as const;
    expect((await sync('flatcar')).outcome).toBe('already');
    expect([await times(), upstream.requests.length - 3]).toEqual(before);
    expect(await bench.drafts()).toEqual([]);
  });

  it('takes every file from the numbered directory although `current` moves', async () => {
    serve.serveFlatcar(both(), '4593.2.5');
    const mirror = upstream.url('/flatcar');
    const step = SYSTEMS.flatcar.start({
      channel: 'stable',
      arch: 'amd64',
      install: false,
      mirror,
      pinned: [vendor.primary.fingerprint],
    });
    await bench.trust('flatcar', vendor);
    const spec = await resolveRelease('flatcar', step, bench.ports);
    serve.serveFlatcar(both(), '4593.2.6');
    await obtainRelease(spec, bench.ports);
    expect((await bench.visible()).every((path) => path.includes('4593.2.5'))).toBe(true);
    expect(upstream.requests.some((line) => line.includes('4593.2.6'))).toBe(false);
  });

  it('never touches a folder that somebody made by hand', async () => {
    serve.serveFlatcar(both(), '4593.2.5');
    const folder = join(bench.dir, 'images/flatcar/amd64/4593.2.5');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, serve.FLATCAR.kernel), 'mine');
    await expect(sync('flatcar')).rejects.toMatchObject({
      code: 'conflict',
      remedy: expect.stringContaining('move it away') as string,
    });
    expect(await readFile(join(folder, serve.FLATCAR.kernel), 'utf8')).toBe('mine');
  });

  it('says when a published file was damaged since', async () => {
    serve.serveFlatcar(both(), '4593.2.5');
    await sync('flatcar');
    await writeFile(join(bench.dir, 'images/flatcar/amd64/4593.2.5', serve.FLATCAR.kernel), 'short');
    await expect(sync('flatcar')).rejects.toMatchObject({ code: 'broken' });
    const states = (await auditRelease(bench.root, 'flatcar/amd64/4593.2.5')).map(({ state }) => state);
    expect(states.filter((state) => state === 'changed')).toHaveLength(1);
  });

  it('works below a symlinked data directory and symlinked images/', async () => {
    serve.serveFlatcar(both(), '4593.2.5');
    const elsewhere = await makeBench(upstream);
    await symlink(join(elsewhere.dir, 'images'), join(bench.dir, 'images/flatcar'));
    await expect(sync('flatcar')).rejects.toMatchObject({ code: 'refused' });
    await elsewhere.remove();
  });

  it('fetches two files at a time, no more', async () => {
    serve.serveFedoraCoreos(both(), '44.20260707.3.1');
    let running = 0;
    let most = 0;
    let come = (): void => undefined;
    const two = new Promise<void>((resolve) => (come = resolve));
    const folder = '/fcos/prod/streams/stable/builds/44.20260707.3.1/x86_64';
    for (const name of ['live-kernel.x86_64', 'live-initramfs.x86_64.img', 'live-rootfs.x86_64.img'])
      upstream.fail(`${folder}/fedora-coreos-44.20260707.3.1-${name}`, (response, resource) => {
        running += 1;
        most = Math.max(most, running);
        if (running === 2) come();
        response.on('close', () => {
          running -= 1;
        });
        response.writeHead(200, { 'content-length': resource.body.length });
        // A third that did not wait would have come meanwhile.
        const end = (): unknown => setTimeout(() => response.end(resource.body), 30);
        two.then(end, end);
      });
    await sync('fedora-coreos');
    expect(most).toBe(2);
  });

  it('tells what it does', async () => {
    serve.serveFlatcar(both(), '4593.2.5');
    upstream.fail(`${serve.flatcarFolder('4593.2.5')}/${serve.FLATCAR.initrd}`, cut(100_000));
    await sync('flatcar');
    const kinds = new Set(bench.events.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['download', 'published', 'retry', 'verified']);
    const last = bench.events
      .filter((event) => event.kind === 'download' && event.file === serve.FLATCAR.initrd)
      .at(-1);
    expect(last).toMatchObject({ received: 200_000, size: 200_000 });
  });
});
