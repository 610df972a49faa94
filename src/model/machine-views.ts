import { Type as t } from '@sinclair/typebox';
import type { MachineKey } from './machine.ts';
import { POWER_ACTIONS } from './power.ts';
import { list, moment, oneOf, ref, text, type View, whole } from './schema.ts';

/** The machine that an operator named. */
export const NamedMachine = t.Object({ key: text(), name: t.Optional(text()) });
export type NamedMachine = View<typeof NamedMachine>;

/** What an operator may do with the power switch of a machine. */
export const PowerView = t.Object({
  by: text('`IPMI`, `Redfish`, `Wake-on-LAN`, `a command`, `a web request`'),
  does: list(oneOf(POWER_ACTIONS), 'what can be asked for'),
});
export type PowerView = View<typeof PowerView>;

/** A machine whose power was switched or asked for. */
export const PoweredMachine = t.Object({
  ...NamedMachine.properties,
  state: t.Optional(oneOf(['on', 'off'], 'what its power is now; absent where that cannot be known')),
  text: text('what was done, or what is, for people'),
});
export type PoweredMachine = View<typeof PoweredMachine>;

/** A machine that is being installed again with no hand on it. */
export const ReinstallingMachine = t.Object({
  ...PoweredMachine.properties,
  at: moment('when that began'),
  fromNetwork: t.Boolean({ description: 'its next boot was set to the network; false: its own boot order decides' }),
  restarted: t.Boolean({ description: 'false: it could only be switched on; a machine that was on goes on' }),
  until: oneOf(['installed', 'up'], 'the last report that it is expected to make'),
});
export type ReinstallingMachine = View<typeof ReinstallingMachine>;

/** What became of an address that DHCP gave out. */
const LEASE_STATES = ['in use', 'ended', 'released', 'resting'] as const;
export type LeaseState = (typeof LEASE_STATES)[number];

export const LeaseView = t.Object({
  address: text('an IPv4 or IPv6 address'),
  mac: text('the machine; of a resting address the card that was found there or refused it'),
  state: oneOf(LEASE_STATES, '`resting`: another machine was found to have it, and it is not given out'),
  at: moment('when it was given last'),
  until: moment('until when the machine may keep it, or it rests'),
  name: t.Optional(text('as the machine calls itself')),
  node: t.Optional(text('its name in a profile')),
  profile: t.Optional(text('the profile that names it')),
});
export type LeaseView = View<typeof LeaseView>;

export const LeasesView = t.Object({
  leases: list(ref('Lease', LeaseView), 'by address'),
  off: t.Optional(text('why no addresses are handed out, and what to do')),
});
export type LeasesView = View<typeof LeasesView>;

/** Components of the OpenAPI document. */
export const LEASE_COMPONENTS = { Lease: LeaseView };

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
