import { EXIT, type CliContext, type ExitCode } from '../context.ts';

/** Another process holds the lock: nothing was done, and a script may try again later. */
export function busy(context: CliContext, message: string): ExitCode {
  context.stderr.write(`pilotlight: ${message}\n`);
  return EXIT.busy;
}
