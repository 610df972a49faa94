import { readContext } from '../context/app-context.ts';
import { checkProgram, programFacts } from '../images/boot-program-file.ts';
import { programRemedy } from '../images/boot-program-table.ts';
import type { FirmwareStore } from '../images/firmware.ts';
import { asFailure, diagnosticsAbout, type HostDiagnostic, unlessFailed } from '../model/failure.ts';
import type { BootProgram } from '../model/plan.ts';
import type { Settings } from '../settings/settings.ts';

/** What the operator's files ask of the boot programs. */
export interface ProgramNeeds {
  /** A profile boots arm64 machines. */
  readonly arm64: boolean;
  /** Some machine starts with Secure Boot on. */
  readonly secureBoot: boolean;
  /** Pilotlight names the boot program beside another DHCP server. */
  readonly proxy: boolean;
}

const firmware = diagnosticsAbout('firmware');
const INSTALL = 'apt install ipxe, or put it into firmware/ of the data directory';

/** Which machines this host has a boot program for, and which it lacks one for that its profiles name. */
export async function firmwareDiagnostics(
  store: Pick<FirmwareStore, 'inventory' | 'open'>,
  needs: ProgramNeeds = { arm64: false, secureBoot: false, proxy: false },
): Promise<readonly HostDiagnostic[]> {
  const { found, missing } = await store.inventory();
  if (found.length === 0) return [firmware.error('no boot program (iPXE) on this host: no machine can boot', INSTALL)];
  const ipxe = missing.filter(({ kind }) => kind === 'ipxe');
  // Nearly every machine is one of these.
  const usual = ipxe.filter(({ arch }) => arch === 'x86_64' || (needs.arm64 && arch === 'arm64'));
  const rare = ipxe.filter((program) => !usual.includes(program)).map(({ title }) => title);
  const there = found.map(({ program }) => program);
  return [
    ...found.map(({ program, file, size }) => firmware.ok(`${program.title}: ${file}, ${size} bytes`)),
    ...usual.map((program) =>
      firmware.warning(
        `${program.title}: ${program.name} is not here, such machines cannot boot`,
        program.arch === 'arm64' ? programRemedy(program) : INSTALL,
      ),
    ),
    ...(needs.secureBoot ? secureBootDiagnostics(there, needs) : []),
    ...(needs.secureBoot ? await grubDiagnostics(store, there, needs) : []),
    ...(rare.length === 0 ? [] : [firmware.ok(`not here, and seldom needed: ${rare.join(', ')}`)]),
  ];
}

/** What the profiles and the settings say; nothing where they cannot be read, which is said elsewhere. */
export async function programNeeds(settings: Settings): Promise<ProgramNeeds> {
  const proxy = settings.dhcp !== undefined && settings.dhcp.server === undefined;
  const context = await unlessFailed(readContext(settings));
  const profiles = [...(context?.catalog.current().profiles.values() ?? [])];
  return {
    arm64: profiles.some(({ arch }) => arch !== 'amd64'),
    secureBoot: settings.secureBoot === true || context?.bootService.secureBoot() === true,
    proxy,
  };
}

function secureBootDiagnostics(there: readonly BootProgram[], { arm64 }: ProgramNeeds): readonly HostDiagnostic[] {
  const has = (arch: string, ...kinds: readonly BootProgram['kind'][]): boolean =>
    kinds.every((kind) => there.some((program) => program.arch === arch && program.kind === kind));
  return (['x86_64', ...(arm64 ? (['arm64'] as const) : [])] as const)
    .filter((arch) => !has(arch, 'shim', 'grub') && !has(arch, 'ipxe-shim', 'signed-ipxe'))
    .map((arch) =>
      firmware.warning(
        `machines with Secure Boot (UEFI ${arch}) cannot boot: a shim and its GRUB, or iPXE's signed set, is not whole here`,
        programRemedy({ arch, kind: 'shim' }),
      ),
    );
}

/**
 * A GRUB that is for other machines, or for the disk, starts and finds no configuration. One before 2.12 passes over a ProxyDHCP
 * offer, and asks the router for its files.
 */
async function grubDiagnostics(
  store: Pick<FirmwareStore, 'open'>,
  there: readonly BootProgram[],
  { proxy }: ProgramNeeds,
): Promise<readonly HostDiagnostic[]> {
  const diagnostics: HostDiagnostic[] = [];
  for (const program of there.filter(({ kind }) => kind === 'grub')) {
    const file = await store.open(program);
    const bytes = file && (await file.whole().finally(() => file.close()));
    if (bytes === undefined) continue;
    try {
      const facts = programFacts(bytes);
      checkProgram(program, facts);
      const [major = 0, minor = 0] = (facts.version ?? '').split('.').map(Number);
      if (!proxy || major > 2 || (major === 2 && minor >= 12)) continue;
      const asks = 'beside another DHCP server it asks that one for its files, and stops';
      diagnostics.push(
        firmware.warning(`${program.name} is GRUB ${facts.version ?? ''}: ${asks}`, programRemedy(program)),
      );
    } catch (error) {
      const { message, remedy = programRemedy(program) } = asFailure(error);
      diagnostics.push(firmware.warning(`${program.name}: ${message}; such machines cannot boot`, remedy));
    }
  }
  return diagnostics;
}
