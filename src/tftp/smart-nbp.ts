import type { TftpOption } from './packet.ts';

/**
 * iPXE asks for `blksize 1432` and then `tsize 0`, in this order and nothing else (its code is unchanged since 2013);
 * firmware differs: OVMF sends `tsize 0, blksize 1468, windowsize 4`.
 */
export function isIpxeRequest(options: readonly TftpOption[]): boolean {
  const [first, second] = options;
  return (
    options.length === 2 &&
    first?.name.toLowerCase() === 'blksize' &&
    first.value === '1432' &&
    second?.name.toLowerCase() === 'tsize' &&
    second.value === '0'
  );
}

const NBP = /^(?:undionly|ipxe|snponly|snp|intel|realtek)(?:[-_][a-z0-9]+)*\.(?:kkpxe|kkkpxe|kpxe|pxe|efi)(?:\.0)?$/;

/** A boot program that is iPXE itself, under the names that its builds and distributions give it. */
export function isIpxeProgram(name: string): boolean {
  return NBP.test(name.slice(name.lastIndexOf('/') + 1).toLowerCase());
}

/**
 * True when iPXE asks for the program that it already is: a DHCP server that can only name one file sends it there, and
 * the binary would load itself for ever. It gets the boot script instead. A network card's ROM that happens to ask in
 * the same way would be misled; none is known, and a setting turns this off.
 */
export function wantsScriptInsteadOf(name: string, options: readonly TftpOption[]): boolean {
  return isIpxeRequest(options) && isIpxeProgram(name);
}
