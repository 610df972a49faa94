import { Failure } from '../model/failure.ts';
import type { Problem } from '../model/problem.ts';
import type { Profile } from '../model/profile.ts';
import { FEEDS } from '../os/feeds.ts';

/** A channel that the system's feed does not have: the release sync would find it out, at night. Nothing is fetched. */
export function channelAdvice({ system, channel, arch, file, raw }: Profile): readonly Problem[] {
  if (system === 'custom' || raw['channel'] === undefined) return [];
  try {
    FEEDS[system].start({ channel, arch, install: false });
    return [];
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'invalid') return [];
    const { remedy = 'see docs/releases.md' } = error;
    const message = `"${channel}": ${error.message}`;
    return [{ severity: 'warning', message, place: { file, key: 'channel' }, remedy }];
  }
}
