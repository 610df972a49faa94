import { Type as t } from '@sinclair/typebox';
import { list, moment, oneOf, ref, text, type View } from './schema.ts';

/** What became of an address that DHCP gave out. */
export const LEASE_STATES = ['in use', 'ended', 'released', 'resting'] as const;
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
