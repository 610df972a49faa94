import type { Profile } from '../model/profile.ts';
import type { Path } from '../text/text.ts';

/** As checkProfile tells what it finds. */
interface RolloutFault {
  readonly severity: 'error';
  readonly path: Path;
  readonly message: string;
  readonly remedy: string;
}

/** What a rollout needs of its own profile. Whether its machines phone home the documents say: see boot/inspector.ts. */
export function checkRollout({ rollout, boot_timeout, boot, system, nodes }: Profile): readonly RolloutFault[] {
  if (rollout === undefined) return [];
  const faults: RolloutFault[] = [];
  const add = (path: Path, message: string, remedy: string): void => {
    faults.push({ severity: 'error', path: ['rollout', ...path], message, remedy });
  };
  if (system === 'custom') {
    add([], 'a custom system has no "version" that could be rolled out', 'remove "rollout"');
  }
  if (boot === 'local') add([], 'machines that boot their own disk get no release from here', 'remove "rollout"');
  if (boot_timeout === undefined) {
    const why = 'a rollout needs "boot_timeout": without it no machine fails';
    add([], why, 'add "boot_timeout": seconds from the boot script to the phone-home');
  }
  const names = new Set(nodes.map(({ name }) => name));
  const { canaries, waves } = rollout;
  if (typeof canaries === 'number') {
    if (canaries > nodes.length) {
      const listed = nodes.length === 1 ? '1 node' : `${nodes.length} nodes`;
      add(['canaries'], `${canaries} canaries of ${listed}`, 'list the machines in "nodes", or name fewer canaries');
    }
  } else {
    for (const [index, name] of canaries.entries()) {
      if (names.has(name)) continue;
      add(['canaries', index], `"${name}" is no node of this profile`, 'name one of its "nodes"');
    }
  }
  for (const [index, percent] of waves.entries()) {
    const before = waves[index - 1] ?? 0;
    if (percent > before) continue;
    const remedy = 'each wave is all machines that have the release then: "10%", "50%"';
    add(['waves', index], `${percent}% is not more than ${before}%, the wave before it`, remedy);
  }
  return faults;
}
