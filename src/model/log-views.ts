import { Type as t } from '@sinclair/typebox';
import type { MachineKey } from './machine.ts';
import { list, moment, ref, text, type View, whole } from './schema.ts';

/** A line that a machine logged, and what is known of who that is. */
export interface LogLine {
  readonly at: number;
  /** The sender's address. */
  readonly from: string;
  /** The machine whose network card has that address now, as far as this host can see. */
  readonly card?: MachineKey;
  /** Nodes of profiles that it may be where no machine used the address lately, the likeliest first. */
  readonly nodes?: readonly MachineKey[];
  /** 0 (emergency) to 7 (debug). */
  readonly severity?: number;
  readonly program?: string;
  readonly text: string;
}

/** A line that a machine logged (syslog). */
export const LogLineView = t.Object({
  id: whole('grows with each line'),
  at: moment('when it arrived'),
  from: text("the sender's address"),
  severity: t.Optional(whole('0 (emergency) to 7 (debug)')),
  program: t.Optional(text('what said it: `anna`, `kernel`')),
  text: text('printable, on one line; what is very long is cut'),
});
export type LogLineView = View<typeof LogLineView>;

export const LogPage = t.Object({
  lines: list(ref('LogLine', LogLineView), 'oldest first'),
  last: whole('give it back as `after` for the lines that come then'),
  off: t.Optional(text('why there are none, and what to do; absent while the server takes them')),
});
export type LogPage = View<typeof LogPage>;

export const DEFAULT_LOG_LIMIT = 200;

export const LogFilter = t.Object({
  after: t.Optional(whole('`last` of the answer before; the newest lines when absent', { minimum: 0 })),
  limit: t.Optional(whole(`how many; ${DEFAULT_LOG_LIMIT} when absent`, { minimum: 1, maximum: 5000 })),
});
export type LogQuery = View<typeof LogFilter> & { readonly limit: number };
