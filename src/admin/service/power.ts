import { Failure, failureLine } from '../../model/failure.ts';
import { keyFacts, machineKey, type MachineKey, nodeFacts } from '../../model/machine.ts';
import type { PowerAction } from '../../model/power.ts';

import type { PoweredNode } from '../../power/power.ts';
import type { PowerView, PoweredMachine, ReinstallingMachine } from '../../model/machine-views.ts';
import type { AdminDeps } from './deps.ts';

type Deps = Pick<AdminDeps, 'catalog' | 'journal' | 'log' | 'now' | 'power'>;

/** What pages and programs are told of a node's power switch; undefined where its profile names none. */
export function powerOf({ power }: Pick<AdminDeps, 'power'>, machine: PoweredNode | undefined): PowerView | undefined {
  return machine?.node.power === undefined ? undefined : power.about(machine);
}

/** Switches a machine, or asks whether it is on. Whatever was switched, or could not be, is in its timeline. */
export async function switchPower(deps: Deps, machine: PoweredNode, action: PowerAction): Promise<PoweredMachine> {
  const named = { key: keyOf(machine), name: machine.node.name };
  if (action === 'status') return { ...named, ...(await deps.power.act(machine, action)) };
  try {
    const outcome = await deps.power.act(machine, action);
    record(deps, named.key, `power ${action}: ${outcome.text}`);
    return { ...named, ...outcome };
  } catch (error) {
    if (error instanceof Failure) record(deps, named.key, `power ${action} failed: ${failureLine(error)}`, true);
    throw error;
  }
}

/**
 * The installer once more, now: the next boot from the network, the mark, then the power. The disk is marked only when
 * the controller answers and can do its part. `mark` lets the installer run once more.
 */
export async function reinstallNow(
  deps: Deps,
  machine: PoweredNode,
  mark: () => Promise<unknown>,
): Promise<ReinstallingMachine> {
  const { power, now } = deps;
  const { by, does } = power.about(machine);
  const { name } = machine.node;
  const action = does.includes('cycle') ? 'cycle' : 'on';
  if (!does.includes(action)) {
    throw new Failure('conflict', `${by} cannot switch ${name} on`, { remedy: 'add "on" to its "power"' });
  }
  // Before anything is asked of the controller: a profile that installs nothing says so.
  if (machine.profile.install === undefined) await mark();
  const fromNetwork = await power.bootFromNetwork(machine);
  const at = now();
  await mark();
  const outcome = await switchPower(deps, machine, action).catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error;
    const remedy = `it will be erased at its next boot from the network; \`pilotlight reinstall ${name} --cancel\` takes that back`;
    throw new Failure(error.code, failureLine(error), { remedy });
  });
  const { profile } = machine;
  const reports = profile.phone_home && (profile.ignition ?? profile.cloud_config ?? profile.nocloud) !== undefined;
  return { ...outcome, at, fromNetwork, restarted: action === 'cycle', until: reports ? 'up' : 'installed' };
}

function keyOf({ node }: PoweredNode): MachineKey {
  const key = machineKey(nodeFacts(node));
  if (key !== undefined) return key;
  throw new TypeError('a node has an identity');
}

function record({ journal, log, now }: Deps, key: MachineKey, text: string, failed = false): void {
  journal.record({
    kind: 'operator',
    at: now(),
    facts: keyFacts(key),
    action: 'power',
    text,
    ...(failed && { failed }),
  });
  log[failed ? 'warn' : 'info'](
    { machine: key, power: text },
    failed ? 'the power could not be switched' : 'switched the power',
  );
}
