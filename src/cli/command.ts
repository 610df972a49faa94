import type { ServerOptions } from '../server/server.ts';
import type { Settings } from '../settings/settings.ts';

/** Where a command writes: a process stream, or a string in a test. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Of a terminal. */
  readonly columns?: number;
  readonly rows?: number;
  /** A file descriptor, for the log. */
  readonly fd?: number;
}

/** Everything that a command gets from the world. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborts when the person asks to stop. */
  readonly stop: AbortSignal;
  /** Aborts when the person asks again. */
  readonly force: AbortSignal;
  /** How this program is started; absent where it is not a program (a test). */
  readonly self?: readonly string[];
  /** Opens the way to the program that started this one; undefined where that speaks no IPC. */
  readonly parent?: () => ParentChannel | undefined;
  /** Where faults arrive that nothing caught; absent in a test. */
  readonly faults?: ServerOptions['faults'];
  /** Asks for something that must not be seen, a password; absent in a test that has none. */
  readonly secret?: (what: string) => Promise<string>;
  /** Asks a person for a yes; absent where none sits at a terminal. */
  readonly confirm?: (question: string) => Promise<boolean>;
  /** Lets every other program on this host go first. */
  readonly stepBack?: () => void;
}

/** Exit codes are promises to scripts. 75 is sysexits.h' EX_TEMPFAIL: another sync holds the lock, try again later. */
export const EXIT = { ok: 0, failed: 1, usage: 2, busy: 75 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What the command line said, already read. */
export interface Invocation {
  readonly settings: Settings;
  readonly words: readonly string[];
  readonly text: (flag: string) => string | undefined;
  readonly has: (flag: string) => boolean;
  /** Writes the answer: the value for programs that said --json, else the text. */
  readonly print: (value: unknown, text: string) => ExitCode;
}

/** One word of the command line and what it does. */
export interface Command {
  readonly name: string;
  /** What follows the name, as commander spells it: `<PROFILE> [VERSION]`. */
  readonly words: string;
  /** One line. */
  readonly summary: string;
  readonly details: string;
  /** A flag as commander spells it (`-o, --output <FILE>`), and its help. */
  readonly options: Readonly<Record<string, string>>;
  /** Settings that are wrong do not keep it from its work: it is what people turn to then. */
  readonly anySettings?: true;
  run(invocation: Invocation, context: CliContext): Promise<ExitCode>;
}

/** A choice of ten words is told by the text below it: here it would be a line of 160 letters. */
export function shortWords(words: string): string {
  return words.replace(/<[a-z|-]{40,}>/, '<WHAT>');
}

/** The option of most commands. */
export const JSON_OPTION = { '--json': 'one JSON object on standard output' } as const;

/** Another process holds the lock: nothing was done, and a script may try again later. */
export function busy(stderr: Output, message: string): ExitCode {
  stderr.write(`pilotlight: ${message}\n`);
  return EXIT.busy;
}

/** The program that started this one, over Node's IPC channel. */
export interface ParentChannel {
  send(message: object): void;
  /** Aborts when the parent is gone: nothing would receive how it ends. */
  readonly gone: AbortSignal;
  /** Resolves when everything that was sent has left; afterwards the channel no longer keeps this process alive. */
  close(): Promise<void>;
}

/** Undefined where no program that speaks IPC started this one. */
export function parentChannel(own: NodeJS.Process): ParentChannel | undefined {
  if (own.send === undefined) return undefined;
  const gone = new AbortController();
  own.on('disconnect', () => {
    gone.abort();
  });
  let onTheWay = 0;
  let drained: (() => void) | undefined;
  return {
    gone: gone.signal,
    send(message) {
      if (!own.connected) return;
      onTheWay += 1;
      // With a callback a broken channel is no event that ends the process.
      own.send?.(message, undefined, undefined, () => {
        onTheWay -= 1;
        if (onTheWay === 0) drained?.();
      });
    },
    async close() {
      if (onTheWay > 0) await new Promise<void>((resolve) => (drained = resolve));
      if (own.connected) own.disconnect();
    },
  };
}
