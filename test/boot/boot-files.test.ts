import { expect, it } from 'vitest';
import { factsOf, houseOf, originOf } from '../support/house.ts';

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

async function file(name: string, loops = false) {
  const { bootService } = await houseOf(FILES);
  return await bootService.file({ name, origin, loops });
}

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
});

it('pxelinux and GRUB get a machine by its MAC', async () => {
  const pxelinux = await file('pxelinux.cfg/01-52-54-00-55-1c-ee');
  expect(pxelinux).toMatchObject({ kind: 'text', because: 'mac 52:54:00:55:1c:ee boots profiles/a.json' });
  expect(pxelinux?.kind === 'text' && pxelinux.text).toContain(
    '  KERNEL http://10.0.2.2:4777/images/k\n  INITRD http://10.0.2.2:4777/images/i\n  APPEND x=1\n',
  );
  const grub = await file('grub/grub.cfg-01-52:54:00:55:1c:ee');
  expect(grub?.kind === 'text' && grub.text).toContain('menuentry');
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

it('netboot tells who boots his own disk', async () => {
  const { bootService } = await houseOf(FILES);
  expect(bootService.netboot(factsOf({ mac: '525400551cef' }))).toBe('local');
  expect(bootService.netboot(factsOf({ mac: '525400551cee' }))).toBe('boot');
  expect(bootService.netboot({})).toBe('boot');
});
