import type { Diagnostic } from '../model/failure.ts';
import type { Profile } from '../model/profile.ts';
import { type Rollout, stageName } from '../model/rollout.ts';

/** What became of it, for the log and the list of what was done. */
export function stepText({ state, stage, from, to }: Rollout, profile: Profile | undefined): string {
  const policy = profile?.rollout;
  const where = policy === undefined ? '' : `, ${stageName(stage, policy)}`;
  switch (state) {
    case 'running':
      return `${to} goes on${where}`;
    case 'paused':
      return `${to} is paused${where}`;
    case 'stopped':
      return `${to} is stopped${where}`;
    case 'rolled-back':
      return `${to} is rolled back${where}: all machines get ${from} again`;
    case 'aborted':
      return `${to} is aborted${where}: all machines get what the profile names`;
    case 'done':
      return `${to} is done: it is the version of the profile`;
  }
}

/** For the Health page. Nothing where the profile names another version by now, or is gone. */
export function problemOf({ state, from, to, why = '' }: Rollout, profile: Profile | undefined): readonly Diagnostic[] {
  if (profile?.version !== from) return [];
  const { name, file } = profile;
  const place = { file };
  if (state === 'stopped') {
    const remedy = `\`pilotlight rollout ${name} --resume\`, \`--promote\` or \`--abort\``;
    return [{ severity: 'warning', message: `the rollout of ${to} is stopped: ${why}`, place, remedy }];
  }
  if (state !== 'rolled-back') return [];
  const remedy = `the next release is rolled out anew; \`pilotlight rollout ${name} --to ${to}\` tries this one again`;
  return [{ severity: 'warning', message: `the rollout of ${to} was rolled back: ${why}`, place, remedy }];
}

export function lost(why: string): Diagnostic {
  return {
    severity: 'error',
    message: why,
    remedy: 'every machine gets the version in its profile; begin rollouts anew',
  };
}
