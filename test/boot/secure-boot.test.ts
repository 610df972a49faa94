import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, describe, it } from 'vitest';
import { createBootPrograms, type NetbootClient } from '../../src/boot/boot-programs.ts';
import { BOOT_PROGRAMS } from '../../src/images/boot-program-table.ts';
import { createBootService } from '../../src/boot/answer.ts';
import { createTftpSource } from '../../src/tftp/source.ts';
import { SILENT } from '../../src/model/service.ts';
import { byMac, MAC, openSetup } from '../machines/marks.ts';
import { factsOf, contextOf, originOf } from '../support/app-context.ts';

const custom = { system: 'custom', kernel: 'lab/k', initrd: ['lab/i'], kernel_args: ['a=1', 'b="x y"', "c=it's"] };
const FILES = {
  'profiles/signed.json': {
    ...custom,
    secure_boot: true,
    nodes: [
      { name: 's', mac: '525400000001' },
      { name: 'off', mac: '525400000002', secure_boot: false },
      { name: 'gone', mac: '525400000006', vars: {} },
    ],
  },
  'profiles/plain.json': { ...custom, nodes: [{ name: 'p', mac: '525400000003' }] },
  'profiles/d.json': { boot: 'local', nodes: [{ name: 'd', mac: '525400000004' }] },
  'profiles/b.json': { ...custom, kernel: 'lab/missing', nodes: [{ name: 'b', mac: '525400000005' }] },
  'images/lab/k': 'k',
  'images/lab/i': 'i',
};
const origin = originOf();
const EFI = { platform: 'efi', arch: 'x86_64', http: false } as const;
const ALL = BOOT_PROGRAMS.map(({ name }) => name);
const GRUB = ['shimx64.efi', 'grubx64.efi'];
const SIGNED_IPXE = ['x86_64-sb/snponly-shim.efi', 'x86_64-sb/snponly.efi'];

async function setup(there: readonly string[] = ALL, files: typeof FILES | object = FILES) {
  const { bootService } = await contextOf({ ...files });
  const has = ({ name }: { readonly name: string }): boolean => there.includes(name);
  const bootPrograms = createBootPrograms({
    bootService,
    firmware: { has, open: async () => undefined, openBelow: async () => undefined },
    silentForLocal: false,
  });
  const offer = (mac: string, target: NetbootClient['target'] = EFI) =>
    bootPrograms.offer({ mac: factsOf({ mac }).mac ?? expect.fail(), target, ipxe: false }, origin);
  const config = async (mac: string, images = true): Promise<string> => {
    const name = `grub/grub.cfg-01-${mac.replaceAll(/(..)(?=.)/g, '$1:')}`;
    const found = await bootPrograms.open({ name, origin, ipxe: false, images, asker: '10.0.0.9' });
    return found?.kind === 'text' ? found.text : '';
  };
  return { bootService, bootPrograms, offer, config };
}

describe('what DHCP offers to a machine that starts with Secure Boot on', () => {
  it('is a shim, where GRUB is there, too; by its profile, and the node has the last word', async () => {
    const { offer } = await setup();
    expect(offer('525400000001')).toEqual({ file: 'shimx64.efi' });
    expect(offer('525400000001', { ...EFI, http: true })).toEqual({ file: `${origin}/firmware/shimx64.efi` });
    expect(offer('525400000001', { ...EFI, arch: 'arm64' })).toEqual({ file: 'shimaa64.efi' });
    expect(offer('525400000002')).toEqual({ file: 'snponly.efi' });
    expect(offer('525400000003')).toEqual({ file: 'snponly.efi' });
    expect(offer('525400000001', { ...EFI, platform: 'pcbios' })).toEqual({ file: 'undionly.kpxe' });
  });

  it.each([
    [[...GRUB, ...SIGNED_IPXE], { file: 'shimx64.efi' }],
    [['shimx64.efi', ...SIGNED_IPXE], { file: 'x86_64-sb/snponly-shim.efi' }],
    [['shimx64.efi', 'snponly.efi'], { silence: 'no signed boot programs for UEFI x86_64 with Secure Boot' }],
  ])('only a chain that is whole: %j', async (there, offer) => {
    expect((await setup(there)).offer('525400000001')).toMatchObject(offer);
  });

  it('after iPXE’s shim, ipxe.efi at the root is the signed program, for firmware that hides its folder', async () => {
    const { bootPrograms } = await setup();
    const open = async (name: string, asker: string) =>
      await bootPrograms.open({ name, origin, ipxe: false, images: true, asker });
    await open('x86_64-sb/snponly-shim.efi', '10.0.0.7');
    expect(await open('ipxe.efi', '10.0.0.7')).toMatchObject({ program: { name: 'x86_64-sb/snponly.efi' } });
    expect(await open('ipxe.efi', '10.0.0.8')).toMatchObject({ program: { name: 'ipxe.efi' } });
  });

  it('a setting says it of every machine', async () => {
    const { catalog, imageStore } = await contextOf(FILES);
    const { marks } = await openSetup();
    const service = createBootService({ catalog, imageStore, marks, secureBoot: true });
    expect([service.secureBoot(), service.secureBoot(factsOf({ mac: '525400000099' }))]).toEqual([true, true]);
  });
});

