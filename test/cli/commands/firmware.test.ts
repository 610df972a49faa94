import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ListedProgram } from '../../../src/releases/firmware-files.ts';
import { ipxeFor, ipxeRelease, MACHINE, pe, sha256, shimFor, tarOf, UNDIONLY } from '../../support/boot-programs.ts';
import { addFiles, makeFolder } from '../../support/folder.ts';
import { runCli } from '../../support/run-cli.ts';
import { Upstream } from '../../support/upstream-server.ts';

function setup() {
  const [dir, here] = [makeFolder(), makeFolder()];
  const cli = async (...argv: string[]) => await runCli([...argv, '--data-dir', dir], here);
  const listed = async (): Promise<ReadonlyMap<string, ListedProgram>> => {
    const { stdout } = await cli('firmware', '--json');
    return new Map((JSON.parse(stdout) as readonly ListedProgram[]).map((one) => [one.name, one]));
  };
  return { dir, here, cli, listed };
}

const RELEASE = gzipSync(ipxeRelease());
const FROM_RELEASE = [
  'firmware/undionly.kpxe: BIOS',
  'firmware/snponly.efi: UEFI x86_64, 2.0.0',
  'firmware/ipxe.efi: UEFI x86_64 HTTP Boot, 2.0.0',
  'firmware/snponly-i386.efi: UEFI i386, 2.0.0',
  'firmware/snponly-arm64.efi: UEFI arm64, 2.0.0',
  "firmware/x86_64-sb/snponly-shim.efi: Secure Boot x86_64: iPXE's shim, 16.1",
  'firmware/x86_64-sb/snponly.efi: Secure Boot x86_64: iPXE, 2.0.0',
  '7 boot programs',
  '',
];

describe('pilotlight firmware import', () => {
  it('takes what a release of iPXE has for each kind of machine, its links included', async () => {
    const { dir, here, cli, listed } = setup();
    writeFileSync(join(here, 'ipxeboot.tar.gz'), RELEASE);
    const { code, stdout } = await cli('firmware', 'import', 'ipxeboot.tar.gz');
    expect([code, stdout.split('\n')]).toEqual([0, FROM_RELEASE]);
    expect(readFileSync(join(dir, 'firmware/x86_64-sb/snponly-shim.efi'))).toEqual(shimFor('x86_64', 'ipxe.efi'));
    const programs = await listed();
    expect(programs.get('snponly-arm64.efi')).toEqual({
      title: 'UEFI arm64',
      name: 'snponly-arm64.efi',
      file: join(dir, 'firmware/snponly-arm64.efi'),
      size: ipxeFor('arm64').length,
      sha256: sha256(ipxeFor('arm64')),
      version: '2.0.0',
      source: 'ipxeboot.tar.gz',
    });
    expect(programs.get('snponly-arm32.efi')?.file).toBeUndefined();
  });

  it('a single program goes where its processor says; one that is replaced by hand counts as that', async () => {
    const { dir, here, cli, listed } = setup();
    addFiles(here, { 'ipxe.efi': ipxeFor('arm64', '1.21.1+git1'), 'b.kpxe': UNDIONLY });
    expect(await cli('firmware', 'import', 'ipxe.efi')).toMatchObject({
      code: 0,
      stdout: 'firmware/snponly-arm64.efi: UEFI arm64, 1.21.1+git1\n1 boot program\n',
    });
    expect((await cli('firmware', 'import', 'b.kpxe')).code).toBe(0);
    expect((await listed()).get('snponly-arm64.efi')).toMatchObject({ source: 'ipxe.efi', version: '1.21.1+git1' });
    addFiles(dir, { 'firmware/snponly-arm64.efi': ipxeFor('arm64', '2.0.0') });
    expect((await listed()).get('snponly-arm64.efi')).toMatchObject({ source: 'placed by hand', version: '2.0.0' });
  });

  it.each([
    ['snponly-arm64.efi', ipxeFor('x86_64'), 'it is iPXE 2.0.0 for UEFI x86_64, and no UEFI arm64 iPXE'],
    ['linux', pe(MACHINE.arm64, 'a kernel'), 'it is a UEFI program for arm64, but neither iPXE nor GRUB nor a shim'],
    ['page.efi', Buffer.from('<!doctype html>'), 'it is a web page'],
    ['a.tar.gz', RELEASE.subarray(0, 300), 'it is packed by gzip and damaged, cut off or far too large'],
    ['a.tar', ipxeRelease().subarray(0, 1024), 'it is a tar archive that ends in the middle of a file'],
    ['b.tar', tarOf([{ path: 'etc/passwd', body: 'x' }]), 'it is an archive without boot programs'],
    [
      'c.tar',
      tarOf([
        { path: 'ipxeboot/x86_64/snponly.efi', body: ipxeFor('x86_64') },
        { path: 'ipxeboot/arm64/snponly.efi', body: ipxeFor('x86_64') },
      ]),
      'arm64/snponly.efi in it is not right: it is iPXE 2.0.0 for UEFI x86_64',
    ],
  ])('%s is refused with what it is, and nothing is changed', async (name, bytes, message) => {
    const { dir, here, cli } = setup();
    writeFileSync(join(here, name), bytes);
    const { code, stderr } = await cli('firmware', 'import', name);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`pilotlight firmware: ${name}: ${message}`)]);
    expect(existsSync(join(dir, 'firmware'))).toBe(false);
  });

  it('a file that is not there, and the wrong words', async () => {
    const { cli } = setup();
    expect(await cli('firmware', 'import', 'nope')).toMatchObject({
      code: 1,
      stderr: 'pilotlight firmware: nope does not exist\n',
    });
    for (const words of [['import'], ['list', 'x'], ['nope'], ['fetch', 'x']]) {
      expect((await cli('firmware', ...words)).code).toBe(2);
    }
  });
});

