import type { AdminDeps } from './deps.ts';

export type Change = 'machines' | 'profiles' | 'releases';
type Listener = (what: Change) => void;

/** Milliseconds between two calls for the same change. */
const APART = 250;
/** How often deliveries, which call nothing, are looked at. */
const LOOK = 1000;

type Deps = Pick<AdminDeps, 'catalog' | 'deliveries' | 'journal' | 'log' | 'rollouts' | 'sync'>;

export interface Changes {
  readonly onChange: (listener: Listener) => () => void;
  /** Something changed that is not seen from here. */
  readonly emit: (what: Change) => void;
}

/**
 * Says that pages may look different: at most four times a second for each word, and the last change is never lost.
 * Without a listener nothing runs.
 */
export function createChanges(deps: Deps): Changes {
  const { catalog, deliveries, journal, log, rollouts, sync } = deps;
  const listeners = new Set<Listener>();
  const waiting = new Map<Change, NodeJS.Timeout>();
  const told = new Map<Change, number>();
  let ends: (() => void)[] = [];

  function emit(what: Change): void {
    if (waiting.has(what)) return;
    const left = (told.get(what) ?? -Infinity) + APART - performance.now();
    waiting.set(
      what,
      setTimeout(
        () => {
          waiting.delete(what);
          told.set(what, performance.now());
          for (const listener of [...listeners]) call(listener, what);
        },
        Math.max(0, left),
      ).unref(),
    );
  }

  function call(listener: Listener, what: Change): void {
    try {
      listener(what);
    } catch (error) {
      log.error({ err: error }, 'a listener for changes failed');
    }
  }

  function begin(): void {
    const timer = setInterval(() => {
      if (deliveries.running().length > 0) emit('machines');
    }, LOOK).unref();
    ends = [
      journal.onWritten(() => {
        emit('machines');
      }),
      rollouts.onChange(() => {
        emit('releases');
      }),
      sync.progress.onStep(() => {
        emit('releases');
      }),
      catalog.onChange(() => {
        // The table of machines shows profiles, and the releases what keeps them.
        for (const what of ['profiles', 'machines', 'releases'] as const) emit(what);
      }),
      () => {
        clearInterval(timer);
      },
    ];
  }

  function end(): void {
    for (const one of ends.splice(0)) one();
    for (const timer of waiting.values()) clearTimeout(timer);
    waiting.clear();
  }

  return {
    emit(what) {
      if (listeners.size > 0) emit(what);
    },
    onChange(listener) {
      if (listeners.size === 0) begin();
      // The same function twice is two listeners.
      const mine: Listener = (what) => {
        listener(what);
      };
      listeners.add(mine);
      return () => {
        if (listeners.delete(mine) && listeners.size === 0) end();
      };
    },
  };
}
