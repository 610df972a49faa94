import { bytesText, relativeText } from '../model/text.ts';
import type { MachineState } from '../model/machine-list.ts';
import type { MachineRow, ProfileBoot } from '../model/views.ts';
import type { CliContext } from './command.ts';
import { type Column, fittedTable } from './text.ts';

/** Which terminal sequences may be used. */
export interface Paint {
  state(state: MachineState, text?: string): string;
}

/** SGR colours (ECMA-48, 8.3.117) that both dark and light terminals show well. */
const COLOURS: Readonly<Record<MachineState, string>> = {
  unknown: '35',
  assigned: '',
  booting: '36',
  up: '32',
  installing: '36',
  installed: '32',
  failed: '31',
};

/** Colours for a terminal, unless NO_COLOR is set (no-color.org: to anything but nothing). */
export function paintFor({ stdout, env }: Pick<CliContext, 'env' | 'stdout'>): Paint {
  const plain = stdout.isTTY !== true || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return {
    state: (state, text = state) =>
      plain || COLOURS[state] === '' ? text : `\u001b[${COLOURS[state]}m${text}\u001b[0m`,
  };
}

/** Machines as lines that fit the terminal. */
export function machineLines(rows: readonly MachineRow[], now: number, columns?: number): string[] {
  const table: readonly Column<MachineRow>[] = [
    { title: 'STATE', spare: 0, text: stateText },
    { title: 'NAME', spare: 0, text: (row) => row.name ?? row.hostname ?? '-' },
    { title: 'MACHINE', spare: 0, text: ({ key }) => key },
    { title: 'PROFILE', spare: 1, text: ({ profile }) => profile ?? '' },
    { title: 'VERSION', spare: 2, text: ({ version }) => version ?? '' },
    {
      title: 'SEEN',
      spare: 3,
      text: ({ lastSeen }) => (lastSeen === undefined ? 'never' : relativeText(lastSeen - now)),
    },
    { title: 'FETCHES', spare: 4, text: ({ download }) => downloadText(download) },
    { title: 'ADDRESS', spare: 5, text: ({ address }) => address ?? '' },
    { title: 'HARDWARE', spare: 6, text: hardwareText },
  ];
  return fittedTable(table, rows, columns);
}

/** The same for boots by a profile's name. */
export function profileBootLines(boots: readonly ProfileBoot[], now: number, columns?: number): string[] {
  const table: readonly Column<ProfileBoot>[] = [
    { title: 'ADDRESS', spare: 0, text: ({ address }) => address },
    { title: 'PROFILE', spare: 0, text: ({ profile }) => profile },
    { title: 'BOOTS', spare: 1, text: (boot) => String(boot.boots) },
    { title: 'SEEN', spare: 2, text: ({ lastSeen }) => relativeText(lastSeen - now) },
    { title: 'WAITS', spare: 3, text: ({ waits }) => waits ?? '' },
  ];
  return fittedTable(table, boots, columns);
}

/** What needs an operator's eye stands before what else is known. */
function stateText({ state, installation }: MachineRow): string {
  if (installation?.state === 'erase-pending') return 'erase pending';
  if (installation?.state !== 'boot-once') return state;
  return installation.erases === undefined ? `${state}, other boot once` : 'erase pending, once';
}

function downloadText(download: MachineRow['download']): string {
  if (download === undefined) return '';
  const { file, received, size } = download;
  const part = size === 0 ? bytesText(received) : `${Math.floor((received / size) * 100)} %`;
  return `${file.split('/').at(-1) ?? file} ${part}`;
}

export function hardwareText({ manufacturer, product, vendor }: MachineRow): string {
  const made = [manufacturer, product].filter((part) => part !== undefined).join(' ');
  return made === '' ? (vendor ?? '') : made;
}

/** `2026-11-21 05:12:03`, in the time of the host. */
export function timeText(at: number): string {
  const date = new Date(at);
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
