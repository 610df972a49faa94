import type { Match } from '../catalog/snapshot.ts';
import type { Life } from '../machines/life.ts';
import type { InstallMark } from '../machines/mark.ts';

/** Where a machine is in its life, as far as it decides what it gets. */
export type Standing =
  /** It boots its profile's image, each time. */
  | { readonly kind: 'boot' }
  /** Its own disk: its profile says so, or (with a mark) it is installed. */
  | { readonly kind: 'local'; readonly mark?: InstallMark | undefined }
  /** It says nothing of itself: it would be installed at each of its boots. */
  | { readonly kind: 'nameless' }
  /** Its profile installs: see docs/lifecycle.md. */
  | Life;

/** `life`: how far its installation is; undefined for a machine that says neither MAC, UUID nor serial number. */
export function standingOf({ profile }: Pick<Match, 'profile'>, life: () => Life | undefined): Standing {
  if (profile.boot === 'local') return { kind: 'local' };
  if (profile.install === undefined) return { kind: 'boot' };
  return life() ?? { kind: 'nameless' };
}
