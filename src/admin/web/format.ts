import { type CatalogFile, catalogFileAt } from '../../catalog/catalog-file.ts';
import { relativeText, utcText } from '../../model/text.ts';
import { MACHINE_STATES, type MachineState, STATES_BY_NEED } from '../../model/machine-list.ts';
import type { MachineKey } from '../../model/machine.ts';
import { placeText, type FileDiagnostic } from '../../model/failure.ts';
import type { MachineQuery } from '../../model/views.ts';

/** How a state looks: a word, a shape of its own (`shape-up` in views/shapes.hbs) and a colour, never the colour alone. */
export interface StateMark {
  readonly state: MachineState;
  readonly word: string;
  /** For people who wonder what the word means. */
  readonly help: string;
}

const MARKS: Readonly<Record<MachineState, StateMark>> = {
  unknown: { state: 'unknown', word: 'Unknown', help: 'no profile names it' },
  assigned: { state: 'assigned', word: 'Assigned', help: 'a profile names it, it has not booted since' },
  booting: { state: 'booting', word: 'Booting', help: 'it got a boot script and has not phoned home yet' },
  up: { state: 'up', word: 'Up', help: 'it has phoned home' },
  installing: { state: 'installing', word: 'Installing', help: 'it got an installer that has not reported yet' },
  installed: { state: 'installed', word: 'Installed', help: 'its own disk is in charge' },
  failed: {
    state: 'failed',
    word: 'Failed',
    help: 'it did not phone home in time, or its installation did not finish',
  },
};

export function stateMark(state: MachineState): StateMark {
  return MARKS[state];
}

/** `30 machines: 2 failed, 3 unknown, 25 up`. */
export function statesText(states: Readonly<Record<MachineState, number>>): string {
  const parts = STATES_BY_NEED.filter((state) => states[state] > 0).map(
    (state) => `${states[state].toLocaleString('en-GB')} ${MARKS[state].word.toLowerCase()}`,
  );
  const total = stateTotal(states);
  const head = total === 1 ? '1 machine' : `${total.toLocaleString('en-GB')} machines`;
  return parts.length === 0 ? 'no machines yet' : `${head}: ${parts.join(', ')}`;
}

export function stateTotal(states: Readonly<Record<MachineState, number>>): number {
  return MACHINE_STATES.reduce((sum, state) => sum + states[state], 0);
}

/** What an operator just did, told on the page that follows: a code in its address, a sentence on the page. */
export type Done = keyof typeof SENTENCES;

const SENTENCES = {
  adopted: 'Adopted. A waiting machine asks every few seconds and boots with its next question.',
  moved: 'The profile is changed. It counts from the next boot.',
  released: 'Released. No profile names this machine any more.',
  reinstall: 'The installer will run once at its next boot.',
  'power-on': 'The command to switch on was given. What the machine asks for next shows below.',
  'power-off': 'Switched off.',
  'power-cycle': 'Switched off and on. What the machine asks for next shows below.',
  'power-is-on': 'Its power is on.',
  'power-is-off': 'Its power is off.',
  'power-unknown': 'Its controller does not say whether the power is on.',
  'reinstall-now': 'The installer runs now: the machine was restarted, its steps appear below.',
  'boot-once': 'Its next boot from the network is the profile that you chose, once.',
  'own-boot': 'Its next boot is its own profile again.',
  kept: 'The reinstallation is cancelled: its disk stays as it is.',
  'let-go': 'The claim is released: the next address that asks is installed.',
  saved: 'Saved. It is in force for the next machine that asks.',
  created: 'Created. It is in force for the next machine that asks.',
  removed: 'Removed. The page Files has what it held.',
  restored: 'Restored. It is in force for the next machine that asks.',
  syncing: 'The sync has begun. Its steps appear below as they happen.',
  uploaded: 'Uploaded, verified and published.',
  'nothing-new': 'It was published already: nothing has changed.',
  'sync-runs': 'A sync is running already.',
  rollout: 'Done. It counts for machines from their next boot.',
  'rolled-back': 'Rolled back. It counts from the next boot, and the sync holds what was left.',
  'user-added': 'Added.',
  'role-changed': 'The role is changed. It counts from the next request.',
  'user-removed': 'Removed, with sessions and API tokens.',
  'token-revoked': 'The API token is revoked.',
  'session-ended': 'The session is ended.',
} as const;

