import { Failure } from '../model/failure.ts';
import type { SyncEnd, SyncSteps } from '../model/views.ts';
import type { SyncEvent } from '../model/sync-event.ts';

/** How long a question waits for the next step: less than most proxies' patience. */
const PATIENCE_MS = 10_000;

/** What the newest run of the sync tells, for the commands that follow it. */
export interface RunBook {
  /** A run begins, and the one before is forgotten. Its number is the moment, or a later one: each has its own. */
  begin(at: number): {
    readonly run: number;
    readonly tell: (event: SyncEvent) => void;
    readonly end: (how: SyncEnd) => void;
  };
  readonly newest: () => number | undefined;
  /** The steps after `after`; waits for one where there is none. Throws Failure `not-found` for another run. */
  read(run: number, after: number): Promise<SyncSteps>;
}

interface Page {
  readonly run: number;
  /** Of a download only the last word: how far it is. */
  readonly steps: Map<string, { readonly id: number; readonly event: SyncEvent }>;
  last: number;
  end?: SyncEnd;
  readonly waiting: Set<() => void>;
}

export function createRunBook(patience = PATIENCE_MS): RunBook {
  let page: Page | undefined;

  function wake({ waiting }: Page): void {
    for (const one of waiting) one();
    waiting.clear();
  }

  async function news({ waiting }: Page): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, patience);
      timer.unref();
      function done(): void {
        clearTimeout(timer);
        waiting.delete(done);
        resolve();
      }
      waiting.add(done);
    });
  }

  return {
    newest: () => page?.run,
    begin(at) {
      const mine: Page = { run: Math.max(at, (page?.run ?? 0) + 1), steps: new Map(), last: 0, waiting: new Set() };
      page = mine;
      return {
        run: mine.run,
        tell(event) {
          const id = ++mine.last;
          const key = event.kind === 'download' ? `${event.target} ${event.file}` : String(id);
          mine.steps.delete(key);
          mine.steps.set(key, { id, event });
          wake(mine);
        },
        end(how) {
          mine.end ??= how;
          wake(mine);
        },
      };
    },
    async read(run, after) {
      const mine = page;
      if (mine?.run !== run) {
        throw new Failure('not-found', 'this is not the newest run of the release sync', {
          remedy: 'the Releases page and GET /api/v1/releases show the older ones',
        });
      }
      if (mine.last <= after && mine.end === undefined) await news(mine);
      const { last, end } = mine;
      const steps = [...mine.steps.values()].flatMap(({ id, event }) => (id > after ? [event] : []));
      return { steps, last, end };
    },
  };
}
