import type { LivingCatalog } from '../catalog/catalog.ts';
import { setVersion } from '../catalog/edit-profile.ts';
import type { DataRoot } from '../files/data-root.ts';
import { asFailure, type Diagnostic, Failure, failureLine } from '../model/failure.ts';
import { parseVersion, type Profile } from '../model/profile.ts';
import { isOpen, type Rollout, type RolloutAction, type Rollouts, type RolloutWatch } from '../model/rollout.ts';
import type { Log, Service } from '../model/service.ts';
import { acted, beginning } from './rollout-actions.ts';
import { readRollouts } from './rollout-file.ts';
import { createRolloutQueue } from './rollout-queue.ts';
import { advance, afterRestart, asks, ended, fetched, GRACE_MS, isUp, leaves, nextMoment } from './rollout-rules.ts';
import { lost, problemOf, stepText } from './rollout-texts.ts';

export interface RolloutsOptions {
  readonly files: DataRoot;
  readonly catalog: Pick<LivingCatalog, 'current' | 'follow' | 'onChange' | 'refresh'>;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds that no setting of the clock changes. */
  readonly elapsed: () => number;
}

export interface RolloutService extends Service, RolloutWatch {
  /** As they are remembered now. */
  all(): Rollouts;
  /** A file below images/ went to an address, whole. */
  fetched(address: string, file: string): Promise<void>;
  /** The machine phoned home. Resolves when that is on the disk. */
  up(profile: string, machine: string): Promise<void>;
  /** Begins one. Throws Failure `conflict` where another is not over. */
  begin(profile: Profile, to: string): Promise<void>;
  act(profile: Profile, action: RolloutAction): Promise<void>;
  /** Another process changed the file: the release sync. */
  reload(): Promise<void>;
  /** Does what the time brings. */
  look(): Promise<void>;
  /** Called after each change; returns what ends it. */
  onChange(listener: () => void): () => void;
  /** Called when one begins, opens a wave, stops or ends; returns what ends it. */
  onStep(listener: (step: RolloutStep) => void): () => void;
  diagnostics(): readonly Diagnostic[];
}

export interface RolloutStep {
  readonly profile: string;
  readonly rollout: Rollout;
  /** For people. */
  readonly text: string;
  /** An operator decided so. */
  readonly wanted: boolean;
}

/** No deadline passes before it without a look. */
const LOOK_MS = 30_000;
const RETRY_MS = 5000;
/** The clock was set, or this host slept. */
const JUMP_MS = 10_000;

/**
 * Which machines get a release first, and whether it stops: counts what the boot service and reports tell, moves on by the
 * clock, and writes the version into the profile at the end. Every change is on the disk before it is in force.
 */
