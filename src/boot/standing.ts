import type { Match } from '../catalog/snapshot.ts';
import { triesOf, type InstallMark, type InstallTarget } from '../machines/mark.ts';

/** Where a machine is in its life, as far as it decides what it gets. Times are milliseconds. */
export type Standing =
  /** It boots its profile's image, each time. */
  | { readonly kind: 'boot' }
  /** It gets its installer. `attempt`: which one of `limit` this would be. */
  | { readonly kind: 'install'; readonly target: InstallTarget; readonly attempt: number; readonly limit: number }
  /** Its own disk: its profile says so, or (with a mark) it is installed. */
  | { readonly kind: 'local'; readonly mark?: InstallMark }
  /** It is back within a minute of an installation that had begun: it is told so, and gets its installer after that. */
  | {
      readonly kind: 'unfinished';
      readonly begun: number;
      readonly ago: number;
      readonly attempt: number;
      readonly limit: number;
    }
  /** As many installations began as may, and none was reported as finished: it waits for an operator. */
  | { readonly kind: 'stopped'; readonly tries: number }
  /** It says nothing of itself: it would be installed at each of its boots. */
  | { readonly kind: 'nameless' };

export interface StandingInput {
  readonly match: Pick<Match, 'profile'>;
  /** False for a machine that says neither MAC, UUID nor serial number. */
  readonly named: boolean;
  readonly mark: InstallMark | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How many installations may begin without a report. */
  readonly limit: number;
}

/** Nobody can look at a screen that is gone at once: a machine that fails early is not installed again before this. */
export const REST_MS = 60_000;

export function standingOf({ match: { profile }, named, mark, now, limit }: StandingInput): Standing {
  if (profile.boot === 'local') return { kind: 'local' };
  if (profile.install === undefined) return { kind: 'boot' };
  if (!named) return { kind: 'nameless' };
  if (mark?.state === 'installed') return { kind: 'local', mark };
  const target = { profile: profile.name, disk: profile.install.disk };
  const tries = triesOf(mark, target, now);
  if (tries >= limit) return { kind: 'stopped', tries };
  const begun = tries === 0 ? undefined : mark?.begun;
  // A time to come is not this installation's, or a clock was set back: nothing to wait for.
  if (begun !== undefined && begun <= now && now - begun < REST_MS) {
    return { kind: 'unfinished', begun, ago: now - begun, attempt: tries, limit };
  }
  return { kind: 'install', target, attempt: tries + 1, limit };
}
