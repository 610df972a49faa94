import { Failure, failureLine } from '../../model/failure.ts';
import type { Log } from '../../model/service.ts';
import type { EndedSessions, KeptSessions, OpenSession, SessionBook } from './sessions.ts';
import type { DataRoot } from '../../files/data-root.ts';
import { makeFolder } from '../../files/publish.ts';
import { replaceFile } from '../../files/replace.ts';

const FILE = 'state/sessions.json';
/** What earlier versions wrote: only those that were logged out. */
const OLD_FILE = 'state/ended-sessions.json';
/** A thousand of each are 400 KiB. */
const MAX_BYTES = 2 ** 20;

/**
 * Which sessions there are and which were logged out, for the next run of the server. Where that cannot be read, all sessions from before
 * this start count as logged out: a person logs in once more, and no session that was ended lives again.
 */
export async function openSessionBook(files: DataRoot, log: Log, now: () => number): Promise<SessionBook> {
  let turn: Promise<void> = Promise.resolve();

  async function write({ ended, open }: KeptSessions): Promise<void> {
    try {
      await makeFolder(files, 'state');
      await replaceFile(files, FILE, `${JSON.stringify({ ended: Object.fromEntries(ended), open })}\n`, {
        mode: 0o600,
      });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const remedy = 'make state/ writable; until then, change the admin token to end a session for good';
      log.error({ problem: failureLine(error), remedy }, 'a logout is not kept: it holds until the server ends');
    }
  }

  function keep(kept: KeptSessions): Promise<void> {
    // One after the other, each with all of them: the last one wins.
    turn = turn
      .then(() => write(kept))
      .catch((error: unknown) => {
        log.error({ err: error }, 'a logout is not kept: it holds until the server ends');
      });
    return turn;
  }

  try {
    return { ...(await read(files)), notBefore: 0, keep };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    log.error({ problem: failureLine(error) }, 'which sessions were logged out is not known: all must log in again');
    return { ended: new Map(), open: [], notBefore: now(), keep };
  }
}

/** None where there is no file. Throws Failure. */
async function read(files: DataRoot): Promise<KeptSessions> {
  const bytes = await files.readIfThere(FILE, MAX_BYTES);
  if (bytes !== undefined) {
    const value = parsed(bytes, FILE);
    return { ended: endedIn(value['ended'], FILE), open: openIn(value['open']) };
  }
  const old = await files.readIfThere(OLD_FILE, MAX_BYTES);
  return { ended: old === undefined ? new Map() : endedIn(parsed(old, OLD_FILE), OLD_FILE), open: [] };
}

function parsed(bytes: Buffer, file: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (isObject(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw broken(file);
}

function endedIn(value: unknown, file: string): EndedSessions {
  if (!isObject(value)) throw broken(file);
  return new Map(
    Object.entries(value).map(([id, end]) => {
      if (typeof end !== 'number') throw broken(file);
      return [id, end];
    }),
  );
}

/** For the list only: what is not as it was written is left out. */
function openIn(value: unknown): readonly OpenSession[] {
  return Array.isArray(value) ? (value as readonly unknown[]).filter(isOpen) : [];
}

function isOpen(value: unknown): value is OpenSession {
  if (!isObject(value) || typeof value['id'] !== 'string') return false;
  const isText = (key: string): boolean => value[key] === undefined || typeof value[key] === 'string';
  return (
    ['born', 'expires', 'seen'].every((key) => typeof value[key] === 'number') &&
    ['user', 'from', 'agent'].every(isText)
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function broken(file: string): Failure {
  return new Failure('broken', 'is not a list of sessions', { place: { file }, remedy: 'remove it' });
}
