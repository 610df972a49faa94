import { describe, expect, it } from 'vitest';
import { createBootService } from '../../src/boot/answer.ts';
import {
  createBootPrograms,
  type NetbootClient,
  programFor,
  programNamed,
  targetOf,
} from '../../src/boot/boot-programs.ts';
import { byUuid, openSetup, UUID } from '../machines/marks.ts';
import { factsOf, contextOf, originOf } from '../support/app-context.ts';

const FILES = {
  'profiles/a.json': {
    system: 'custom',
    kernel: 'k',
    initrd: ['i'],
    kernel_args: ['x=1'],
    nodes: [{ name: 'a', mac: '525400551cee' }],
  },
  'profiles/d.json': { boot: 'local', nodes: [{ name: 'd', mac: '525400551cef' }] },
  'images/k': 'k',
  'images/i': 'i',
};
const origin = originOf();
const FIRMWARE = {
  has: ({ name }: { readonly name: string }) => name !== 'snponly-arm64.efi',
  open: async () => undefined,
  openBelow: async () => undefined,
};

async function programs(silentForLocal = true) {
  const { bootService } = await contextOf(FILES);
  return createBootPrograms({ bootService, firmware: FIRMWARE, silentForLocal });
}

describe('a file by its name', () => {
  const file = async (name: string, ipxe = false) =>
    await (await programs()).open({ name, origin, ipxe, images: false });

  it.each(['boot.ipxe', 'boot.ipxe.0', 'autoexec.ipxe', 'some/folder/autoexec.ipxe'])(
    '%s is the start script',
    async (name) => {
      expect(await file(name)).toMatchObject({
        kind: 'text',
        text: expect.stringMatching(/^#!ipxe\n[^]*http:\/\/10\.0\.2\.2:4777\/ipxe\?/) as string,
      });
    },
  );

  it('a boot program is a program, and the start script for iPXE that would load itself', async () => {
    expect(await file('undionly.kpxe')).toMatchObject({ kind: 'program', program: { name: 'undionly.kpxe' } });
    expect(await file('undionly.kpxe', true)).toMatchObject({
      kind: 'text',
      because: 'iPXE asks for undionly.kpxe, which it already is: it gets the start script',
    });
    // One name of snponly-i386.efi in distributions.
    expect(await file('ipxe32.efi', true)).toMatchObject({ kind: 'text' });
  });

  it('what is no boot program of ours is not the start script for iPXE either', async () => {
    for (const name of ['memtest.efi', 'pxelinux.0', 'wimboot', 'ipxe.efi.sig']) {
      expect(await file(name, true)).toBeUndefined();
    }
  });

  it('a signed program is one in its own folder; shim and GRUB are what they are to iPXE, too', async () => {
    for (const name of ['x86_64-sb/snponly.efi', '/x86_64-sb/snponly-shim.efi', 'grubaa64.efi', 'a/shimx64.efi']) {
      const program = { name: name.replace(/^(?:\/|a\/)/, '') };
      expect(await file(name)).toMatchObject({ kind: 'program', program });
    }
    expect(await file('shimx64.efi', true)).toMatchObject({ kind: 'program', program: { kind: 'shim' } });
    expect(await file('x86_64-sb/snponly.efi', true)).toMatchObject({ kind: 'text' });
  });

  it('pxelinux and GRUB get a machine by its MAC', async () => {
    const pxelinux = await file('pxelinux.cfg/01-52-54-00-55-1c-ee');
    expect(pxelinux).toMatchObject({ kind: 'text', because: 'mac 52:54:00:55:1c:ee boots profiles/a.json' });
    expect(pxelinux?.kind === 'text' && pxelinux.text).toContain(
      '  KERNEL http://10.0.2.2:4777/images/k\n  INITRD http://10.0.2.2:4777/images/i\n  APPEND x=1\n',
    );
    const grub = await file('grub/grub.cfg-01-52:54:00:55:1c:ee');
    expect(grub?.kind === 'text' && grub.text).toContain("if linux '(http,10.0.2.2:4777)/images/k' x=1; then\n");
  });

  it.each([
    'pxelinux.cfg/01-52-54-00-00-00-00',
    'pxelinux.cfg/01-52-54-00-55-1c-ef',
    'pxelinux.cfg/default',
    'nope',
    'boot.ipxe.1',
    'profiles/a.json',
  ])('%s is not there', async (name) => {
    expect(await file(name)).toBeUndefined();
  });

  it('an image is an image', async () => {
    expect(await file('images/flatcar/x')).toEqual({ kind: 'image', path: 'flatcar/x' });
  });
});

const BIOS = { platform: 'pcbios', arch: 'x86_64', http: false } as const;
const EFI = { platform: 'efi', arch: 'x86_64', http: false } as const;

function client(facts: Parameters<typeof factsOf>[0] = {}, more: Partial<NetbootClient> = {}): NetbootClient {
  const { mac = expect.fail(), uuid } = factsOf({ mac: '525400551cee', ...facts });
  return { mac, uuid, target: BIOS, ipxe: false, ...more };
}

describe('what DHCP offers', () => {
  it.each([
    [client(), { file: 'undionly.kpxe' }],
    [client({}, { target: EFI }), { file: 'snponly.efi' }],
    [client({}, { target: { ...EFI, http: true } }), { file: 'http://10.0.2.2:4777/firmware/ipxe.efi' }],
    [client({}, { ipxe: true }), { file: 'http://10.0.2.2:4777/boot.ipxe' }],
    [client({}, { ipxe: true, target: EFI }), { file: 'http://10.0.2.2:4777/boot.ipxe' }],
    [
      client({}, { target: { ...EFI, arch: 'arm64' } }),
      { silence: 'no boot program for UEFI arm64', remedy: expect.stringContaining('Debian 13') as string },
    ],
    [client({}, { target: { ...BIOS, arch: 'arm64' } }), { silence: 'no boot program for arm64' }],
    [client({ mac: '525400551cef' }), { silence: 'it boots its own disk' }],
  ] as const)('%j', async (asks, offer) => {
    expect((await programs()).offer(asks, origin)).toMatchObject(offer);
  });

  it('a setting lets machines that boot their disk be answered', async () => {
    const file = 'undionly.kpxe';
    expect((await programs(false)).offer(client({ mac: '525400551cef' }), origin)).toEqual({ file });
  });

  it('a machine that is installed is left to its disk, from the moment of its report on', async () => {
    const { catalog, imageStore } = await contextOf({
      'profiles/w.json': {
        system: 'custom',
        kernel: 'k',
        install: { disk: '/dev/sda' },
        nodes: [{ name: 'w', uuid: UUID }],
      },
    });
    const { marks } = await openSetup();
    const bootService = createBootService({ catalog, imageStore, marks });
    const made = createBootPrograms({ bootService, firmware: FIRMWARE, silentForLocal: true });
    const offer = (asks: NetbootClient) => made.offer(asks, origin);
    const asks = client({ uuid: UUID });
    expect(offer(asks)).toEqual({ file: 'undionly.kpxe' });
    await marks.installed(byUuid(), { profile: 'w', disk: '/dev/sda' });
    expect(offer(asks)).toEqual({ silence: 'it boots its own disk' });
    expect(offer(client({ mac: '525400000002', uuid: UUID }))).toEqual({ silence: 'it boots its own disk' });
  });
});

it.each([
  [0, 'pcbios x86_64', 'undionly.kpxe'],
  [6, 'efi i386', 'snponly-i386.efi'],
  [7, 'efi x86_64', 'snponly.efi'],
  [9, 'efi x86_64', 'snponly.efi'],
  [10, 'efi arm32', 'snponly-arm32.efi'],
  [11, 'efi arm64', 'snponly-arm64.efi'],
  [15, 'efi i386 http', 'snponly-i386.efi'],
  [16, 'efi x86_64 http', 'ipxe.efi'],
  [18, 'efi arm32 http', 'snponly-arm32.efi'],
  [19, 'efi arm64 http', 'snponly-arm64.efi'],
  [20, 'pcbios x86_64 http', 'undionly.kpxe'],
])('architecture %i is %s and gets %s', (number, kind, program) => {
  const target = targetOf(number) ?? expect.fail();
  expect(`${target.platform} ${target.arch}${target.http ? ' http' : ''}`).toBe(kind);
  expect(programFor(target)?.name).toBe(program);
});

it.each([1, 2, 21, 22, 41, 65535])('no boot program is for architecture %i', (number) => {
  expect(targetOf(number)).toBeUndefined();
});

it.each([
  ['undionly.kpxe', 'undionly.kpxe'],
  ['undionly.kpxe.0', 'undionly.kpxe'],
  ['boot/IPXE.EFI', 'ipxe.efi'],
  ['ipxe-snponly-x86_64.efi', 'snponly.efi'],
  ['', undefined],
  ['pxelinux.0', undefined],
  ['undionly.kpxe.1', undefined],
  ['constructor', undefined],
])('the name %j means %s', (asked, name) => {
  expect(programNamed(asked)?.name).toBe(name);
});
