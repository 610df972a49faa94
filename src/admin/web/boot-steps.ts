import type { TimelineEvent } from '../../model/views.ts';

/** A step's class in the picture of a boot, and its word. */
export interface StepKind {
  readonly kind: 'dhcp' | 'tftp' | 'script' | 'kernel' | 'initrd' | 'file' | 'config' | 'up' | 'refused' | 'operator';
  readonly word: string;
}

const KINDS: Readonly<Record<Exclude<TimelineEvent['kind'], 'file'>, StepKind>> = {
  dhcp: { kind: 'dhcp', word: 'DHCP' },
  tftp: { kind: 'tftp', word: 'TFTP' },
  script: { kind: 'script', word: 'Script' },
  document: { kind: 'config', word: 'Config' },
  'phone-home': { kind: 'up', word: 'Up' },
  installed: { kind: 'up', word: 'Installed' },
  refused: { kind: 'refused', word: 'Refused' },
  operator: { kind: 'operator', word: 'Operator' },
};

// What publishers call a kernel and an initramfs: vmlinuz, linux, vmlinuz-amd64, kernel-x86_64, flatcar_production_pxe.vmlinuz,
// coreos_production_pxe.vmlinuz, fedora-coreos-..-live-kernel.x86_64; initrd, initrd.gz, .._pxe_image.cpio.gz,
// initramfs-amd64.xz, fedora-coreos-..-live-initramfs.x86_64.img, ..-live-rootfs.x86_64.img.
const INITRD = /initrd|initramfs|rootfs|cpio/i;
const KERNEL = /vmlinuz|kernel|bzimage|^linux$/i;

export function stepKind(event: Pick<TimelineEvent, 'kind' | 'what'>): StepKind {
  if (event.kind !== 'file') return KINDS[event.kind];
  const name = event.what?.split('/').at(-1) ?? '';
  if (INITRD.test(name)) return { kind: 'initrd', word: 'Initrd' };
  if (KERNEL.test(name)) return { kind: 'kernel', word: 'Kernel' };
  return { kind: 'file', word: 'File' };
}
