import type { Snapshot } from '../catalog/snapshot.ts';
import type { DataRoot } from '../files/data-root.ts';
import { makeFolder } from '../files/publish.ts';
import { replaceFile } from '../files/replace.ts';
import { Failure } from '../model/failure.ts';
import { nearest } from '../model/name.ts';
import { compareVersions, initrdPath, parseVersion, type Profile, type Version } from '../model/profile.ts';
import type { Log } from '../model/service.ts';
import { systemOf } from '../os/systems.ts';

const FILE = 'state/booted.json';
const DAY = 86_400_000;
const LATELY = 7 * DAY;
const MOST = 1000;

/** When a node last booted from each shelf, in milliseconds since 1970. */
type BootTimes = Readonly<Record<string, number>>;

/** Shelves that nodes booted from in the last seven days. A time in the future (a clock that was set back) counts. */
export function bootedLately(times: BootTimes, now: number): ReadonlySet<string> {
  return new Set(Object.entries(times).flatMap(([shelf, at]) => (now - at < LATELY ? [shelf] : [])));
}

/** Nothing for a file that is missing or broken: it is written anew with the next boot. */
export async function readBootTimes(root: DataRoot): Promise<BootTimes> {
  try {
    const value: unknown = JSON.parse((await root.read(FILE, 1024 * 1024)).bytes.toString('utf8'));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
    return Object.fromEntries(Object.entries(value).filter(([, at]) => typeof at === 'number'));
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Failure && error.code === 'not-found')) return {};
    throw error;
  }
}

/** Notes which shelves nodes boot from: what a node got as its kernel must still be there for its initramfs. */
interface BootRecord {
  /** Cheap: called for every boot. */
  booted(shelf: string): void;
  /** Writes what is new since the last time; a crash in between forgets that. */
  save(): Promise<void>;
}

export function createBootRecord(root: DataRoot, now: () => number): BootRecord {
  const fresh = new Map<string, number>();
  return {
    booted(shelf) {
      fresh.set(shelf, now());
    },
    async save() {
      if (fresh.size === 0) return;
      const seen = [...fresh];
      const times = Object.entries({ ...(await readBootTimes(root)), ...Object.fromEntries(seen) });
      const newest = times.sort(([, a], [, b]) => b - a).slice(0, MOST);
      await makeFolder(root, 'state');
      await replaceFile(root, FILE, `${JSON.stringify(Object.fromEntries(newest), undefined, 2)}\n`);
      for (const [shelf, at] of seen) if (fresh.get(shelf) === at) fresh.delete(shelf);
    },
  };
}

/** Why a profile does not follow its channel for now. It ends by itself when the profile names another version. */
export interface Hold {
  readonly version: string;
  /** `next`: until the publisher has something newer than `above`. `unpinned`: until a person says so. */
  readonly until: 'next' | 'unpinned';
  readonly above?: string;
}

export type Holds = Readonly<Record<string, Hold>>;

/** What the sync remembers between its runs: state/sync.json. Losing it loses holds, never the ability to boot. */
export interface SyncState {
  /** By profile. */
  readonly holds: Holds;
  /** The newest version that was ever accepted, by target: nothing older takes its place unasked. */
  readonly accepted: Readonly<Record<string, string>>;
}

const EMPTY_STATE: SyncState = { holds: {}, accepted: {} };

/** The hold that is in force for a profile: one for another version was overruled by the operator's editor. */
export function holdOf(holds: Holds, profile: string, version: string): Hold | undefined {
  const hold = Object.hasOwn(holds, profile) ? holds[profile] : undefined;
  return hold?.version === version ? hold : undefined;
}

/** Whether a hold still stands against what the publisher offers now. */
export function stillHeld(hold: Hold, offered: Version): boolean {
  if (hold.until === 'unpinned') return true;
  const above = parseVersion(hold.above ?? '');
  return above !== undefined && compareVersions(offered, above) <= 0;
}

/** For people. */
export function holdText({ version, until, above }: Hold): string {
  return until === 'unpinned'
    ? `pinned to ${version} by \`pilotlight sync --pin\``
    : `rolled back to ${version}: held until something newer than ${above ?? version} is published`;
}

/** Reads state/sync.json; undefined for anything that is not what we write. */
export function parseState(text: string): SyncState | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (!isRecord(value) || !isRecord(value['holds']) || !isRecord(value['accepted'])) return undefined;
  const { holds, accepted } = value;
  if (!Object.values(holds).every(isHold) || !Object.values(accepted).every((one) => typeof one === 'string'))
    return undefined;
  return { holds: holds as Holds, accepted: accepted as Readonly<Record<string, string>> };
}

