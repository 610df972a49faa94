import type { Snapshot } from '../catalog/snapshot.ts';
import type { MachineFacts } from '../model/machine.ts';
import type { Profile } from '../model/profile.ts';
import { againUrl } from '../ipxe/boot-script.ts';
import { machineLines, menuScript } from '../ipxe/notices.ts';
import type { Question, ScriptAnswer } from './boot-service.ts';
import type { UnknownPolicy } from './decide.ts';
import { whoIs } from './reasons.ts';

/** What the menu always offers. A profile of such a name cannot be chosen: the word means this, in the setting too. */
export const WAITS = 'wait';
const LOCAL = 'local';

/** The menu for a machine that nobody knows; undefined when there is nothing to choose from, or it chose to wait. */
export function menuAnswer(
  { facts, origin, choice }: Question,
  { profiles }: Pick<Snapshot, 'profiles'>,
  policy: UnknownPolicy,
): ScriptAnswer | undefined {
  const offered = offeredProfiles(profiles);
  if (policy.show !== 'menu' || choice === WAITS || offered.length === 0) return undefined;
  const preset = presetOf(policy.choice, offered);
  const script = menuScript({
    lines: [...machineLines(facts), ...(preset.problem === undefined ? [] : [preset.problem])],
    entries: offered.map(({ name, menu = name }) => ({ title: menu, url: againUrl(origin, facts, name) })),
    wait: againUrl(origin, facts, WAITS),
    platform: facts.platform,
    choice: preset.choice,
    timeoutSeconds: policy.timeoutSeconds,
  });
  return { script, decision: { outcome: 'menu', because: because(facts, offered.length, preset.problem) } };
}

function because(facts: MachineFacts, offered: number, problem: string | undefined): string {
  const many = offered === 1 ? 'one profile' : `${offered} profiles`;
  const told = `no profile names ${whoIs(facts)}; its screen offers ${many}`;
  return problem === undefined ? told : `${told} (${problem})`;
}

/** By title, as people look for them. */
function offeredProfiles(profiles: Snapshot['profiles']): readonly Profile[] {
  return [...profiles.values()]
    .filter(({ name, menu }) => menu !== undefined && name !== WAITS && name !== LOCAL)
    .sort(({ name: a, menu: first = a }, { name: b, menu: second = b }) =>
      first === second ? (a < b ? -1 : 1) : first < second ? -1 : 1,
    );
}

/** What the menu chooses by itself. Waiting is never wrong. */
function presetOf(
  wanted: string,
  offered: readonly Profile[],
): { readonly choice: number | 'wait' | 'local'; readonly problem?: string } {
  if (wanted === WAITS || wanted === LOCAL) return { choice: wanted };
  const at = offered.findIndex(({ name }) => name === wanted);
  if (at >= 0) return { choice: at };
  return { choice: WAITS, problem: `PILOTLIGHT_MENU_DEFAULT is ${wanted}, which is no profile with a "menu" title` };
}
