import type { InstallMark, InstallTarget, Asker, Claim, RefusedReport } from './mark.ts';
import { isOnceInstall, isPending, isSameAsker, isTarget, triesOf } from './mark.ts';
import type { Likeness, Related } from './mark-index.ts';

/** What a machine gets whose profile installs. Times are milliseconds. */
export type Life =
  /** Its installer. `attempt`: which one of `limit` this would be. `again`: it holds the claim already. */
  | {
      readonly kind: 'install';
      readonly target: InstallTarget;
      readonly attempt: number;
      readonly limit: number;
      readonly again?: boolean;
      /** Once it is claimed: of which installation the machine's tokens are. Absent where they are asked for by none. */
      readonly tokens?: number;
    }
  /** Its own disk: it is installed, or the installer of another profile left for it once. */
  | { readonly kind: 'local'; readonly mark: InstallMark }
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
  /** A report of it did not count, and may have been its own: it waits for an operator, and is not installed again. */
  | { readonly kind: 'refused'; readonly report: RefusedReport }
  /** Its installer left for another address or another of its network cards, and has not begun. */
  | { readonly kind: 'claimed'; readonly mark: InstallMark; readonly claim: Claim }
  /** It looks like a machine that is known under another name: which, and by what. */
  | { readonly kind: 'alike'; readonly mark: InstallMark; readonly by: Likeness }
  /** How far its installation is cannot be known, or could not be written down. */
  | { readonly kind: 'unknown'; readonly why: string; readonly damaged?: boolean };

export interface LifeInput {
  readonly related: Related;
  readonly target: InstallTarget;
  /** Absent where it is only looked at what the machine would get. */
  readonly asker?: Asker | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How many installations may begin without a report. */
  readonly limit: number;
  /** It is not its own profile that it asks for (see `OnceBoot`). */
  readonly once?: 'pending' | 'used' | undefined;
  /** Why no installer may leave at all. */
  readonly trouble?: string | undefined;
}

/** A screen that is gone at once cannot be read: a machine that fails early is not installed again before this. */
export const REST_MS = 60_000;

/** The table of docs/lifecycle.md, column "asks for a script". Pure: who asks is not written down here. */
export function lifeOf(input: LifeInput): Life {
  const life = lifeInOrder(input);
  return life.kind === 'install' && input.trouble !== undefined ? { kind: 'unknown', why: input.trouble } : life;
}

function lifeInOrder({ related: { own, conflict, other }, target, asker, now, limit, once }: LifeInput): Life {
  if (own?.broken !== undefined) return { kind: 'unknown', why: own.broken, damaged: true };
  const go = once === 'pending' || own?.state === 'erase-pending';
  if (own?.state === 'installed' && !go) return { kind: 'local', mark: own };
  if (own !== undefined && conflict) return { kind: 'alike', mark: own, by: 'nic' };
  const install = (attempt: number, again = false): Life => {
    return { kind: 'install', target, attempt, limit, ...(again ? { again } : {}) };
  };
  if (go) {
    // An operator's go is for this machine whatever it looks like, but never for two installers at a time.
    const busy = other?.mark.state === 'claimed' || other?.mark.state === 'installing';
    return other !== undefined && busy ? { kind: 'alike', ...other } : install(1);
  }
  if (own === undefined || own.state === 'seen') return other === undefined ? install(1) : { kind: 'alike', ...other };
  if (own.refused !== undefined) return { kind: 'refused', report: own.refused };
  if (once === undefined && isOnceInstall(own)) return { kind: 'local', mark: own };
  const open = own.state === 'claimed' || isPending(own, now);
  if (open && own.claim !== undefined && !isSameAsker(own.claim, asker)) {
    return { kind: 'claimed', mark: own, claim: own.claim };
  }
  const tries = triesOf(own, target, now);
  if (tries >= limit) return { kind: 'stopped', tries };
  if (open) return install(tries + 1, own.claim !== undefined && isTarget(own, target));
  const begun = tries === 0 ? undefined : own.begun;
  // A time to come is not this installation's, or a clock was set back: nothing to wait for.
  if (begun !== undefined && begun <= now && now - begun < REST_MS) {
    return { kind: 'unfinished', begun, ago: now - begun, attempt: tries, limit };
  }
  return install(tries + 1);
}
