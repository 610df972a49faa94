import type { Settings } from '../settings/settings.ts';
import type { CliContext, ExitCode } from './context.ts';

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
