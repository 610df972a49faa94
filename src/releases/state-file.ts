import { Failure } from '../model/failure.ts';
import type { Log } from '../model/log.ts';
import type { DataRoot } from '../files/data-root.ts';
import { makeFolder } from '../files/publish.ts';
import { replaceFile } from '../files/replace.ts';
import { EMPTY_STATE, parseState, type SyncState } from './holds.ts';

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
