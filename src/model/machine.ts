import type { MachineFacts } from './facts.ts';

/** By what the journal tells machines apart: the MAC, else `uuid:...`, else `serial:...`. */
export type MachineKey = string;

/** The key of a machine that says who it is; undefined for one that does not. */
export function machineKey({
  mac,
  uuid,
  serial,
}: Pick<MachineFacts, 'mac' | 'uuid' | 'serial'>): MachineKey | undefined {
  if (mac !== undefined) return mac;
  if (uuid !== undefined) return `uuid:${uuid}`;
  return serial === undefined ? undefined : `serial:${serial}`;
}

/**
 * Where a machine is in its life. `unknown`: no profile names it. `assigned`: a profile does, and it has not booted
 * since. `booting`: it got a boot script. `up`: it has phoned home. `installing`: it got an installer. `installed`: the
 * installer has reported, its own disk is in charge. `failed`: it did not phone home within `boot_timeout`, or its
 * installation did not finish as often as the settings allow.
 */
export const MACHINE_STATES = ['unknown', 'assigned', 'booting', 'up', 'installing', 'installed', 'failed'] as const;
export type MachineState = (typeof MACHINE_STATES)[number];
