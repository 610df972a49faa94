import type { DiffLine } from './file-views.ts';

/** What operators may do, the least first; each may do all that those before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** For people who choose one. */
export const ROLE_HELP: Readonly<Record<Role, string>> = {
  viewer: 'looks at everything and changes nothing',
  operator: 'adopts and reinstalls machines, edits profiles, syncs',
  admin: 'also adds, changes and removes users, uploads images',
};

export function includes(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** The lesser of two: what a token may that was made for less than its user. */
export function lesser(a: Role, b: Role): Role {
  return includes(a, b) ? b : a;
}

/** Who asks for something. */
export interface Actor {
  readonly role: Role;
  /** For people: `anna`, `anna (token ci)`, `admin token`. */
  readonly who: string;
  /** By what they were let in. */
  readonly by: 'admin token' | 'API token' | 'session';
  /** Undefined for the admin token, whose sessions included. */
  readonly user?: string | undefined;
  /** The id of their session, where they came by one. */
  readonly session?: string | undefined;
  /** Their address; undefined for a client that has left, and for a command on this host. */
  readonly from?: string | undefined;
}

/** What an operator changed, as it is written down. */
export interface Activity {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly who: string;
  readonly from?: string | undefined;
  /** The operation, in words: `adopt`, `save profile`. */
  readonly action: string;
  /** What it was done to: a machine's key, `profiles/workers.json`, a user. */
  readonly target?: string | undefined;
  /** One line for people. */
  readonly text: string;
  /** How files changed: a few lines around each change. Nothing secret is in it. */
  readonly diff?: readonly FileDiff[] | undefined;
}

export interface RecordedActivity extends Activity {
  /** Grows with time. */
  readonly id: number;
}

export interface ActivityQuery {
  /** A user, with its API tokens; `admin token`. */
  readonly who?: string | undefined;
  readonly action?: string | undefined;
  /** Part of who, where, what. */
  readonly text?: string | undefined;
  /** Milliseconds since 1970. */
  readonly since?: number | undefined;
  /** The id after which the page begins: older ones. */
  readonly after?: number | undefined;
  readonly limit: number;
}

export interface FileDiff {
  readonly file: string;
  readonly lines: readonly DiffLine[];
}
