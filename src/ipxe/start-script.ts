import type { Origin } from '../model/origin.ts';
import { GROWING_PAUSE, RESET_PAUSE, SCRIPT_TIMEOUT_MS, script } from './script-parts.ts';

/**
 * `GET /boot.ipxe`: makes iPXE send its own facts to `/ipxe`.
 * - The order is the order of trust, and free text comes last: iPXE of 2019 decodes and encodes URLs once more, so a
 *   `#` or `&` in a serial number cuts or splits the query behind it. `mac` (with hyphens) and `uuid` are safe.
 * - Never `filename`: it ends in a NUL, and 2019 loses everything behind it.
 * - A BIOS iPXE says i386 on any processor: `cpuid --ext 29` asks for long mode.
 * - `ifopen` because Debian 13's iPXE (1.21.1+git20250501) runs autoexec.ipxe with the network card closed: `${ip}` is
 *   set, and everything is "Network unreachable". It stands behind the MAC: afterwards netX is the card opened last.
 * - `--replace` gives the answer this script's place: `exit 1` in it then reaches the firmware, and asking again for
 *   hours does not pile up scripts in memory.
 */
export function startScript(origin: Origin): string {
  return script([
    'isset ${netX/mac} && set machine-mac ${netX/mac:hexhyp} || set machine-mac ${net0/mac:hexhyp}',
    'set machine-arch ${buildarch}',
    'iseq ${buildarch} i386 && cpuid --ext 29 && set machine-arch x86_64 ||',
    RESET_PAUSE,
    ':ask',
    'ifopen ||',
    `echo Asking ${origin} what \${machine-mac} shall boot`,
    `chain --timeout ${SCRIPT_TIMEOUT_MS} --replace ${origin}/ipxe?${FACTS.join('&')} || goto retry`,
    ':retry',
    ...GROWING_PAUSE,
    'goto ask',
  ]);
}

const FACTS = [
  'mac=${machine-mac}',
  'uuid=${uuid}',
  'platform=${platform}',
  'arch=${machine-arch}',
  'serial=${serial:uristring}',
  'hostname=${hostname:uristring}',
  'asset=${asset:uristring}',
  'manufacturer=${manufacturer:uristring}',
  'product=${product:uristring}',
];
