import { missingOf, needs, type Needs, type Needy } from './needs.ts';
import { buildPayload, type Payload } from './payload.ts';

/** Where firmware for UEFI machines lies; the same choice as scripts/lab/bootvm.sh. */
export const OVMF = [
  '/usr/share/OVMF/OVMF_CODE_4M.fd',
  '/usr/share/OVMF/OVMF_CODE.fd',
  '/usr/share/edk2/x64/OVMF_CODE.4m.fd',
];

/** Debian's iPXE of 2019 as QEMU's network card carries it: for BIOS and (in the same file set) for UEFI. */
const BIOS_ROM = '/usr/lib/ipxe/qemu/pxe-virtio.rom';
const QEMU = ['qemu-system-x86_64', 'bash'];
// To build the payload: see scripts/lab/mkpayload.sh.
const BUILDER = ['apt-get', 'dpkg-deb', 'cpio', 'gzip'];

/** What a boot test of a virtual machine needs, checked; the payload is only built where all else is there. */
export async function labEquipment(also: Needs = {}): Promise<{ readonly lab: Needy; readonly payload: Payload }> {
  const wanted = {
    ...also,
    commands: [...QEMU, ...BUILDER, ...(also.commands ?? [])],
    files: [BIOS_ROM, ...(also.files ?? [])],
  };
  const missing = missingOf(wanted);
  const payload = missing.length === 0 ? await buildPayload() : { reason: '' };
  if ('reason' in payload) {
    const reasons = payload.reason === '' ? missing : [payload.reason];
    return { lab: needs({ missing: reasons }), payload: { kernel: '', initramfs: '' } };
  }
  return { lab: needs(wanted), payload };
}
