import { describe, expect, it } from 'vitest';
import { firmwareDiagnostics } from '../../src/doctor/doctor.ts';
import { BOOT_PROGRAMS } from '../../src/images/boot-program-table.ts';

async function look(...names: string[]) {
  const has = (name: string): boolean => names.includes(name);
  const found = BOOT_PROGRAMS.filter(({ name }) => has(name)).map((program) => ({
    program,
    folder: '/usr/lib/ipxe',
    file: program.name,
    size: 7,
  }));
  const missing = BOOT_PROGRAMS.filter(({ name }) => !has(name));
  const diagnostics = await firmwareDiagnostics({ inventory: async () => ({ found, missing }) });
  return diagnostics.map(({ severity, message }) => `${severity}: ${message}`);
}

describe('boot programs', () => {
  it('none is a problem with the command that installs them', async () => {
    const [only, ...rest] = await firmwareDiagnostics({
      inventory: async () => ({ found: [], missing: BOOT_PROGRAMS }),
    });
    expect(rest).toEqual([]);
    expect(only).toMatchObject({ severity: 'error', remedy: expect.stringContaining('apt install ipxe') as string });
  });

  it('what Debian’s package has is enough', async () => {
    expect(await look('undionly.kpxe', 'snponly.efi', 'ipxe.efi')).toEqual([
      'ok: BIOS: undionly.kpxe, 7 bytes',
      'ok: UEFI x86_64: snponly.efi, 7 bytes',
      'ok: UEFI x86_64 HTTP Boot: ipxe.efi, 7 bytes',
      'ok: not here, and seldom needed: UEFI i386, UEFI arm64, UEFI arm32',
    ]);
  });

  it('a usual kind that is missing is a warning', async () => {
    expect(await look('snponly.efi', 'ipxe.efi')).toContain(
      'warning: BIOS: undionly.kpxe is not here, such machines cannot boot',
    );
  });
});
