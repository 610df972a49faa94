import type { Log } from '../model/log.ts';
import type { Service } from '../model/service.ts';
import type { AnswerEvent } from '../http/answer-event.ts';
import { createBootRecord } from '../releases/boot-record.ts';
import { shelvesOf } from '../releases/in-use.ts';
import type { House } from '../context/app-context.ts';

const SAVE_MS = 30_000;

/** What needs files of a release. */
const BOOTS: ReadonlySet<string> = new Set(['boot', 'install']);

export interface BootWatch extends Service {
  /** For every answer of the HTTP door. */
  readonly answered: (event: Pick<AnswerEvent, 'decision'>) => void;
}

/** Remembers which releases nodes boot, so that retention does not take one away under them. */
export function createBootWatch({ files, catalog }: Pick<House, 'files' | 'catalog'>, log: Log): BootWatch {
  const record = createBootRecord(files, Date.now);
  let timer: NodeJS.Timeout | undefined;
  let saving: Promise<void> = Promise.resolve();

  function save(): void {
    saving = saving
      .then(() => record.save())
      .catch((error: unknown) => {
        log.warn({ err: error }, 'which releases are booted could not be written down');
      });
  }

  return {
    name: 'boot record',
    answered({ decision }) {
      if (decision?.profile === undefined || !BOOTS.has(decision.outcome)) return;
      const profile = catalog.current().profiles.get(decision.profile);
      if (profile !== undefined) for (const shelf of shelvesOf(profile)) record.booted(shelf);
    },
    start() {
      timer = setInterval(save, SAVE_MS);
      timer.unref();
      return Promise.resolve();
    },
    async stop() {
      clearInterval(timer);
      save();
      await saving;
    },
  };
}
