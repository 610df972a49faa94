import { expect, it } from 'vitest';
import { FW_CFG_KINDS, fwCfgArgument } from '../../src/exports/ignition-fw-cfg.ts';

it.each([
  ['fedora-coreos', 'opt/com.coreos/config'],
  ['coreos', 'opt/com.coreos/config'],
  ['custom', 'opt/com.coreos/config'],
  ['flatcar', 'opt/org.flatcar-linux/config'],
] as const)('%s looks for %s', (system, name) => {
  expect(fwCfgArgument(system, 'n.ign')).toBe(`-fw_cfg name=${name},file=n.ign\n`);
  expect(FW_CFG_KINDS[system]).toEqual(['ignition']);
});

it('doubles a comma in the file’s name, which QEMU would split at', () => {
  expect(fwCfgArgument('flatcar', 'a,b.ign')).toMatch(/,file=a,,b\.ign\n$/);
});
