import { createHash } from 'node:crypto';
import type { DataRoot, Listing } from '../files/data-root.ts';
import { Failure, failureLine } from '../model/failure.ts';
import {
  type Mac,
  type MachineIdentity,
  type MachineKey,
  omitUndefined,
  parseLabel,
  parseMac,
  parseUuid,
} from '../model/machine.ts';
import { type Claim, type InstallMark, MARK_STATES, type RefusedReport, type OnceBoot } from './mark.ts';

/** Below the data directory. */
export const MARKS_FOLDER = 'state/machines';
/** Bytes. An honest one is under 1 KiB. */
export const MAX_MARK = 64 * 1024;

/**
 * The file of a machine's mark: `52-54-00-55-1c-ee.json`, `uuid-c6c3....json`. A serial number may be any text, so its
 * file is found by a digest of it; the words before that are for people.
 */
export function markFileName(key: MachineKey): string {
  if (!key.startsWith('serial:')) return `${key.replaceAll(':', '-')}.json`;
  const serial = key.slice('serial:'.length);
  const words = serial.replaceAll(/[^A-Za-z0-9._-]+/g, '_').slice(0, 40);
  return `serial-${words}-${createHash('sha256').update(serial).digest('hex').slice(0, 24)}.json`;
}

/** Whom a file is about, by its name alone: what is left when its text cannot be understood. */
export function machineOfFile(file: string): { readonly key: MachineKey; readonly machine: MachineIdentity } {
  const name = file.replace(/\.json$/, '');
  const mac = parseMac(name);
  if (mac !== undefined) return { key: mac, machine: { mac } };
  const uuid = name.startsWith('uuid-') ? parseUuid(name.slice('uuid-'.length)) : undefined;
  return uuid === undefined ? { key: name, machine: {} } : { key: `uuid:${uuid}`, machine: { uuid } };
}

/** Grows when an older program would misunderstand a file. What is newer than ours is not guessed at. */
const FORMAT = 4;
/** Of every file that says nothing that a later format brought and that must not be overlooked. */
const FORMAT_OF_MOST = 2;
const FORMAT_WITH_REFUSED = 3;

export function markText(mark: InstallMark): string {
  const { key, machine, macs, state, since, tries, begun, claim, tokens, refused, once, profile, disk } = mark;
  const times = { since: timeText(since), ...(begun === undefined ? {} : { begun: timeText(begun) }) };
  const said = claim === undefined ? {} : { claim: { ...claim, at: timeText(claim.at) } };
  const cards = macs === undefined || macs.length === 0 ? {} : { macs };
  const of = tokens === undefined ? {} : { tokens: timeText(tokens) };
  const report = refused === undefined ? {} : { refused: { ...refused, at: timeText(refused.at) } };
  const used = once?.used === undefined ? {} : { used: timeText(once.used) };
  const single =
    once === undefined
      ? {}
      : { once: omitUndefined({ profile: once.profile, disk: once.disk, since: timeText(once.since), ...used }) };
  const format = once?.disk !== undefined ? FORMAT : refused === undefined ? FORMAT_OF_MOST : FORMAT_WITH_REFUSED;
  const whole = {
    format,
    key,
    machine,
    ...cards,
    state,
    ...times,
    tries,
    ...said,
    ...of,
    ...report,
    ...single,
    profile,
    disk,
  };
  return `${JSON.stringify(whole, undefined, 2)}\n`;
}

/** The mark in a file's text, or what is wrong with it. Files without a format are from before there was one. */
export function parseMark(text: string, file: string): InstallMark | string {
  const raw = objectIn(text);
  if (raw === undefined) return 'it is not a JSON object';
  const { format = 1, key, tries, profile, disk } = raw;
  if (typeof format !== 'number') return '"format" is not a number';
  if (format > FORMAT) return `it was written by a newer Pilotlight (format ${format})`;
  if (typeof key !== 'string' || markFileName(key) !== file) return `"key" does not belong to a file of this name`;
  const state = MARK_STATES.find((one) => one === raw['state']);
  if (state === undefined) return `"state" is none of ${MARK_STATES.join(', ')}`;
  const since = timeIn(raw['since']);
  if (since === undefined) return '"since" is not a time';
  const begun = raw['begun'] === undefined ? undefined : timeIn(raw['begun']);
  if (raw['begun'] !== undefined && begun === undefined) return '"begun" is not a time';
  if (typeof tries !== 'number' || !Number.isSafeInteger(tries) || tries < 0) return '"tries" is not a count';
  if (typeof profile !== 'string' || typeof disk !== 'string') return '"profile" or "disk" is missing';
  const machine = machineIn(raw['machine']);
  if (machine === undefined) return '"machine" holds something that identifies no machine';
  const macs = macsIn(raw['macs']);
  if (macs === undefined) return '"macs" is not a list of MAC addresses';
  const claim = raw['claim'] === undefined ? undefined : claimIn(raw['claim']);
  if (claim === undefined && raw['claim'] !== undefined) return '"claim" cannot be understood';
  if (claim === undefined && state === 'claimed') return '"claim" is missing';
  const tokens = raw['tokens'] === undefined ? undefined : timeIn(raw['tokens']);
  if (tokens === undefined && raw['tokens'] !== undefined) return '"tokens" is not a time';
  const refused = raw['refused'] === undefined ? undefined : refusedIn(raw['refused']);
  if (refused === undefined && raw['refused'] !== undefined) return '"refused" cannot be understood';
  const once = raw['once'] === undefined ? undefined : onceIn(raw['once']);
  if (once === undefined && raw['once'] !== undefined) return '"once" cannot be understood';
  return {
    ...{ key, machine, state, since, tries, profile, disk },
    ...(macs.length === 0 ? {} : { macs }),
    ...(begun === undefined ? {} : { begun }),
    ...(claim === undefined ? {} : { claim }),
    ...(tokens === undefined ? {} : { tokens }),
    ...(refused === undefined ? {} : { refused }),
    ...(once === undefined ? {} : { once }),
  };
}