/** Undefined for everything that is not one of the codes: nothing from an address is ever shown. */
export function parseDone(code: unknown): Done | undefined {
  return typeof code === 'string' && Object.hasOwn(SENTENCES, code) ? (code as Done) : undefined;
}

export function doneText(done: Done): string {
  return SENTENCES[done];
}

/** A moment as pages show it: `<time datetime title>relative</time>`. */
export interface Moment {
  readonly iso: string;
  /** `2026-11-21 05:12:07 UTC`. */
  readonly exact: string;
  /** `3 min ago`. assets/dashboard.js lets it tick with the same words. */
  readonly relative: string;
}

export function moment(at: number, now: number): Moment {
  return { iso: new Date(at).toISOString(), exact: utcText(at), relative: relativeText(at - now) };
}

export function optionalMoment(at: number | undefined, now: number): Moment | undefined {
  return at === undefined ? undefined : moment(at, now);
}

/** A number with at most two decimals, for SVG attributes. */
export function svgNumber(value: number): string {
  return String(Math.round(value * 100) / 100);
}

// Every address is made here, of encoded parts: a profile or a machine can be called anything.

export function machineHref(key: MachineKey): string {
  return `/dashboard/machines/${encodeURIComponent(key)}`;
}

export function profileHref(name: string): string {
  return `/dashboard/profiles/${encodeURIComponent(name)}`;
}

/** The page of a file of profiles/, configs/ or sshkeys/; undefined for any other. */
export function fileHref(file: string): string | undefined {
  const own = catalogFileAt(file);
  return own && hrefOf(own);
}

/** Its page: `/dashboard/configs/a.yml`. */
export function hrefOf({ folder, name }: Pick<CatalogFile, 'folder' | 'name'>): string {
  return `/dashboard/${folder}/${encodeURIComponent(name)}`;
}

/** What the table of machines is narrowed down to. */
export type MachineFilters = {
  readonly [Key in 'text' | 'state' | 'profile' | 'tag' | 'sort']?: MachineQuery[Key] | undefined;
};

/** The table of machines with some of its filters; what is undefined or empty is left out. */
export function machinesHref({ state, profile, tag, text, sort }: MachineFilters, page = 1): string {
  return withQuery('/dashboard/machines', { state, profile, tag, text, sort, page: page > 1 ? page : undefined });
}

/** An address with its parameters, in their order; what is undefined or empty is left out. */
export function withQuery(path: string, query: Readonly<Record<string, number | string | undefined>>): string {
  const parts = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return parts.length === 0 ? path : `${path}?${parts.join('&')}`;
}

/** For ids of elements: letters, digits and hyphens. */
export function slug(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9]+/g, '-');
}

/** A problem as pages list it: what, where, what to do. */
export interface ProblemItem {
  readonly error: boolean;
  /** `Error`, `Warning`: never the colour alone. */
  readonly word: string;
  readonly message: string;
  /** `profiles/a.json:3:5 nodes[0].mac`; undefined for what is wrong with the server itself. */
  readonly place: string | undefined;
  readonly remedy: string | undefined;
  /** Where it can be mended: the editor of the file, at that line. */
  readonly href: string | undefined;
}

/** Errors first, otherwise in their order. `open`: the file that is being edited, its lines are on the page. */
export function problemItems(problems: readonly FileDiagnostic[], open?: string): readonly ProblemItem[] {
  return errorsFirst(problems).map(({ severity, message, place, remedy }) => {
    const page = fileHref(place.file);
    const line = place.line === undefined ? '' : `#line-${place.line}`;
    return {
      ...severityWords(severity),
      message,
      place: placeText(place),
      remedy,
      href: place.file === open ? line || undefined : page && `${page}/edit${line}`,
    };
  });
}

export function errorsFirst<T extends { readonly severity: 'error' | 'warning' }>(all: readonly T[]): readonly T[] {
  return [...all.filter((one) => one.severity === 'error'), ...all.filter((one) => one.severity === 'warning')];
}

/** Never the colour alone. */
export function severityWords(severity: 'error' | 'warning'): { readonly error: boolean; readonly word: string } {
  return { error: severity === 'error', word: severity === 'error' ? 'Error' : 'Warning' };
}
