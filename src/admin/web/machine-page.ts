import type { Request, Response } from 'express';
import { parseFileName } from '../../model/profile.ts';
import type { LogPage } from '../../model/machine-views.ts';
import { durationText } from '../../model/text.ts';
import type { BootView, MachineRow, MachineView, ProfileRow, SentAndNow } from '../../model/views.ts';
import { lineDiff } from '../service/line-diff.ts';
import { fieldText, machineKeyOf, requiredField } from './form-fields.ts';
import { machineHref, moment, optionalMoment, profileHref, slug, svgNumber } from './format.ts';
import { machineLine, machineTitle } from './machines-page.ts';
import { type FormFailure, formFailure, type Page, type PageDeps, type PageShow } from './page.ts';
import { textDiff, type TextDiff } from './text-diff.ts';
import { bootBytes, waterfall } from './waterfall.ts';

/** One machine, and the form that puts it into a profile. */
export function mountMachinePage(show: PageShow, { adminService, origin }: PageDeps): void {
  async function page(req: Request, res: Response, failed?: MachineInput['failed']): Promise<void> {
    const key = machineKeyOf(req);
    const [view, profiles, log] = await Promise.all([
      adminService.machine(key, origin(req)),
      adminService.profiles(),
      adminService.machineLog(key, { limit: LOG_LINES }),
    ]);
    await show.page(req, res, machinePage({ view, profiles, log, now: Date.now(), failed }), failed?.status);
  }

  mountPowerForms(show, { adminService });
  show.route('Machines', '/dashboard/machines/:key', { get: async (req, res) => page(req, res) });
  show.route('Machines', '/dashboard/machines/:key/adopt', {
    async post(req, res) {
      const key = machineKeyOf(req);
      const typed = { profile: fieldText(req, 'profile'), name: fieldText(req, 'name'), ip: fieldText(req, 'ip') };
      const before = (await adminService.machine(key, origin(req))).row.state;
      try {
        await adminService.adopt({ key, profile: requiredField(req, 'profile'), name: typed.name, ip: typed.ip });
      } catch (error) {
        await page(req, res, { ...formFailure(error), typed });
        return;
      }
      show.done(req, res, machineHref(key), before === 'unknown' ? 'adopted' : 'moved');
    },
  });
}

/** Switched on at once, and asked; what takes the power away is asked for on a page of its own. */
function mountPowerForms(show: PageShow, { adminService }: Pick<PageDeps, 'adminService'>): void {
  for (const action of ['on', 'status'] as const) {
    show.route('Machines', `/dashboard/machines/:key/power-${action}`, {
      async post(req, res) {
        const key = machineKeyOf(req);
        const { state } = await adminService.power(key, action);
        const told = action === 'on' ? 'power-on' : 'power-unknown';
        const done = action === 'status' && state !== undefined ? (`power-is-${state}` as const) : told;
        show.done(req, res, machineHref(key), done);
      },
    });
  }
}

/** Of its log on the page; the command has more. */
const LOG_LINES = 200;

export interface MachineInput {
  readonly view: MachineView;
  readonly profiles: readonly ProfileRow[];
  readonly log: LogPage;
  readonly now: number;
  /** Why the last form did not do what it should, and what was typed in it. */
  readonly failed?: FormFailure & { readonly typed: Typed };
}

/** Everything about one machine. */
export function machinePage({ view, profiles, log, now, failed }: MachineInput): Page {
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
      hint: view.hint,
      last: last === undefined ? undefined : bootOf(last, now),
      log: logOf(log, now),
      earlier: earlier.map((boot) => earlierBoot(boot, boots, now)),
      texts: view.texts.map((text) => machineText(text, now)),
      form: adoptForm(row, profiles, failed?.typed),
      installs: known && profile?.install === true,
      power: row.power && { by: row.power.by, ...Object.fromEntries(row.power.does.map((one) => [one, true])) },
      once: view.once,
      failed,
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
  unknown: 'Unknown machine',
  waiting: 'Waiting',
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

/** Newest first, so that what the machine does now is where the eye is. Undefined where none was ever taken. */
function logOf({ lines, off }: LogPage, now: number): object | undefined {
  if (lines.length === 0 && off !== undefined) return undefined;
  return {
    off,
    all: lines.length < LOG_LINES,
    lines: lines.toReversed().map(({ id, at, severity = 6, program, text }) => ({
      ...{ id, at: moment(at, now), clock: new Date(at).toISOString().slice(11, 19), program, text },
      bad: severity <= 3,
      warning: severity === 4,
    })),
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

/** What an operator typed before something went wrong: shown again, as it was. */
interface Typed {
  readonly name?: string;
  readonly ip?: string;
  readonly profile?: string;
}

/** What stands in the form that puts a machine into a profile; `ip`: of a machine that no profile names, where it was seen. */
export function adoptForm(row: MachineRow, profiles: readonly ProfileRow[], typed: Typed = {}) {
  const choices = profiles.filter((profile) => profile.inForce);
  const chosen = typed.profile ?? row.profile ?? favourite(choices);
  return {
    name: typed.name ?? row.name ?? suggestedName(row),
    ip: typed.ip ?? (row.state === 'unknown' && typed.name === undefined ? (row.address ?? '') : ''),
    profiles: choices.map(({ name, title }) => ({ name, title, selected: name === chosen })),
    none: choices.length === 0,
  };
}

/** What it calls itself if that can be a name, else the second half of its MAC: `node-551cee`. */
function suggestedName({ hostname, mac }: MachineRow): string {
  const own = hostname === undefined ? undefined : parseFileName(hostname.split('.')[0]?.toLowerCase() ?? '');
  if (own !== undefined) return own;
  return mac === undefined ? '' : `node-${mac.replaceAll(':', '').slice(-6)}`;
}

/** The profile that most machines boot. */
function favourite(profiles: readonly ProfileRow[]): string | undefined {
  return profiles.toSorted((a, b) => b.nodes - a.nodes)[0]?.name;
}

/** Exactly what a machine was sent, and what it would be sent now: `2 lines added, 1 line removed`. */
export function machineText(text: SentAndNow, now: number) {
  const both = text.sent !== undefined && text.now !== undefined;
  const diff = both && text.sent !== text.now ? textDiff(lineDiff(text.sent ?? '', text.now ?? '')) : undefined;
  return {
    title: text.title,
    slug: slug(text.title),
    sentAt: optionalMoment(text.sentAt, now),
    sent: text.sent,
    now: text.now,
    diff,
    problem: text.problem,
    verdict: verdictOf(text, diff),
    changed: diff !== undefined || text.problem !== undefined,
  };
}

function verdictOf({ sent, now, problem }: SentAndNow, diff: TextDiff | undefined): string {
  if (problem !== undefined) return 'cannot be sent now';
  if (diff !== undefined) return `would change: ${diff.same ? 'line ends only' : diff.summary}`;
  if (sent === undefined) return now === undefined ? 'nothing to show' : 'not sent yet';
  return now === undefined ? 'would not be sent now' : 'would be the same now';
}
