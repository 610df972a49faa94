import type { AnswerEvent } from '../http/access-log.ts';
import type { InstallMarks } from '../machines/claims.ts';
import { Failure, failureLine } from '../model/failure.ts';
import { plainAddress } from '../model/machine.ts';
import type { Log, Service } from '../model/service.ts';
import type { RolloutService } from '../rollouts/rollouts.ts';
import type { TransferEvent } from '../tftp/transfer-event.ts';

export interface InstallFollowerOptions {
  readonly marks: Pick<InstallMarks, 'begun' | 'fetched'>;
  /** Counts machines that have a new release on board. */
  readonly rollouts?: Pick<RolloutService, 'fetched'>;
  readonly log: Log;
}

/** Sees by what the servers sent that an installation has begun, and marks it. Cheap for everything else. */
export interface InstallFollower {
  /** For every answer of the HTTP server. */
  answered(event: AnswerEvent): void;
  /** For every file over TFTP. */
  transferred(event: Pick<TransferEvent, 'client' | 'end' | 'file'>): void;
  /** Resolves when everything seen so far is marked, and on the disk or known not to get there for now. */
  settled(): Promise<void>;
}

const IMAGES = 'images/';

export function createInstallFollower({ marks, rollouts, log }: InstallFollowerOptions): InstallFollower {
  let work: Promise<unknown> = Promise.resolve();

  function mark(done: Promise<void>): void {
    const heard = done.catch((error: unknown) => {
      // That marks cannot be written is in the log already.
      const fields = error instanceof Failure ? { problem: failureLine(error) } : { err: error };
      log.error(fields, 'how far an installation is could not be marked');
    });
    work = Promise.all([work, heard]);
  }

  /** The last thing that the boot loader fetches is there: from here on the installer may touch the disk. */
  function fileSent(path: string, from: string | undefined): void {
    if (from === undefined) return;
    mark(marks.fetched(plainAddress(from), path));
    if (rollouts !== undefined) mark(rollouts.fetched(plainAddress(from), path));
  }

  return {
    answered({ kind, method, status, decision, from, path, complete }) {
      if (method !== 'GET') return;
      if (kind === 'image') {
        if (status === 200 && complete) fileSent(decodePath(path), from);
      } else if ((kind === 'document' || kind === 'nocloud') && (status === 200 || status === 304)) {
        if (decision?.identity !== undefined) mark(marks.begun(decision.identity));
      }
    },
    transferred({ client, end, file }) {
      if (end === 'done' && file.startsWith(IMAGES)) fileSent(file.slice(IMAGES.length), client);
    },
    async settled() {
      await work;
    },
  };
}

/** Below images/. What is not well encoded was no file. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path.replace(/^\/images\//, ''));
  } catch {
    return path;
  }
}

/** The marks have no life of their own; what is not on the disk yet is written at the end. */
export function installMarks(marks: Pick<InstallMarks, 'start' | 'close'>, follower: InstallFollower): Service {
  return {
    name: 'install marks',
    start: () => marks.start(),
    async stop() {
      await follower.settled();
      await marks.close();
    },
  };
}
