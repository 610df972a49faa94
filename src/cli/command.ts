import type { ServerOptions } from '../server/server.ts';
import type { Settings } from '../settings/settings.ts';
import type { ParentChannel } from './parent-channel.ts';

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
  /** Lets everybody else on this machine go first. */
  readonly stepBack?: () => void;
}

/** Exit codes are promises to scripts. 75 is sysexits.h' EX_TEMPFAIL: another sync holds the lock, try again later. */
export const EXIT = { ok: 0, failed: 1, usage: 2, busy: 75 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A flag that one command has beside the settings' flags. */
export interface FlagRow {
  readonly flag: string;
  /** One letter that means the same: `-o FILE`. */
  readonly short?: string;
  readonly type: 'string' | 'boolean';
  /** What stands for the value in `--help`; absent for booleans. */
  readonly value?: string;
  readonly help: string;
}

/** What the command line said, already read. */
export interface Invocation {
  readonly settings: Settings;
  /** What looks like a mistake in the settings. */
  readonly warnings: readonly string[];
  readonly words: readonly string[];
  readonly text: (flag: string) => string | undefined;
  readonly has: (flag: string) => boolean;
}

/** One word of the command line and what it does. */
export interface Command {
  readonly name: string;
  /** What follows the name: `script|config|args`. */
  readonly usage: string;
  /** One line. */
  readonly summary: string;
  readonly details: string;
  readonly flags: readonly FlagRow[];
  /** How many words may follow the name. */
  readonly words: { readonly min: number; readonly max: number };
  run(invocation: Invocation, context: CliContext): Promise<ExitCode>;
}
