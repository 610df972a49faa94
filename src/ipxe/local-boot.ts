import type { Platform } from '../model/machine.ts';
import type { LocalBoot } from '../model/profile.ts';
import { echoLines, type MenuKey, menuKeyLines, script } from './boot-script.ts';

const SANBOOT = 'sanboot --no-describe --drive 0x80 || exit 1';

/**
 * Hands a machine to its own disk. Undefined means: answer 404. iPXE then gives up by itself and the firmware goes on,
 * but only when the firmware's own DHCP answer named `/ipxe`: our start script takes any failure for a server that
 * will come back.
 *
 * `auto`: on EFI `exit 1`, the next boot entry (`exit 0` counts as success there and ends in the setup menu, and sanboot
 * is unreliable); on a BIOS the first disk, and if it does not boot, the next device. Where the platform is not known
 * the machine decides.
 */
export function localBootScript(
  method: LocalBoot,
  platform: Platform | undefined,
  /** For the person at the screen: why. Made safe here. */
  lines: readonly string[] = [],
  menuKey?: MenuKey,
): string | undefined {
  const commands = method === 'http-404' ? undefined : localBootCommands(method, platform);
  return commands === undefined ? undefined : script([...echoLines(lines), ...menuKeyLines(menuKey), ...commands]);
}

/** The end of a script that hands the machine to its disk. */
export function localBootCommands(
  method: Exclude<LocalBoot, 'http-404'>,
  platform: Platform | undefined,
): readonly string[] {
  switch (method) {
    case 'auto':
      return ['echo Booting from the local disk', ...automatic(platform)];
    case 'exit':
      return ['echo Leaving iPXE for the next boot device', 'exit 1'];
    case 'exit0':
      return ['echo Leaving iPXE', 'exit 0'];
    case 'sanboot':
      return ['echo Booting from the first disk', SANBOOT];
    case 'poweroff':
      return POWEROFF;
  }
}

function automatic(platform: Platform | undefined): string[] {
  if (platform === 'efi') return ['exit 1'];
  if (platform === 'pcbios') return [SANBOOT];
  return [`iseq \${platform} efi && exit 1 || ${SANBOOT}`];
}

const POWEROFF = [
  'echo Powering off',
  'poweroff || goto stay',
  ':stay',
  'echo This iPXE cannot power off: do it by hand.',
  'sleep 3600 || exit 1',
  'goto stay',
];