describe('what GRUB is told', () => {
  it('starts with a loop that asks for the machine by its card', async () => {
    const { bootPrograms } = await setup();
    const start = await bootPrograms.open({ name: 'grub/grub.cfg', origin, ipxe: false, images: true });
    expect(start).toMatchObject({
      text: expect.stringContaining('configfile /grub/$grub_cpu/grub.cfg-01-$net_default_mac') as string,
    });
  });

  it('asks for images where it came from itself, else over HTTP', async () => {
    const { config } = await setup();
    expect(await config('525400000001')).toBe(
      "echo 's: Custom kernel'\n" +
        "echo 'mac 52:54:00:00:00:01 is node s of profiles/signed.json'\n" +
        '# b is left out: GRUB cannot hand over quotes.\n' +
        'echo "Loading the kernel"\n' +
        "if linux /images/lab/k a=1 'c=it'\\''s'; then\n" +
        '  echo "Loading the initramfs"\n' +
        '  if initrd /images/lab/i; then boot; fi\n' +
        'fi\n',
    );
    expect(await config('525400000001', false)).toContain("if linux '(http,10.0.2.2:4777)/images/lab/k' a=1");
  });

  it('a machine of another processor never gets the kernel, and is told so', async () => {
    const { bootPrograms } = await setup();
    const name = 'grub/arm64/grub.cfg-01-52:54:00:00:00:01';
    const found = await bootPrograms.open({ name, origin, ipxe: false, images: true });
    const custom = found?.kind === 'text' ? found.text : '';
    expect(custom, 'a custom profile without "arch" may be for any').toContain('if linux');
    const named = await setup(ALL, {
      ...FILES,
      'profiles/signed.json': { ...FILES['profiles/signed.json'], arch: 'amd64' },
    });
    const told = await named.bootPrograms.open({ name, origin, ipxe: false, images: true });
    expect(told?.kind === 'text' ? told.text : '').toMatch(/this machine is arm64, profiles\/signed\.json boots amd64/);
    expect(told?.kind === 'text' ? told.text : '').not.toContain('if linux');
  });

  it('why a machine waits, and how it gets to its disk', async () => {
    const { config } = await setup();
    expect(await config('525400000099')).toMatch(/^echo 'No profile claims this machine\.'\n(?:echo '.*'\n)+$/);
    expect(await config('525400000099')).toContain('echo \'{ "name": "NAME", "mac": "52:54:00:00:00:99" }\'');
    expect(await config('525400000005')).toContain("echo 'images/lab/missing'");
    expect(await config('525400000004')).toMatch(/\nexit 1\n$/);
  });

  it.each([
    ['poweroff', /\nhalt\n$/],
    ['exit0', /\nexit\n$/],
    ['sanboot', /\nexit 1\n$/],
    ['http-404', /^$/],
  ])('local_boot %s', async (local_boot, text) => {
    const profile = { boot: 'local', local_boot, nodes: [{ name: 'd', mac: '525400000004' }] };
    expect(await (await setup(ALL, { 'profiles/d.json': profile })).config('525400000004')).toMatch(text);
  });

  it('an installed machine is sent to its disk', async () => {
    const profile = { ...custom, system: 'custom', install: { disk: '/dev/sda' }, nodes: [{ name: 'w', mac: MAC }] };
    const { catalog, imageStore } = await contextOf({ ...FILES, 'profiles/w.json': profile });
    const { marks } = await openSetup();
    await marks.installed(byMac(), { profile: 'w', disk: '/dev/sda' });
    const service = createBootService({ catalog, imageStore, marks });
    const answer = await service.grubConfig({ facts: factsOf({ mac: MAC }), origin, asker: '10.0.0.9' }, true);
    expect(answer).toMatchObject({
      decision: { outcome: 'local' },
      script: expect.stringMatching(/\nexit 1\n$/) as string,
    });
  });

  it.runIf(existsSync('/usr/bin/grub-script-check'))('is a script to GRUB itself', async () => {
    const { bootPrograms, config } = await setup();
    const start = await bootPrograms.open({ name: 'grub/grub.cfg', origin, ipxe: false, images: true });
    const texts = [
      start?.kind === 'text' ? start.text : '',
      ...(await Promise.all(['01', '04', '05', '99'].map(async (end) => await config(`5254000000${end}`)))),
    ];
    for (const input of texts) execFileSync('grub-script-check', { input });
  });
});

it('images go out over TFTP where some machine boots by GRUB, and no others’ do', async () => {
  const served = async (files: object): Promise<boolean> => {
    const { bootPrograms } = await setup(ALL, files);
    const { imageStore } = await contextOf(FILES);
    const settings = { smartNbp: true, images: false };
    const source = createTftpSource({ bootPrograms, imageStore, settings, originAt: () => origin, log: SILENT });
    const client = { address: '10.0.0.9', port: 2070 };
    const file = await source.open({ name: 'images/lab/k', options: [], client, server: '10.0.0.1' });
    await file?.close();
    return file !== undefined;
  };
  expect(await served(FILES)).toBe(true);
  expect(await served({ 'profiles/plain.json': FILES['profiles/plain.json'] })).toBe(false);
});
