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