describe('pilotlight firmware list', () => {
  it('a file that is not what its place says is wrong, with exit status 1', async () => {
    const { dir, cli } = setup();
    addFiles(dir, { 'firmware/shimaa64.efi': shimFor('x86_64'), 'firmware/programs.json': 'no JSON' });
    const { code, stdout } = await cli('firmware');
    expect(code).toBe(1);
    expect(stdout).toMatch(/Secure Boot arm64: shim +WRONG +placed by hand/);
    expect(stdout).toContain('shimaa64.efi: it is a shim 16.1 for UEFI x86_64, and no Secure Boot arm64: shim');
  });
});

describe('pilotlight firmware fetch', () => {
  async function mirrored() {
    const upstream = new Upstream();
    await upstream.start();
    onTestFinished(async () => {
      await upstream.stop();
    });
    upstream.put('/ipxe/v2.0.0/ipxeboot.tar.gz', RELEASE);
    const here = setup();
    const fetch = async (...more: string[]) =>
      await here.cli('firmware', 'fetch', '--mirror-ipxe', upstream.url('/ipxe/'), ...more);
    return { ...here, upstream, fetch };
  }

  it('takes the release from the mirror if its digest is the one that was named', async () => {
    const { fetch, listed } = await mirrored();
    const { code, stdout } = await fetch('--sha256', sha256(RELEASE).toUpperCase());
    expect([code, stdout.split('\n')]).toEqual([0, FROM_RELEASE]);
    expect((await listed()).get('snponly.efi')?.source).toBe('ipxeboot.tar.gz of iPXE 2.0.0');
  });

  it('another digest changes nothing, and is shown', async () => {
    const { dir, fetch } = await mirrored();
    const { code, stderr } = await fetch('--sha256', 'a'.repeat(64));
    expect(code).toBe(1);
    expect(stderr).toContain(`has another digest than you named: ${sha256(RELEASE)}`);
    expect(existsSync(join(dir, 'firmware'))).toBe(false);
  });

  it('without a digest nothing is asked: the project publishes none', async () => {
    const { upstream, fetch } = await mirrored();
    expect(await fetch()).toMatchObject({ code: 2, stderr: expect.stringContaining('needs --sha256') as string });
    expect((await fetch('--sha256', 'abc')).code).toBe(2);
    expect((await fetch('--sha256', 'a'.repeat(64), '--release', '../x')).code).toBe(2);
    expect(upstream.requests).toEqual([]);
  });

  it('a release that is not there', async () => {
    const { fetch } = await mirrored();
    const { code, stderr } = await fetch('--sha256', 'a'.repeat(64), '--release', '9.0.0');
    expect([code, stderr]).toEqual([1, expect.stringContaining('does not exist (HTTP 404)')]);
  });
});
