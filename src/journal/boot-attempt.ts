import type { JournalEvent } from '../model/journal-event.ts';

/**
 * How far a boot is. `asking`: DHCP and TFTP. `told`: it got a script. `running`: its system fetched its configuration.
 * `over`: it is up, or installed.
 */
export type Phase = 'asking' | 'told' | 'running' | 'over';

/** Firmware gives up long before that, and a person who waits at a screen has left. */
export const PAUSE_MS = 300_000;

/** Whether this is the first question of a new boot. `began`: when the event began; `lastAt`: the boot's last event. */
export function beginsBoot(
  boot: { readonly phase: Phase; readonly lastAt: number } | undefined,
  event: JournalEvent,
  began: number,
): boolean {
  if (boot === undefined) return event.kind !== 'operator';
  const question = questionOf(event);
  if (question === undefined) return false;
  if (began - boot.lastAt > PAUSE_MS) return true;
  // Firmware asks by DHCP and loads its boot program before any script; who does so after one has started over.
  if (question === 'firmware') return boot.phase !== 'asking';
  // A script that did not get through is asked for again; after the system has run it means a restart.
  return boot.phase === 'running' || boot.phase === 'over';
}

export function phaseAfter(phase: Phase, event: JournalEvent): Phase {
  if (event.kind === 'phone-home' || event.kind === 'installed') return 'over';
  if (phase === 'over') return phase;
  if (event.kind === 'document') return 'running';
  return event.kind === 'script' && phase === 'asking' ? 'told' : phase;
}

/** Boot programs; other files may come over TFTP at any time. pxelinux.0 and its kind end in a number. */
const BOOT_PROGRAM = /\.(?:k{0,2}pxe|efi|0)$/i;
/** Where machines ask for scripts: a refusal there is a question, too. */
const SCRIPT_PATH = /^\/(?:$|ipxe$|boot\.ipxe|grub$|v1\/boot\/)/;

function questionOf(event: JournalEvent): 'firmware' | 'script' | undefined {
  switch (event.kind) {
    case 'dhcp':
      return 'firmware';
    case 'tftp':
      return BOOT_PROGRAM.test(event.file) ? 'firmware' : undefined;
    case 'script':
      return 'script';
    case 'refused':
      return SCRIPT_PATH.test(event.what) ? 'script' : undefined;
    case 'file':
    case 'document':
    case 'phone-home':
    case 'installed':
    case 'operator':
      return undefined;
  }
}