function isHold(value: unknown): value is Hold {
  if (!isRecord(value)) return false;
  const { version, until, above } = value;
  return (
    typeof version === 'string' &&
    (until === 'next' || until === 'unpinned') &&
    (above === undefined || typeof above === 'string')
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const STATE_FILE = 'state/sync.json';
const MAX_BYTES = 1024 * 1024;

/** What the last run left. A file that cannot be understood counts as empty, loudly, and stays where it is. */
export async function readState(root: DataRoot, log: Log): Promise<SyncState> {
  const text = await root.read(STATE_FILE, MAX_BYTES).then(
    ({ bytes }) => bytes.toString('utf8'),
    (error: unknown) => {
      if (error instanceof Failure && error.code === 'not-found') return undefined;
      throw error;
    },
  );
  if (text === undefined) return EMPTY_STATE;
  const state = parseState(text);
  if (state === undefined)
    log.error({ file: STATE_FILE }, 'the state of the sync is broken and counts as empty: holds and pins are lost');
  return state ?? EMPTY_STATE;
}

/** Under the lock only. What is broken is kept beside the new file, for a person to look at. */
export async function writeState(root: DataRoot, state: SyncState): Promise<void> {
  await makeFolder(root, 'state');
  const old = await root.read(STATE_FILE, MAX_BYTES).catch((error: unknown) => {
    if (error instanceof Failure && error.code === 'not-found') return undefined;
    throw error;
  });
  const text = `${JSON.stringify(state, undefined, 2)}\n`;
  if (old?.bytes.toString('utf8') === text) return;
  if (old !== undefined && parseState(old.bytes.toString('utf8')) === undefined)
    await replaceFile(root, `${STATE_FILE}.broken`, old.bytes);
  await replaceFile(root, STATE_FILE, text);
}

/** The folders below images/ that a profile boots from. Pure. */
export function shelvesOf(profile: Profile): readonly string[] {
  if (profile.system === 'custom') return [...customShelves(profile)];
  if (profile.version === '') return [];
  const shelf = systemOf(profile.system).shelf(profile);
  return shelf === undefined ? [] : [shelf];
}

function customShelves(profile: Profile): ReadonlySet<string> {
  const paths = [profile.kernel ?? '', ...profile.initrd.map(initrdPath)].filter(
    (path) => !path.includes('://') && path.includes('/'),
  );
  const folders = paths.map((path) => path.slice(0, path.lastIndexOf('/')));
  const version = profile.release?.['version'];
  return new Set([...folders, ...(typeof version === 'string' ? [`custom/${profile.name}/${version}`] : [])]);
}

/** Which profiles name a shelf. */
export function namedShelves(snapshot: Pick<Snapshot, 'profiles'>): ReadonlyMap<string, readonly string[]> {
  const named = new Map<string, readonly string[]>();
  for (const profile of snapshot.profiles.values())
    for (const shelf of shelvesOf(profile)) named.set(shelf, [...(named.get(shelf) ?? []), profile.name]);
  return named;
}

/** A file in profiles/ that cannot be read may name any release: then nothing is taken away. */
export function unreadableProfile(snapshot: Pick<Snapshot, 'problems'>): string | undefined {
  return snapshot.problems.find(({ severity, place }) => severity === 'error' && place.file.startsWith('profiles/'))
    ?.place.file;
}

/** The profile of that name. Throws Failure `not-found` that says which one was probably meant. */
export function profileNamed(snapshot: Pick<Snapshot, 'profiles' | 'problems'>, name: string): Profile {
  const profile = snapshot.profiles.get(name);
  if (profile !== undefined) return profile;
  const file = `profiles/${name}.json`;
  const broken = snapshot.problems.some(({ severity, place }) => severity === 'error' && place.file === file);
  if (broken) throw new Failure('broken', 'cannot be used', { place: { file }, remedy: 'see `pilotlight check`' });
  const near = nearest(name, snapshot.profiles.keys());
  throw new Failure(
    'not-found',
    `there is no profile "${name}"`,
    near === undefined ? {} : { remedy: `did you mean "${near}"?` },
  );
}

/** The state in which a profile has this hold, or none. */
export function withHold(state: SyncState, profile: string, hold: Hold | undefined): SyncState {
  const others = Object.entries(state.holds).filter(([name]) => name !== profile);
  return { ...state, holds: Object.fromEntries(hold === undefined ? others : [...others, [profile, hold]]) };
}
