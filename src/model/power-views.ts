import { Type as t } from '@sinclair/typebox';
import { POWER_ACTIONS } from './power.ts';
import { list, moment, oneOf, text, type View } from './schema.ts';

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
