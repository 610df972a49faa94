import type { DataRoot } from '../files/data-root.ts';
import { makeFolder } from '../files/publish.ts';
import { replaceFile } from '../files/replace.ts';
import { compareVersions, parseVersion, type Profile, type Version } from '../model/profile.ts';
import type { Log } from '../model/service.ts';

/** What the sync remembers between its runs: state/sync.json. Losing it loses holds, never the ability to boot. */
export interface SyncState {
  /** By profile. */
  readonly holds: Holds;
  /** The newest version that was ever accepted, by target: nothing older takes its place unasked. */
  readonly accepted: Readonly<Record<string, string>>;
}

export type Holds = Readonly<Record<string, Hold>>;

/** Why a profile does not follow its channel for now. It ends by itself when the profile names another version. */
export interface Hold {
  readonly version: string;
  /** `next`: until the publisher has something newer than `above`. `unpinned`: until the operator says so. */
  readonly until: 'next' | 'unpinned';
  readonly above?: string;
}

const FILE = 'state/sync.json';
const MAX_BYTES = 1024 * 1024;

/** What the last run left. A file that cannot be understood counts as empty, loudly, and stays where it is. */
export async function readState(root: DataRoot, log: Log): Promise<SyncState> {
  const bytes = await root.readIfThere(FILE, MAX_BYTES);
  const state = bytes === undefined ? { holds: {}, accepted: {} } : parseState(bytes.toString('utf8'));
  if (state !== undefined) return state;
  log.error({ file: FILE }, 'the state of the sync is broken and counts as empty: holds and pins are lost');
  return { holds: {}, accepted: {} };
}

/** Under the lock only. A broken file is kept beside the new one, for the operator. */
export async function writeState(root: DataRoot, state: SyncState): Promise<void> {
  await makeFolder(root, 'state');
  const old = (await root.readIfThere(FILE, MAX_BYTES))?.toString('utf8');
  const text = `${JSON.stringify(state, undefined, 2)}\n`;
  if (old === text) return;
  if (old !== undefined && parseState(old) === undefined) await replaceFile(root, `${FILE}.broken`, old);
  await replaceFile(root, FILE, text);
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
  return { holds: holds as Holds, accepted: accepted as SyncState['accepted'] };
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

/**
 * The hold that is in force for a profile: one for another version was overruled by the operator's editor. With
 * `offered`: only one that still holds against what the publisher offers now.
 */
export function holdOf(
  holds: Holds,
  { name, version }: Pick<Profile, 'name' | 'version'>,
  offered?: Version,
): Hold | undefined {
  const hold = Object.hasOwn(holds, name) ? holds[name] : undefined;
  if (hold?.version !== version) return undefined;
  if (offered === undefined || hold.until === 'unpinned') return hold;
  const above = parseVersion(hold.above ?? '');
  return above !== undefined && compareVersions(offered, above) <= 0 ? hold : undefined;
}

/** For people. */
export function holdText({ version, until, above }: Hold): string {
  return until === 'unpinned'
    ? `pinned to ${version} by \`pilotlight sync --pin\``
    : `rolled back to ${version}: held until something newer than ${above ?? version} is published`;
}

/** The state in which a profile has this hold, or none. */
export function withHold(state: SyncState, profile: string, hold: Hold | undefined): SyncState {
  const others = Object.entries(state.holds).filter(([name]) => name !== profile);
  return { ...state, holds: Object.fromEntries(hold === undefined ? others : [...others, [profile, hold]]) };
}
