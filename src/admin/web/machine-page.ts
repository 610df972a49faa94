import type { ProfileRow } from '../../model/office-views.ts';
import type { BootView, MachineRow, MachineView } from '../../model/views.ts';
import { adoptForm, type Typed } from './adopt-form.ts';
import { durationText, moment, optionalMoment, svgNumber } from './format.ts';
import { profileHref } from './links.ts';
import { machineLine, machineTitle } from './machine-line.ts';
import { machineText } from './machine-texts.ts';
import type { Page } from './page.ts';
import { bootBytes, waterfall } from './waterfall.ts';

export interface MachineInput {
  readonly view: MachineView;
  readonly profiles: readonly ProfileRow[];
  readonly now: number;
  /** Why the last form did not do what it should, and what was typed in it. */
  readonly failed?: { readonly message: string; readonly remedy?: string | undefined; readonly typed: Typed };
}

/** Everything about one machine. */
export function machinePage({ view, profiles, now, failed }: MachineInput): Page {
  const { row, boots } = view;
  const line = machineLine(row, now);
  const [last, ...earlier] = boots;
  const profile = profiles.find(({ name }) => name === row.profile);
  const known = row.state !== 'unknown';
  return {
    view: 'machine',
    title: machineTitle(row),
    section: 'Machines',
    live: ['machines', 'profiles'],
    summary: `${line.title}: ${line.mark.word}${line.download === undefined ? '' : ', downloading'}`,
    data: {
      line,
      known,
      since: optionalMoment(row.since, now),
      facts: facts(row),
      failedState: row.state === 'failed',
      because: view.because,
      last: last === undefined ? undefined : bootOf(last, now),
      earlier: earlier.map((boot) => earlierBoot(boot, boots, now)),
      texts: view.texts.map((text) => machineText(text, now)),
      form: adoptForm(row, profiles, failed?.typed),
      installs: known && profile?.install === true,
      failed: failed === undefined ? undefined : { message: failed.message, remedy: failed.remedy },
    },
  };
}

function facts(row: MachineRow): readonly { readonly name: string; readonly value: string; readonly code: boolean }[] {
  const all: readonly (readonly [string, string | undefined, boolean])[] = [
    ['MAC', row.mac, true],
    ['Address', row.address, true],
    ['Calls itself', row.hostname, false],
    ['Maker', row.manufacturer, false],
    ['Product', row.product, false],
    ['Network card', row.vendor, false],
    ['Serial number', row.serial, true],
    ['UUID', row.uuid, true],
  ];
  return all.flatMap(([name, value, code]) => (value === undefined || value === '' ? [] : [{ name, value, code }]));
}

const OUTCOMES: Readonly<Record<BootView['outcome'], string>> = {
  boot: 'Boot',
  install: 'Installation',
  local: 'Own disk',
  menu: 'Menu',
  unknown: 'Nobody knew it',
  waiting: 'Had to wait',
};

function bootOf(boot: BootView, now: number): object {
  return {
    at: moment(boot.at, now),
    outcome: OUTCOMES[boot.outcome],
    ...profileOf(boot),
    took: boot.ms === undefined ? undefined : durationText(boot.ms),
    end: boot.outcome === 'install' ? 'done' : 'up',
    bytes: bootBytes(boot),
    picture: boot.events.length === 0 ? undefined : waterfall(boot),
  };
}

function earlierBoot(boot: BootView, all: readonly BootView[], now: number): object {
  const longest = Math.max(1, ...all.map(({ ms }) => ms ?? 0));
  return {
    id: boot.id,
    at: moment(boot.at, now),
    outcome: OUTCOMES[boot.outcome],
    ...profileOf(boot),
    took: boot.ms === undefined ? undefined : durationText(boot.ms),
    width: svgNumber(((boot.ms ?? 0) / longest) * 100),
    refused: boot.events.find((event) => !event.ok)?.text,
  };
}

function profileOf({ profile, version }: BootView): object {
  return {
    profile: profile === undefined ? undefined : { name: profile, href: profileHref(profile) },
    version: version === '' ? undefined : version,
  };
}
