import type { DataRoot } from '../files/data-root.ts';
import { editFile } from '../files/edit-file.ts';
import { replaceFile } from '../files/replace.ts';
import { Failure } from '../model/failure.ts';
import { parseVersion } from '../model/profile.ts';
import { type Rollout, ROLLOUT_STATES, type RolloutMachine, type Rollouts } from '../model/rollout.ts';

/** Where rollouts are remembered, by profile. Losing it loses rollouts: all machines get the version in their files. */
const ROLLOUTS_FILE = 'state/rollouts.json';
/** Of some ten thousand machines. */
const MAX_BYTES = 64 * 2 ** 20;

export interface ReadRollouts {
  readonly rollouts: Rollouts;
  /** Why the file counts as empty. */
  readonly broken?: string;
}

/** A file that cannot be understood counts as empty: every machine gets the version in its profile's file. */
export async function readRollouts(files: DataRoot): Promise<ReadRollouts> {
  const bytes = await files.readIfThere(ROLLOUTS_FILE, MAX_BYTES);
  if (bytes === undefined) return { rollouts: new Map() };
  const rollouts = parseRollouts(bytes.toString('utf8'));
  if (rollouts !== undefined) return { rollouts };
  return { rollouts: new Map(), broken: `${ROLLOUTS_FILE} cannot be understood: no rollout is known` };
}

/**
 * Changes what is remembered, in one step for all processes: the server, its release sync, a command. Resolves with what
 * the file says then, when it is on the disk. A broken file is kept beside the new one.
 */
export async function changeRollouts(files: DataRoot, change: (rollouts: Rollouts) => Rollouts): Promise<Rollouts> {
  let after: Rollouts = new Map();
  const done = await editFile(files, ROLLOUTS_FILE, {
    maxBytes: MAX_BYTES,
    async change(bytes) {
      const text = bytes?.toString('utf8');
      const before = text === undefined ? new Map<string, Rollout>() : parseRollouts(text);
      after = change(before ?? new Map<string, Rollout>());
      if (after === before) return undefined;
      if (text !== undefined && before === undefined) await replaceFile(files, `${ROLLOUTS_FILE}.broken`, text);
      return Buffer.from(`${JSON.stringify(Object.fromEntries(after), undefined, 1)}\n`);
    },
  });
  if (done !== 'busy') return after;
  throw new Failure('conflict', 'was changed by another program each time', { place: { file: ROLLOUTS_FILE } });
}

/** Undefined for anything that is not what we write. */
function parseRollouts(text: string): Rollouts | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (!isRecord(value) || !Object.values(value).every(isRollout)) return undefined;
  return new Map(Object.entries(value as Record<string, Rollout>));
}

function isRollout(value: unknown): value is Rollout {
  if (!isRecord(value)) return false;
  const { from, to, state, stage, begun, since, ready, why, machines } = value;
  return (
    [from, to].every((one) => typeof one === 'string' && parseVersion(one) !== undefined) &&
    ROLLOUT_STATES.some((one) => one === state) &&
    [stage, begun, since].every((one) => typeof one === 'number') &&
    isOptional(ready, 'number') &&
    isOptional(why, 'string') &&
    isRecord(machines) &&
    Object.values(machines).every(isMachine)
  );
}

function isMachine(value: unknown): value is RolloutMachine {
  if (!isRecord(value)) return false;
  const { stage, asked, address, file, begun, deadline, up, failed, why } = value;
  return (
    [stage, asked].every((one) => typeof one === 'number') &&
    [address, file, why].every((one) => isOptional(one, 'string')) &&
    [deadline, up, failed].every((one) => isOptional(one, 'number')) &&
    (begun === undefined || begun === true)
  );
}

function isOptional(value: unknown, type: 'number' | 'string'): boolean {
  return value === undefined || typeof value === type;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
