import type { ProfileRow } from '../../model/office-views.ts';
import { parseFileName } from '../../model/name.ts';
import type { MachineRow } from '../../model/views.ts';

/** What stands in the form that puts a machine into a profile. */
export interface AdoptForm {
  readonly name: string;
  readonly profiles: readonly { readonly name: string; readonly title: string; readonly selected: boolean }[];
  /** There is no profile to adopt into. */
  readonly none: boolean;
}

/** What an operator typed before something went wrong: shown again, as it was. */
export interface Typed {
  readonly name?: string;
  readonly profile?: string;
}

export function adoptForm(row: MachineRow, profiles: readonly ProfileRow[], typed: Typed = {}): AdoptForm {
  const choices = profiles.filter((profile) => profile.inForce);
  const chosen = typed.profile ?? row.profile ?? favourite(choices);
  return {
    name: typed.name ?? row.name ?? suggestedName(row),
    profiles: choices.map(({ name, title }) => ({ name, title, selected: name === chosen })),
    none: choices.length === 0,
  };
}

/** What it calls itself if that can be a name, else the second half of its MAC: `node-551cee`. */
function suggestedName({ hostname, mac }: MachineRow): string {
  const own = hostname === undefined ? undefined : parseFileName(hostname.split('.')[0]?.toLowerCase() ?? '');
  if (own !== undefined) return own;
  return mac === undefined ? '' : `node-${mac.replaceAll(':', '').slice(-6)}`;
}

/** The profile that most machines boot. */
function favourite(profiles: readonly ProfileRow[]): string | undefined {
  return profiles.toSorted((a, b) => b.nodes - a.nodes)[0]?.name;
}
