/**
 * Every way in which a machine may get from power-on to its kernel, each of which is a boot of a virtual machine in
 * boot-matrix.test.ts. The table of docs/network.md is made from this (test/docs/network.test.ts).
 */
export interface Row {
  readonly firmware: (typeof FIRMWARE)[number];
  readonly way: (typeof WAYS)[number];
  /** The boot program: iPXE by its age, or shim and GRUB. */
  readonly program: (typeof PROGRAMS)[number];
  readonly dhcp: (typeof DHCP)[number];
  /** Of two network cards the first has no cable. */
  readonly cards: 1 | 2;
}

const FIRMWARE = ['bios', 'uefi-x64', 'uefi-arm64', 'secure-boot', 'secure-boot-arm64'] as const;
const WAYS = ['pxe', 'http'] as const;
const PROGRAMS = ['2019', '2025', '2.0', 'grub'] as const;
/** Who gives addresses: a router beside the DHCP proxy, Pilotlight alone, or a router that knows two fields. */
const DHCP = ['proxy', 'own', 'next-server'] as const;

/** All that can exist. */
export const ROWS: readonly Row[] = FIRMWARE.flatMap((firmware) =>
  WAYS.flatMap((way) =>
    PROGRAMS.flatMap((program) =>
      ([1, 2] as const).flatMap((cards) =>
        DHCP.map((dhcp): Row => ({ firmware, way, program, dhcp, cards })).filter((row) => cannotBe(row) === undefined),
      ),
    ),
  ),
);

/** Why there is no such row; undefined where there is one. */
function cannotBe({ firmware, way, program, dhcp, cards }: Row): string | undefined {
  const signed = firmware.startsWith('secure-boot');
  if (signed !== (program === 'grub')) {
    return signed ? 'Debian has no signed iPXE' : 'shim and GRUB are for Secure Boot';
  }
  if (firmware === 'bios' && way === 'http') return 'a BIOS has no HTTP Boot';
  if (firmware === 'uefi-arm64' && program === '2019') return 'Debian 12 has no iPXE for arm64';
  if (way === 'http' && dhcp === 'next-server') {
    return 'UEFI HTTP Boot passes over an answer that does not call itself HTTPClient';
  }
  if (cards === 2 && !(firmware === 'uefi-x64' && way === 'http')) {
    return 'undionly.kpxe and snponly.efi drive the one card by which they came; ipxe.efi drives all';
  }
  return undefined;
}

/**
 * Those that each run of the tests boots: all pairs of firmware, way, program and DHCP that exist are in them (but Secure Boot on
 * x86_64 with a router of two fields, and on arm64 with our own DHCP), and two cards with each age of iPXE. The slowest come first, because two machines run at a time.
 */
export const PAIRWISE: readonly Row[] = [
  ['uefi-arm64', 'pxe', '2025', 'next-server', 1],
  ['uefi-arm64', 'http', '2.0', 'proxy', 1],
  ['uefi-arm64', 'pxe', '2.0', 'own', 1],
  ['secure-boot-arm64', 'pxe', 'grub', 'next-server', 1],
  ['secure-boot-arm64', 'http', 'grub', 'proxy', 1],
  ['secure-boot', 'pxe', 'grub', 'proxy', 1],
  ['secure-boot', 'http', 'grub', 'own', 1],
  ['uefi-x64', 'http', '2025', 'proxy', 2],
  ['uefi-x64', 'http', '2.0', 'own', 2],
  ['uefi-x64', 'http', '2019', 'own', 2],
  ['uefi-x64', 'pxe', '2019', 'next-server', 1],
  ['bios', 'pxe', '2019', 'proxy', 1],
  ['bios', 'pxe', '2025', 'own', 1],
  ['bios', 'pxe', '2.0', 'next-server', 1],
].map((values): Row => {
  const [firmware, way, program, dhcp, cards] = values as [
    Row['firmware'],
    Row['way'],
    Row['program'],
    Row['dhcp'],
    Row['cards'],
  ];
  return { firmware, way, program, dhcp, cards };
});

/** `uefi-x64 http 2025 proxy 2`: one row's name, and what tells it from the others. */
export function keyOf({ firmware, way, program, dhcp, cards }: Row): string {
  return [firmware, way, program, dhcp, cards].join(' ');
}

const TITLES: Readonly<Record<string, string>> = {
  bios: 'BIOS',
  'uefi-x64': 'UEFI x86_64',
  'uefi-arm64': 'UEFI arm64',
  'secure-boot': 'UEFI x86_64, Secure Boot',
  'secure-boot-arm64': 'UEFI arm64, Secure Boot',
  pxe: 'PXE',
  http: 'HTTP Boot',
  '2019': 'iPXE 2019',
  '2025': 'iPXE 2025',
  '2.0': 'iPXE 2.0',
  grub: 'shim, GRUB 2.12',
};

/** The page's table: a line for each machine, a column for each DHCP. */
export function matrixTable(): string {
  const often = new Set(PAIRWISE.map(keyOf));
  const all = new Set(ROWS.map(keyOf));
  const lines = new Map<string, string[]>();
  for (const row of ROWS) {
    const { firmware, way, program, cards } = row;
    const cells = DHCP.map((dhcp) => {
      const key = keyOf({ ...row, dhcp });
      return often.has(key) ? 'always' : all.has(key) ? 'all' : '-';
    });
    const words = [TITLES[firmware], TITLES[way], TITLES[program], String(cards)];
    lines.set(keyOf({ firmware, way, program, cards, dhcp: 'proxy' }), [...words.map((word = '') => word), ...cells]);
  }
  const head = [
    'machine',
    'boots by',
    'boot program',
    'cards',
    'beside a router (ProxyDHCP)',
    'our DHCP',
    'next server',
  ];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...[...lines.values()].map(line)].join('\n');
}
