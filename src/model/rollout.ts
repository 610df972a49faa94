/** How a profile's new release reaches its machines: `rollout` in the file, with its defaults filled in. */
export interface RolloutPolicy {
  /** The nodes that get it first: their names, or how many. */
  readonly canaries: readonly string[] | number;
  /** Per cent of all machines, each wave with those before it. The last, 100, is there in any case. */
  readonly waves: readonly number[];
  /** Seconds that a wave must have been good before the next one opens. */
  readonly soak: number;
  /** Failures that do not stop it. */
  readonly tolerate: number;
  readonly on_failure: 'rollback' | 'stop';
  /** Per cent of a wave's machines that booted, and must have phoned home. */
  readonly need: number;
}

export const ROLLOUT_STATES = ['running', 'paused', 'stopped', 'rolled-back', 'aborted', 'done'] as const;
/**
 * `stopped`: machines keep what they have until an operator decides. `rolled-back`: it failed. `aborted`: an operator ended
 * it, or edited the profile. In the last three the version in the profile's file is everyone's again.
 */
export type RolloutState = (typeof ROLLOUT_STATES)[number];

/** What is remembered of a profile's rollout, as state/rollouts.json has it. Times are milliseconds since 1970. */
export interface Rollout {
  readonly from: string;
  readonly to: string;
  readonly state: RolloutState;
  /** 0: the canaries; then the waves. */
  readonly stage: number;
  readonly begun: number;
  /** When the stage opened, or the state ended it. */
  readonly since: number;
  /** Since when the stage has been good. */
  readonly ready?: number;
  /** Why it is in its state. */
  readonly why?: string;
  /** The new version is held from the release sync, which has not noted that yet (state/sync.json). */
  readonly unheld?: true;
  /** Who got the new version: a node's name, or the key of a machine that no node names. */
  readonly machines: Readonly<Record<string, RolloutMachine>>;
}

export interface RolloutMachine {
  /** The stage in which it got the new version first. */
  readonly stage: number;
  /** When it was last told to boot it, and from which address it asked. */
  readonly asked: number;
  readonly address?: string;
  /** The last file that its boot loader fetches, below images/. */
  readonly file?: string;
  /** It has that file: when it asks again, it has not come up. */
  readonly begun?: true;
  /** It is on its way: by then it must have phoned home. */
  readonly deadline?: number;
  readonly up?: number;
  readonly failed?: number;
  readonly why?: string;
}

/** Machines that got the new version: on their way, up with it, or failed and not up since. */
export const ROLLOUT_MACHINES = ['waiting', 'up', 'failed'] as const;

export type Rollouts = ReadonlyMap<string, Rollout>;

/** Whether which version a machine gets is the rollout's affair. */
export function isOpen({ state }: Pick<Rollout, 'state'>): boolean {
  return state === 'running' || state === 'paused' || state === 'stopped';
}

/** How many stages there are: the canaries, the waves, and the last wave, which is everyone. */
export function stagesOf({ waves }: Pick<RolloutPolicy, 'waves'>): number {
  return allWaves(waves).length + 1;
}

/** With everyone at the end, once. */
export function allWaves(waves: readonly number[]): readonly number[] {
  return waves.at(-1) === 100 ? waves : [...waves, 100];
}

/** `canaries`, `wave 2 of 3`. */
export function stageName(stage: number, policy: Pick<RolloutPolicy, 'waves'>): string {
  return stage === 0 ? 'canaries' : `wave ${stage} of ${stagesOf(policy) - 1}`;
}

export const ROLLOUT_ACTIONS = ['pause', 'resume', 'promote', 'abort'] as const;
/** `promote`: the next wave opens now; in the last one it is over, and the version is everyone's. */
export type RolloutAction = (typeof ROLLOUT_ACTIONS)[number];

/** What the boot service says of machines of profiles with an open rollout, before it answers them. */
export interface RolloutWatch {
  /** It asks what to boot. True when that changed the rollout: then it must be decided anew. */
  asks(profile: string, machine: string, address: string): Promise<boolean>;
  /**
   * It gets the new version: on the disk before its script leaves. False when the rollout says otherwise by now. Throws
   * Failure: then it waits.
   */
  leaves(
    profile: string,
    machine: string,
    left: { readonly address: string; readonly file?: string | undefined },
  ): Promise<boolean>;
}