function onceIn(value: unknown): OnceBoot | undefined {
  const raw = asObject(value);
  const [profile, disk, since, used] = [raw?.['profile'], raw?.['disk'], timeIn(raw?.['since']), timeIn(raw?.['used'])];
  if (typeof profile !== 'string' || since === undefined) return undefined;
  if (disk !== undefined && typeof disk !== 'string') return undefined;
  if (used === undefined && raw?.['used'] !== undefined) return undefined;
  return omitUndefined({ profile, disk, since, used });
}

function refusedIn(value: unknown): RefusedReport | undefined {
  const raw = asObject(value);
  const at = timeIn(raw?.['at']);
  const address = raw?.['address'];
  return at === undefined || typeof address !== 'string' ? undefined : { at, address };
}

function macsIn(value: unknown): readonly Mac[] | undefined {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return undefined;
  const macs = value.map((one: unknown) => (typeof one === 'string' ? parseMac(one) : undefined));
  return macs.every((mac) => mac !== undefined) ? macs : undefined;
}

function claimIn(value: unknown): Claim | undefined {
  const raw = asObject(value);
  const at = timeIn(raw?.['at']);
  const address = raw?.['address'];
  const mac = raw?.['mac'] === undefined ? undefined : macsIn([raw['mac']])?.[0];
  const file = raw?.['file'];
  if (at === undefined || typeof address !== 'string' || (mac === undefined && raw?.['mac'] !== undefined)) {
    return undefined;
  }
  if (file !== undefined && typeof file !== 'string') return undefined;
  return omitUndefined({ address, mac, at, file });
}

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

function machineIn(value: unknown): MachineIdentity | undefined {
  const raw = asObject(value);
  if (raw === undefined) return undefined;
  const texts = ['mac', 'uuid', 'serial'].map((key) => raw[key]);
  if (texts.some((text) => text !== undefined && typeof text !== 'string')) return undefined;
  const [macText, uuidText, serialText] = texts as (string | undefined)[];
  const mac = macText === undefined ? undefined : parseMac(macText);
  const uuid = uuidText === undefined ? undefined : parseUuid(uuidText);
  const serial = serialText === undefined ? undefined : parseLabel(serialText);
  const unread = [mac, uuid, serial].some((parsed, i) => parsed === undefined && texts[i] !== undefined);
  if (unread) return undefined;
  return omitUndefined({ mac, uuid, serial });
}

function timeIn(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT/.test(value)) return undefined;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : time;
}

function timeText(time: number): string {
  return new Date(time).toISOString();
}

/** How many are read at the same time. */
const AT_ONCE = 64;

interface ReadMarks {
  /** By file name. */
  readonly marks: ReadonlyMap<string, InstallMark>;
  /** Files that cannot be understood, and why: those machines wait. */
  readonly broken: readonly { readonly file: string; readonly why: string }[];
  /** Why not even the folder can be read. */
  readonly unreadable?: string;
}

/** Every mark of state/machines/. A broken file is never a reason to install: a disk may hold data. */
export async function readMarks(files: DataRoot): Promise<ReadMarks> {
  const listing = await list(files);
  if (typeof listing === 'string') return { marks: new Map(), broken: [], unreadable: listing };
  const marks = new Map<string, InstallMark>();
  const broken: { file: string; why: string }[] = [];
  const names = listing.names.filter(isMarkFile);
  for (let at = 0; at < names.length; at += AT_ONCE) {
    await Promise.all(
      names.slice(at, at + AT_ONCE).map(async (name) => {
        take(name, await read(files, name));
      }),
    );
  }
  for (const { name, failure } of listing.broken) if (isMarkFile(name)) take(name, failureLine(failure));
  return { marks, broken };

  function take(name: string, found: InstallMark | string | undefined): void {
    if (typeof found !== 'string') {
      if (found !== undefined) marks.set(name, found);
      return;
    }
    const file = `${MARKS_FOLDER}/${name}`;
    broken.push({ file, why: found });
    marks.set(name, brokenMark(machineOfFile(name), `${file} cannot be understood: ${found}`));
  }
}

/** Says no more than that there is a file, and why it is of no use. */
function brokenMark(who: Pick<InstallMark, 'key' | 'machine'>, why: string): InstallMark {
  return { ...who, state: 'installed', since: 0, tries: 0, profile: '', disk: '', broken: why };
}

async function list(files: DataRoot): Promise<Listing | string> {
  try {
    return await files.list(MARKS_FOLDER);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.code === 'not-found' ? { names: [], broken: [] } : failureLine(error);
  }
}

/** Undefined: gone since the folder was listed. */
async function read(files: DataRoot, name: string): Promise<InstallMark | string | undefined> {
  try {
    const { bytes } = await files.read(`${MARKS_FOLDER}/${name}`, MAX_MARK);
    return parseMark(bytes.toString('utf8'), name);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.code === 'not-found' ? undefined : failureLine(error);
  }
}

/** Drafts of files/replace begin with a dot. */
function isMarkFile(name: string): boolean {
  return name.endsWith('.json') && !name.startsWith('.');
}
