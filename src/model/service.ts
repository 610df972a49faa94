import { fileURLToPath } from 'node:url';

/** Work by name: one after the other within a name, side by side otherwise. */
export class KeyedMutex {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Runs when everything that came before it under this name is over, however that ended. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(name);
    const mine = before === undefined ? work() : before.then(work, work);
    this.#tails.set(name, mine);
    try {
      return await mine;
    } finally {
      if (this.#tails.get(name) === mine) this.#tails.delete(name);
    }
  }
}

/** A static message plus fields; never secrets, never unbounded text from a request. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The only logger that rooms below `app` know. src/observe makes it. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** Says nothing: for tests and for commands whose output is something else. */
export const SILENT: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // on purpose
}

/** Something with a life. Constructors do nothing; `start` and `stop` do. `stop` is safe after a half start, and twice. */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  /** Resolves when everything is released. When `force` aborts, what is still running is cut. */
  stop(force: AbortSignal): Promise<void>;
}

/**
 * `work` as an event listener or a timer's callback. What a listener throws ends the whole process, or keeps the event
 * from those who listen after it: here it is logged as what it is, a bug, and everything else goes on.
 */
export function listener<Args extends readonly unknown[]>(
  log: Pick<Log, 'error'>,
  what: string,
  work: (...args: Args) => void,
): (...args: Args) => void {
  return (...args) => {
    try {
      work(...args);
    } catch (error) {
      log.error({ listener: what, err: error }, 'an event listener failed');
    }
  };
}

/** Does `work` every `ms` milliseconds from `start` on, never twice at once; what it throws goes to `failed`. */
export function createRepeater(ms: number, work: () => Promise<void>, failed: (error: unknown) => void) {
  let timer: NodeJS.Timeout | undefined;
  let turn: Promise<void> | undefined;
  return {
    start(): void {
      timer = setInterval(() => {
        turn ??= work()
          .catch(failed)
          .finally(() => {
            turn = undefined;
          });
      }, ms).unref();
    },
    /** Resolves when the turn under way is over. */
    async stop(): Promise<void> {
      clearInterval(timer);
      await turn;
    },
  };
}

/**
 * The program of a thread, a neighbour of the file at `importer`. From its source, as developers and tests run it: Node 20
 * loads TypeScript only through hooks, and those of a preloaded module reach a thread for require() alone. Compiled, the
 * file is loaded as it is.
 */
export function threadFile(importer: string, name: string): URL {
  if (!importer.endsWith('.ts')) return new URL(`./${name}.js`, importer);
  const file = new URL(`./${name}.ts`, importer);
  const from = JSON.stringify(file);
  const program = `import { createRequire } from 'node:module'; createRequire(${from})(${JSON.stringify(fileURLToPath(file))});`;
  return new URL(`data:text/javascript,${encodeURIComponent(program)}`);
}
