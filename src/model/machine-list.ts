/**
 * Where a machine is in its life. `unknown`: no profile names it. `assigned`: a profile does, and it has not booted
 * since. `booting`: it got a boot script. `up`: it has phoned home. `installing`: it got an installer. `installed`: the
 * installer has reported, its own disk is in charge. `failed`: it did not phone home within `boot_timeout`, or its
 * installation did not finish as often as the settings allow.
 */
export const MACHINE_STATES = ['unknown', 'assigned', 'booting', 'up', 'installing', 'installed', 'failed'] as const;

export type MachineState = (typeof MACHINE_STATES)[number];

/** In the order in which an operator wants to see them: what needs attention first. */
export const STATES_BY_NEED: readonly MachineState[] = [
  'failed',
  'unknown',
  'booting',
  'installing',
  'up',
  'installed',
  'assigned',
];

// The list of machines in an order that people choose: by SQLite, and without a journal by ourselves.

/** By which columns the table of machines is sorted. */
export const MACHINE_COLUMNS = ['state', 'name', 'hardware', 'address', 'profile', 'boots', 'seen'] as const;
export type MachineColumn = (typeof MACHINE_COLUMNS)[number];
/** `name`, and `-name` the other way round. */
export type MachineSort = MachineColumn | `-${MachineColumn}`;
export const MACHINE_SORTS: readonly MachineSort[] = MACHINE_COLUMNS.flatMap(
  (column) => [column, `-${column}`] as const,
);

/** Undefined for what is none. */
export function parseSort(text: string | undefined): MachineSort | undefined {
  return MACHINE_SORTS.find((sort) => sort === text);
}

/** Its column, and whether it is turned round. */
export function sortParts(sort: MachineSort): { readonly column: MachineColumn; readonly down: boolean } {
  return { column: sort.replace(/^-/, '') as MachineColumn, down: sort.startsWith('-') };
}

/** By what texts are sorted as people count: w2 before w10, 10.0.0.9 before 10.0.0.10, whatever the case. */
export function naturalKey(text: string): string {
  return text.toLowerCase().replaceAll(/\d+/g, (digits) => digits.padStart(12, '0'));
}