export function createRollouts({ files, catalog, log, now, elapsed }: RolloutsOptions): RolloutService {
  let rollouts: Rollouts = new Map();
  let broken: string | undefined;
  let looking: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let end: (() => void) | undefined;
  let again = false;
  let stopped = true;
  const listeners = new Set<() => void>();
  const steps = new Set<(step: RolloutStep) => void>();
  const finishing = new Set<string>();
  /** Of which an operator is deciding. */
  const deciding = new Set<string>();
  /** Since when profiles with an open rollout are not there, by `elapsed`. */
  const missing = new Map<string, number>();
  /** The addresses of machines that are on their way, of all rollouts: most files go to others. */
  let onTheWay: ReadonlySet<string> = new Set();
  let jumps = now() - elapsed();
  const queue = createRolloutQueue(files, (after) => {
    broken = undefined;
    follow(after);
  });

  function follow(after: Rollouts): void {
    const before = rollouts;
    rollouts = after;
    onTheWay = addressesOf(after);
    catalog.follow(after);
    for (const [name, rollout] of after) {
      const known = before.get(name);
      const isStep = known?.begun !== rollout.begun || known.state !== rollout.state || known.stage !== rollout.stage;
      if (isStep && !stopped) step(name, rollout);
    }
    for (const listener of listeners) listener();
    plan();
  }

  function step(name: string, rollout: Rollout): void {
    const text = stepText(rollout, catalog.current().profiles.get(name));
    const { from, to, state, why } = rollout;
    const failed = state === 'stopped' || state === 'rolled-back';
    log[failed ? 'warn' : 'info'](
      { profile: name, from, to, ...(why === undefined ? {} : { why }) },
      `rollout: ${text}`,
    );
    for (const listener of steps) listener({ profile: name, rollout, text, wanted: deciding.has(name) });
  }

  /** Of one profile. Gives whether anything changed. */
  async function changeOne(name: string, work: (rollout: Rollout) => Rollout): Promise<boolean> {
    let changed = false;
    await queue.change((all) => {
      const before = all.get(name);
      const after = before === undefined || !isOpen(before) ? before : work(before);
      changed = after !== before;
      return after === undefined || after === before ? all : new Map([...all, [name, after]]);
    });
    return changed;
  }

  async function decided({ name }: Profile, work: () => Promise<void>): Promise<void> {
    deciding.add(name);
    try {
      await work();
    } finally {
      deciding.delete(name);
    }
  }

  const openOf = (name: string): Rollout | undefined => {
    const rollout = rollouts.get(name);
    return rollout !== undefined && isOpen(rollout) ? rollout : undefined;
  };

  /** Looked at twice: most often nothing is due, and then nothing is written. */
  function due(all: Rollouts): { readonly rollouts: Rollouts; readonly finish: readonly string[] } {
    const finish: string[] = [];
    const { profiles } = catalog.current();
    let after = all;
    for (const [name, rollout] of all) {
      const profile = profiles.get(name);
      const next =
        profile === undefined ? { rollout: withoutProfile(name, rollout) } : advance(rollout, profile, now());
      if ('finish' in next) finish.push(name);
      if (next.rollout !== rollout) after = new Map([...after, [name, next.rollout]]);
    }
    return { rollouts: after, finish };
  }

  /** An editor that saves may take the file away for a moment, and one that cannot be read is not gone. */
  function withoutProfile(name: string, rollout: Rollout): Rollout {
    const { problems } = catalog.current();
    const file = `profiles/${name}.json`;
    const isUnread = problems.some(
      ({ severity, place }) => severity === 'error' && ['profiles', file].includes(place.file),
    );
    if (isUnread || !isOpen(rollout)) return rollout;
    const since = missing.get(name) ?? elapsed();
    missing.set(name, since);
    return elapsed() - since < LOOK_MS ? rollout : ended(rollout, 'aborted', now(), `${file} is gone`);
  }

  async function look(): Promise<void> {
    for (const name of missing.keys()) if (catalog.current().profiles.has(name)) missing.delete(name);
    const jump = now() - elapsed() - jumps;
    jumps += jump;
    if (jump > JUMP_MS) await giveGrace();
    while (due(rollouts).rollouts !== rollouts) await queue.change((all) => due(all).rollouts);
    for (const name of due(rollouts).finish) await finish(name);
  }

  /** First the file: killed in between, the next look sees that the version is there. */
  async function finish(name: string): Promise<void> {
    const rollout = openOf(name);
    const profile = catalog.current().profiles.get(name);
    const version = parseVersion(rollout?.to ?? '');
    if (rollout === undefined || profile === undefined || version === undefined || finishing.has(name)) return;
    finishing.add(name);
    try {
      if ((await setVersion(files, profile.file, version)) === 'none') {
        const why = `${profile.file} names no "version" that could be rewritten`;
        await changeOne(name, (one) => ({ ...one, state: 'stopped', since: now(), why }));
        return;
      }
      await catalog.refresh();
      await changeOne(name, (one) => advance(one, { ...profile, version }, now()).rollout);
    } finally {
      finishing.delete(name);
    }
  }

  /** One at a time; what came meanwhile is looked at once more. It never rejects. */
  function lookSoon(): Promise<void> {
    again = true;
    return (looking ??= lookAll());
  }

  function lookLater(): void {
    lookSoon().catch(() => undefined);
  }

  async function lookAll(): Promise<void> {
    while (again) {
      again = false;
      await look().catch((error: unknown) => {
        if (error instanceof Failure) log.error({ problem: failureLine(error) }, 'a rollout cannot go on');
        else log.error({ err: error }, 'a rollout cannot go on');
      });
    }
    // With the last question whether there is more: what is asked for in between would be told that it was done.
    looking = undefined;
    plan();
  }

  function plan(): void {
    clearTimeout(timer);
    if (stopped) return;
    const { profiles } = catalog.current();
    const moments = [...rollouts].flatMap(([name, rollout]) => {
      if (isOpen(rollout) && !profiles.has(name)) return now() + LOOK_MS;
      return nextMoment(rollout, profiles.get(name)) ?? [];
    });
    if (moments.length === 0) return;
    const wait = Math.min(LOOK_MS, ...moments.map((at) => at - now()));
    // What is due was looked at just now: it cannot be done for the time being.
    timer = setTimeout(lookLater, wait <= 0 ? RETRY_MS : wait);
    timer.unref();
  }

  async function giveGrace(): Promise<void> {
    const until = now() + GRACE_MS;
    for (const name of [...rollouts.keys()].filter((one) => openOf(one) !== undefined))
      await changeOne(name, (one) => afterRestart(one, until)).catch(asFailure);
  }

  async function reload(): Promise<void> {
    const read = await readRollouts(files);
    broken = read.broken;
    follow(read.rollouts);
  }

  return {
    name: 'rollouts',
    async start() {
      await reload().catch((error: unknown) => {
        broken = failureLine(asFailure(error));
      });
      if (broken !== undefined) log.error({ problem: broken }, 'rollouts are lost');
      stopped = false;
      end = catalog.onChange(lookLater);
      await giveGrace();
      await lookSoon();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      end?.();
      await looking;
      await queue.idle();
    },
    all: () => rollouts,
    async asks(name, machine, address) {
      const rollout = openOf(name);
      const at = now();
      if (rollout === undefined || asks(rollout, machine, address, at) === rollout) return false;
      const changed = await changeOne(name, (one) => asks(one, machine, address, at)).catch(asFailure);
      if (changed !== true) return false;
      await lookSoon();
      return true;
    },
    async leaves(name, machine, { address, file }) {
      const choice = catalog.current().rollouts.get(name);
      const known = openOf(name);
      if (choice === undefined || known?.to !== choice.to) return false;
      const at = now();
      const deadline = at + (choice.profile.boot_timeout ?? 0) * 1000;
      const leaving = { machine, at, stage: choice.stageOf(machine), address, file, deadline };
      if (leaves(known, leaving) === known) return true;
      let isLeft = false;
      await changeOne(name, (one) => {
        isLeft = one.to === known.to && one.begun === known.begun;
        return isLeft ? leaves(one, leaving) : one;
      });
      return isLeft;
    },
    async fetched(address, file) {
      if (!onTheWay.has(address)) return;
      for (const [name, rollout] of rollouts) {
        if (isOpen(rollout) && fetched(rollout, address, file) !== rollout)
          await changeOne(name, (one) => fetched(one, address, file));
      }
    },
    async up(name, machine) {
      const rollout = openOf(name);
      const at = now();
      if (rollout === undefined || isUp(rollout, machine, at) === rollout) return;
      await changeOne(name, (one) => isUp(one, machine, at));
      lookLater();
    },
    begin: async (profile, to) =>
      decided(profile, async () => {
        await queue.change((all) => {
          const begun = beginning(all, profile, to, now());
          if (begun.why !== undefined) throw new Failure('conflict', begun.why);
          return begun.rollouts;
        });
      }),
    act: async (profile, action) =>
      decided(profile, async () => {
        const over = new Set<string>();
        await queue.change((all) => {
          const done = acted(all.get(profile.name), action, profile, now());
          if (done.finish === true) over.add(profile.name);
          return new Map([...all, [profile.name, done.rollout]]);
        });
        for (const name of over) await finish(name);
        await lookSoon();
      }),
    reload,
    look: lookSoon,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onStep(listener) {
      steps.add(listener);
      return () => steps.delete(listener);
    },
    diagnostics: () => [
      ...(broken === undefined ? [] : [lost(broken)]),
      ...[...rollouts].flatMap(([name, rollout]) => problemOf(rollout, catalog.current().profiles.get(name))),
    ],
  };
}

function addressesOf(rollouts: Rollouts): ReadonlySet<string> {
  const addresses = new Set<string>();
  for (const { machines } of [...rollouts.values()].filter(isOpen)) {
    for (const { address, deadline } of Object.values(machines))
      if (address !== undefined && deadline !== undefined) addresses.add(address);
  }
  return addresses;
}
