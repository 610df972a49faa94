import { parseLabel, type MachineFacts } from '../model/facts.ts';
import type { Node } from '../model/profile.ts';

/** The keys of a node by which a machine can be known, most reliable first. */
export const IDENTITY_KEYS = ['mac', 'uuid', 'serial'] as const;
export type IdentityKey = (typeof IDENTITY_KEYS)[number];

/** What a machine or a node is known by, in the one spelling in which both compare. */
export function identityOf(of: Node | MachineFacts, key: IdentityKey): string | undefined {
  const value = of[key];
  return key === 'serial' && value !== undefined ? comparableSerial(value) : value;
}

/** Machines pass through `parseLabel`, so what a person wrote in a file must too; case differs between firmwares. */
export function comparableSerial(serial: string): string | undefined {
  return parseLabel(serial)?.toLowerCase();
}
