import type { Profile } from '../model/profile.ts';

/**
 * When a machine that got its boot script at `at` counts as failed unless it has phoned home, in milliseconds since 1970.
 * Undefined: never, its profile sets no `boot_timeout`.
 */
export function deadlineOf({ boot_timeout }: Pick<Profile, 'boot_timeout'>, at: number): number | undefined {
  return boot_timeout === undefined ? undefined : at + boot_timeout * 1000;
}
