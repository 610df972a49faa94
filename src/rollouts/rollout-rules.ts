import { rolloutChoice } from '../catalog/rollout-choice.ts';
import { omitUndefined } from '../model/machine.ts';
import type { Profile } from '../model/profile.ts';
import { isOpen, type Rollout, type RolloutMachine, stageName, stagesOf } from '../model/rollout.ts';
import { durationText, plural } from '../model/text.ts';

// Every rule gives the same object back where it changes nothing. All times are milliseconds since 1970.

/** A machine that is told to boot the new version. */
export interface Leaving {
  readonly machine: string;
  readonly at: number;
  readonly stage: number;
  readonly address: string;
  readonly file: string | undefined;
  readonly deadline: number;
}

/** It was told to boot the new version. While it is on its way its time runs on: asking again does not lengthen it. */
export function leaves(rollout: Rollout, { machine, at, stage, address, file, deadline }: Leaving): Rollout {
  const known = machineOf(rollout, machine);
  if (known?.deadline !== undefined && known.address === address && known.file === file) return rollout;
  return withMachine(rollout, machine, {
    ...(known ?? { stage }),
    begun: undefined,
    asked: at,
    address,
    file,
    deadline: known?.deadline ?? deadline,
  });
}

/** What its boot loader fetches last has reached an address. */
export function fetched(rollout: Rollout, address: string, file: string): Rollout {
  const found = Object.entries(rollout.machines).find(
    ([, one]) => one.deadline !== undefined && one.begun !== true && one.address === address && one.file === file,
  );
  return found === undefined ? rollout : withMachine(rollout, found[0], { ...found[1], begun: true });
}

/** It asks what to boot. With the new version on board and not up, that version has failed on it. */
export function asks(rollout: Rollout, machine: string, address: string, at: number): Rollout {
  const known = machineOf(rollout, machine);
  if (known?.begun !== true || known.deadline === undefined || known.address !== address) return rollout;
  return withFailure(rollout, machine, at, 'was back at its boot script before it phoned home');
}

/** It phoned home, or its installation is reported as done. */
export function isUp(rollout: Rollout, machine: string, at: number): Rollout {
  const known = machineOf(rollout, machine);
  if (known === undefined || (known.deadline === undefined && known.up !== undefined)) return rollout;
  return withMachine(rollout, machine, { ...known, deadline: undefined, begun: undefined, up: at });
}

/** Reports are repeated every few seconds: so long those that met no server have time to come again. */
export const GRACE_MS = 120_000;

/** Machines that are on their way when a server starts, or its clock jumps: their reports may have met none. */
export function afterRestart(rollout: Rollout, until: number): Rollout {
  const late = Object.entries(rollout.machines).filter(
    ([, { deadline }]) => deadline !== undefined && deadline < until,
  );
  return late.reduce((all, [name, one]) => withMachine(all, name, { ...one, deadline: until }), rollout);
}

/**
 * What follows from the time and from what is known: machines whose time is over have failed, too many of them stop it, and
 * a stage that has been good for long enough opens the next. `finish`: the last one was good, so the version is everyone's.
 */
export function advance(
  rollout: Rollout,
  profile: Profile,
  now: number,
): { readonly rollout: Rollout; readonly finish?: true } {
  if (!isOpen(rollout)) return { rollout };
  const overruled = overruledBy(rollout, profile, now);
  if (overruled !== undefined) return { rollout: overruled };
  const policy = profile.rollout;
  if (policy === undefined) return { rollout };
  const inTime = notTooFar(rollout, profile, now);
  const late = Object.entries(inTime.machines).filter(([, { deadline }]) => deadline !== undefined && deadline <= now);
  const after = (profile.boot_timeout ?? 0) * 1000;
  const counted = late.reduce(
    (all, [name, one]) =>
      isOf(profile, name)
        ? withFailure(all, name, now, `did not phone home within ${durationText(after)}`)
        : withMachine(all, name, { ...one, deadline: undefined, begun: undefined }),
    inTime,
  );
  if (counted.state === 'stopped') return { rollout: counted };
  const failures = failuresOf(counted);
  if (failures.length > policy.tolerate) return { rollout: stopped(counted, failures, profile, now) };
  if (lacks(counted, profile) !== undefined) return { rollout: without(counted, 'ready') };
  const ready = counted.ready === undefined ? { ...counted, ready: now } : counted;
  if (ready.state !== 'running' || now < (ready.ready ?? now) + policy.soak * 1000) return { rollout: ready };
  return promoted(ready, profile, now);
}

/** What an operator took out while it was on its way says nothing of the version. */
function isOf(profile: Profile, machine: string): boolean {
  return profile.default || profile.nodes.some(({ name }) => name === machine);
}

/** Opens the next stage; after the last one it is over. */
export function promoted(
  rollout: Rollout,
  profile: Profile,
  now: number,
): { readonly rollout: Rollout; readonly finish?: true } {
  const last = profile.rollout === undefined ? 0 : stagesOf(profile.rollout) - 1;
  if (rollout.stage >= last) return { rollout, finish: true };
  const opened = {
    ...without(rollout, 'ready', 'why'),
    state: 'running' as const,
    stage: rollout.stage + 1,
    since: now,
  };
  return { rollout: opened };
}

