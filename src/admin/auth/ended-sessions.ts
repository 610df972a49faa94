import { Failure, failureLine } from '../../model/failure.ts';
import type { Log } from '../../model/service.ts';
import type { EndedBook, EndedSessions } from './sessions.ts';
import type { DataRoot } from '../../files/data-root.ts';
import { makeFolder } from '../../files/publish.ts';
import { replaceFile } from '../../files/replace.ts';

const FILE = 'state/ended-sessions.json';
/** A thousand of them are 50 KiB. */
const MAX_BYTES = 2 ** 20;

/**
 * Which sessions were logged out, for the next run of the server. Where that cannot be read, all sessions from before
 * this start count as logged out: a person logs in once more, and no session that was ended lives again.
 */
export async function openEndedSessions(files: DataRoot, log: Log, now: () => number): Promise<EndedBook> {
  let turn: Promise<void> = Promise.resolve();

  async function write(ended: EndedSessions): Promise<void> {
    try {
      await makeFolder(files, 'state');
      await replaceFile(files, FILE, `${JSON.stringify(Object.fromEntries(ended))}\n`, { mode: 0o600 });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const remedy = 'make state/ writable; until then, change the admin token to end a session for good';
      log.error({ problem: failureLine(error), remedy }, 'a logout is not kept: it holds until the server ends');
    }
  }

  function keep(ended: EndedSessions): Promise<void> {
    // One after the other, each with all of them: the last one wins.
    turn = turn
      .then(() => write(ended))
      .catch((error: unknown) => {
        log.error({ err: error }, 'a logout is not kept: it holds until the server ends');
      });
    return turn;
  }

  try {
    return { ended: await read(files), notBefore: 0, keep };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === 'not-found') return { ended: new Map(), notBefore: 0, keep };
    log.error({ problem: failureLine(error) }, 'which sessions were logged out is not known: all must log in again');
    return { ended: new Map(), notBefore: now(), keep };
  }
}

async function read(files: DataRoot): Promise<EndedSessions> {
  const { bytes } = await files.read(FILE, MAX_BYTES);
  const broken = new Failure('broken', 'is not a list of sessions', { place: { file: FILE }, remedy: 'remove it' });
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw broken;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw broken;
  const ended = new Map<string, number>();
  for (const [id, end] of Object.entries(value)) {
    if (typeof end !== 'number') throw broken;
    ended.set(id, end);
  }
  return ended;
}
