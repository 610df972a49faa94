import { compareVersions, parseVersion, type Version } from '../model/version.ts';

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

export const EMPTY_STATE: SyncState = { holds: {}, accepted: {} };

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
