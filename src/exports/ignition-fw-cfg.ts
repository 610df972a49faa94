import type { DocumentKind, SystemId } from '../model/profile.ts';

/** QEMU's fw_cfg is read by Ignition alone. */
export const FW_CFG_KINDS: Readonly<Record<SystemId, readonly DocumentKind[]>> = {
  coreos: ['ignition'],
  flatcar: ['ignition'],
  'fedora-coreos': ['ignition'],
  debian: [],
  ubuntu: [],
  talos: [],
  custom: ['ignition'],
};

/** The argument of QEMU that hands this file to Ignition. A comma in its name is doubled (QEMU's own rule). */
export function fwCfgArgument(system: SystemId, file: string): string {
  const name = system === 'flatcar' ? 'opt/org.flatcar-linux/config' : 'opt/com.coreos/config';
  return `-fw_cfg name=${name},file=${file.replaceAll(',', ',,')}\n`;
}