/** The next moment in which something follows by itself; undefined when nothing does. */
export function nextMoment(rollout: Rollout, profile: Profile | undefined): number | undefined {
  if (!isOpen(rollout) || profile?.rollout === undefined) return undefined;
  const moments = Object.values(rollout.machines).flatMap(({ deadline }) => deadline ?? []);
  if (rollout.ready !== undefined && rollout.state === 'running')
    moments.push(rollout.ready + profile.rollout.soak * 1000);
  return moments.length === 0 ? undefined : Math.min(...moments);
}

/** Who failed, as far as no operator said that it shall not count. */
export function failuresOf({ machines }: Rollout): readonly (readonly [name: string, machine: RolloutMachine])[] {
  return Object.entries(machines).filter(([, { failed }]) => failed !== undefined);
}

/** What is waited for before the next stage may open, for people; undefined when the stage that is open is good. */
export function lacks(rollout: Rollout, profile: Profile): string | undefined {
  const choice = rolloutChoice(profile, rollout);
  if (choice === undefined) return 'its profile does not say so any more';
  const { policy, stageOf } = choice;
  // There may be fewer waves by now.
  const open = Math.min(rollout.stage, stagesOf(policy) - 1);
  const members = profile.nodes.filter(({ name }) => stageOf(name) === open).map(({ name }) => name);
  if (open === 0) {
    const absent = members.filter((name) => machineOf(rollout, name)?.up === undefined);
    return absent.length === 0 ? undefined : `${few(absent)} must phone home with it first`;
  }
  const booted = Object.values(rollout.machines).filter(({ stage }) => stage === open);
  const up = booted.filter((one) => one.up !== undefined).length;
  // Rounding may leave a wave without machines of its own: nothing could be learnt from it.
  if (booted.length === 0 && members.length === 0 && !profile.default) return undefined;
  if (booted.length === 0) return 'no machine of this wave has booted it yet';
  if (up > 0 && up * 100 >= booted.length * policy.need) return undefined;
  return `${up} of ${booted.length} machines of this wave that booted it are up, and ${policy.need}% must be`;
}

function few(names: readonly string[]): string {
  const [most, more] = [names.slice(0, 5), names.length - 5];
  return more > 0 ? `${most.join(', ')} and ${more} more` : most.join(', ');
}

/** Where the clock was set back nothing is waited for longer than when it began. */
function notTooFar(rollout: Rollout, { boot_timeout = 0 }: Profile, now: number): Rollout {
  const most = now + Math.max(boot_timeout * 1000, GRACE_MS);
  const far = Object.entries(rollout.machines).filter(([, { deadline = 0 }]) => deadline > most);
  const near = far.reduce((all, [name, one]) => withMachine(all, name, { ...one, deadline: most }), rollout);
  return (near.ready ?? now) > now ? { ...near, ready: now } : near;
}

function overruledBy(rollout: Rollout, profile: Profile, now: number): Rollout | undefined {
  if (profile.version === rollout.to) return ended(rollout, 'done', now);
  if (profile.version !== rollout.from)
    return ended(rollout, 'aborted', now, `${profile.file} names ${profile.version || 'no version'} by now`);
  if (profile.rollout === undefined) return ended(rollout, 'aborted', now, `${profile.file} has no "rollout" any more`);
  return undefined;
}

function stopped(
  rollout: Rollout,
  failures: readonly (readonly [string, RolloutMachine])[],
  { rollout: policy }: Profile,
  now: number,
): Rollout {
  const named = failures.slice(0, 3).map(([name, { why }]) => `${name} ${why ?? 'failed'}`);
  const more = failures.length > named.length ? ` and ${plural(failures.length - named.length, 'more')}` : '';
  const where = policy === undefined ? '' : ` (${stageName(rollout.stage, policy)})`;
  const why = `${plural(failures.length, 'failure')}${where}: ${named.join('; ')}${more}`;
  if (policy?.on_failure === 'stop') return { ...without(rollout, 'ready'), state: 'stopped', since: now, why };
  return { ...ended(rollout, 'rolled-back', now, why), unheld: true };
}

/** Nothing is waited for any more, and everyone gets the version in the file. */
export function ended(rollout: Rollout, state: 'aborted' | 'done' | 'rolled-back', now: number, why?: string): Rollout {
  return { ...without(rollout, 'ready', 'why'), state, since: now, ...(why === undefined ? {} : { why }) };
}

function withFailure(rollout: Rollout, machine: string, at: number, why: string): Rollout {
  const known = machineOf(rollout, machine);
  if (known === undefined) return rollout;
  return withMachine(rollout, machine, { ...known, deadline: undefined, begun: undefined, failed: at, why });
}

function machineOf({ machines }: Rollout, machine: string): RolloutMachine | undefined {
  return Object.hasOwn(machines, machine) ? machines[machine] : undefined;
}

function withMachine(rollout: Rollout, name: string, machine: RolloutMachine): Rollout {
  return { ...rollout, machines: { ...rollout.machines, [name]: omitUndefined(machine) } };
}

function without(rollout: Rollout, ...keys: readonly ('ready' | 'why')[]): Rollout {
  if (keys.every((key) => rollout[key] === undefined)) return rollout;
  return omitUndefined({ ...rollout, ...Object.fromEntries(keys.map((key) => [key, undefined])) });
}
