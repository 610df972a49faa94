import { expect, test } from 'vitest';
import { stepKind } from '../../../src/admin/web/boot-steps.ts';

test.each([
  ['flatcar/amd64/4593.2.1/flatcar_production_pxe.vmlinuz', 'kernel'],
  ['flatcar/amd64/4593.2.1/flatcar_production_pxe_image.cpio.gz', 'initrd'],
  ['fedora-coreos-42-live-kernel.x86_64', 'kernel'],
  ['fedora-coreos-42-live-initramfs.x86_64.img', 'initrd'],
  ['fedora-coreos-42-live-rootfs.x86_64.img', 'initrd'],
  ['debian/amd64/13.1/linux', 'kernel'],
  ['debian/amd64/13.1/initrd.gz', 'initrd'],
  ['talos/amd64/v1/vmlinuz-amd64', 'kernel'],
  ['talos/amd64/v1/initramfs-amd64.xz', 'initrd'],
  ['ubuntu-24.04.3-live-server-amd64.iso', 'file'],
  // a folder is no file name
  ['vmlinuz/readme.txt', 'file'],
])('%s is a %s', (what, kind) => {
  expect(stepKind({ kind: 'file', what }).kind).toBe(kind);
});

test('what is no file has its own word', () => {
  expect(stepKind({ kind: 'phone-home' })).toEqual({ kind: 'up', word: 'Up' });
  expect(stepKind({ kind: 'installed' })).toEqual({ kind: 'up', word: 'Installed' });
  expect(stepKind({ kind: 'document', what: 'configs/vmlinuz' }).word).toBe('Config');
  expect(stepKind({ kind: 'file' }).word).toBe('File');
});
