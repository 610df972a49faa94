import { problemLine, unlessFailed } from '../../model/failure.ts';
import type { MachineKey } from '../../model/machine.ts';
import type { PowerAction } from '../../model/power.ts';
import { plural } from '../../model/text.ts';
import type { MachineRow, ProfileRow } from '../../model/views.ts';
import type { OperationName } from '../service/operations.ts';
import type { AdminOperations } from '../service/service.ts';
import { installDisk } from './confirm-page.ts';

/** What an operator does to many machines at once. */
export interface BulkAction {
  readonly name: string;
  /** Who may do it, is asked. */
  readonly operation: OperationName;
  /** `Reinstall`. */
  readonly word: string;
  /** How many at once: file edits come one after the other, controllers are asked side by side. */
  readonly abreast: number;
  /** Why this machine is left out, as far as it can be known before; what is done asks again. */
  readonly refused: (row: MachineRow, profile: BulkProfile | undefined) => string | undefined;
  /** What will happen to those that are not left out. */
  readonly points: (rows: readonly MachineRow[], profiles: ReadonlyMap<string, BulkProfile>) => readonly string[];
  /** `Erase and reinstall 12 machines`. */
  readonly button: (machines: string) => string;
  readonly danger: boolean;
  /** It needs what the profiles name: their problems are shown before. */
  readonly needsProfile: boolean;
  /** Gives what was done, for people. `profile`: the one that was chosen, for those that need one. */
  readonly act: (service: AdminOperations, key: MachineKey, profile: string) => Promise<string>;
}

/** What a question needs to know of a profile. */
export interface BulkProfile {
  readonly row: ProfileRow;
  /** What its `install` names. */
  readonly disk: string | undefined;
  /** A line each. */
  readonly problems: readonly string[];
}

export const BULK_ACTIONS: readonly BulkAction[] = [
  {
    name: 'adopt',
    operation: 'adopt',
    word: 'Adopt or move',
    abreast: 1,
    refused: () => undefined,
    points: adoptPoints,
    button: (machines) => `Put ${machines} into it`,
    danger: false,
    needsProfile: false,
    async act(service, key, profile) {
      const { file, name } = await service.adopt({ key, profile });
      return `is ${name} in ${file}`;
    },
  },
  {
    name: 'reinstall',
    operation: 'reinstall',
    word: 'Reinstall',
    abreast: 1,
    refused: notInstalling,
    points: (rows, profiles) => [
      ...erased(rows, profiles),
      'It happens at the next boot from the network of each; no machine is restarted now.',
    ],
    button: (machines) => `Erase and reinstall ${machines}`,
    danger: true,
    needsProfile: true,
    async act(service, key) {
      await service.reinstall(key);
      return 'will be erased at its next boot';
    },
  },
  {
    name: 'reinstall-now',
    operation: 'reinstallNow',
    word: 'Reinstall now',
    abreast: 8,
    refused: (row, profile) => notInstalling(row, profile) ?? powerless(row, 'on'),
    points: (rows, profiles) => [
      ...erased(rows, profiles),
      'Each is restarted at once: nothing on it is asked first.',
      'Each must boot from the network next; IPMI and Redfish see to that, else its own boot order decides.',
    ],
    button: (machines) => `Erase and reinstall ${machines} now`,
    danger: true,
    needsProfile: true,
    async act(service, key) {
      const { text } = await service.reinstallNow(key);
      return `is being installed: ${text}`;
    },
  },
  power('on', 'Switch on', []),
  power('cycle', 'Restart', ['What runs on them is cut off.']),
  power('off', 'Switch off', ['What runs on them is cut off.']),
];

function power(action: Exclude<PowerAction, 'status'>, word: string, more: readonly string[]): BulkAction {
  return {
    name: `power-${action}`,
    operation: 'power',
    word,
    abreast: 8,
    refused: (row) => powerless(row, action),
    points: (rows) => [`It happens at once, by ${waysOf(rows)}.`, ...more],
    button: (machines) => `${word === 'Restart' ? 'Switch off and on' : word}: ${machines}`,
    danger: action !== 'on',
    needsProfile: false,
    act: async (service, key) => (await service.power(key, action)).text,
  };
}

function waysOf(rows: readonly MachineRow[]): string {
  return [...new Set(rows.flatMap(({ power: by }) => by?.by ?? []))].join(', ');
}

function notInstalling(row: MachineRow, profile: BulkProfile | undefined): string | undefined {
  if (row.profile === undefined || row.state === 'unknown') return 'no profile names it';
  if (row.installation?.state === 'erase-pending') return 'it will be erased at its next boot already';
  if (profile === undefined) return `profile ${row.profile} is not there`;
  return profile.row.install ? undefined : `profile ${row.profile} installs nothing`;
}

function powerless({ state, power: by }: MachineRow, action: PowerAction): string | undefined {
  if (state === 'unknown') return 'no profile names it, so its power switch is unknown';
  if (by === undefined) return 'its node has no "power"';
  const cycles = action === 'cycle' && by.does.includes('on') && by.does.includes('off');
  if (by.does.includes(action) || cycles) return undefined;
  return `${by.by} cannot switch it ${action === 'cycle' ? 'off and on' : action}`;
}

function erased(rows: readonly MachineRow[], profiles: ReadonlyMap<string, BulkProfile>): readonly string[] {
  const names = [...new Set(rows.flatMap(({ profile }) => profile ?? []))];
  return names.map((name) => {
    const of = rows.filter(({ profile }) => profile === name);
    const disk = profiles.get(name)?.disk;
    const what = disk === undefined ? 'The disk that the profile or its installer names' : `The disk ${disk}`;
    return `${what} of ${plural(of.length, 'machine')} of profile ${name} is erased, with everything on it.`;
  });
}

function adoptPoints(rows: readonly MachineRow[]): readonly string[] {
  const fresh = rows.filter(({ state }) => state === 'unknown').length;
  const moved = rows.length - fresh;
  const names = 'called what it calls itself, else "node-" and the end of its MAC';
  return [
    ...(fresh === 0 ? [] : [`${plural(fresh, 'unknown machine')}: adopted, each ${names}.`]),
    ...(moved === 0 ? [] : [`${plural(moved, 'machine')}: moved, each with its name, address, tags and variables.`]),
    'It counts from the next boot of each.',
    'A profile that installs erases the disk of each of them that is not installed, at its next boot.',
  ];
}

/** The profiles of these machines, with what a question says of them. */
export async function bulkProfiles(
  service: Pick<AdminOperations, 'profile' | 'profiles'>,
  rows: readonly MachineRow[],
): Promise<ReadonlyMap<string, BulkProfile>> {
  const wanted = new Set(rows.flatMap(({ profile }) => profile ?? []));
  const named = (await service.profiles()).filter(({ name }) => wanted.has(name));
  const found = named.map(async (row) => {
    const view = row.install ? await unlessFailed(service.profile(row.name)) : undefined;
    const disk = view === undefined ? undefined : installDisk(view.text);
    const problems = (view?.problems ?? []).map((problem) => `${row.name}: ${problemLine(problem)}`);
    return [row.name, { row, disk, problems }] as const;
  });
  return new Map(await Promise.all(found));
}
