import { type Catalog, type Match, profileNamed, type Snapshot } from '../../catalog/snapshot.ts';
import { wrongArch } from '../../boot/decide.ts';
import type { InstallMarks } from '../../machines/claims.ts';
import { Failure } from '../../model/failure.ts';
import type { Profile } from '../../model/profile.ts';
import type { OperatorEvent } from '../../model/journal-event.ts';
import type { NamedMachine } from '../../model/machine-views.ts';
import {
  factsFrom,
  hasIdentity,
  IDENTITY_KEYS,
  identityOf,
  keyFacts,
  type MachineFacts,
  machineKey,
  nodeFacts,
} from '../../model/machine.ts';

interface Deps {
  readonly catalog: Pick<Catalog, 'current'>;
  readonly marks: InstallMarks;
}

/** What an operator decides about the installation of a machine, and how the journal tells it. */
export const INSTALL_ACTIONS = {
  reinstall: {
    act: reinstall,
    action: 'reinstall',
    text: 'its installer may run once more: it will be erased at its next boot',
  },
  cancelReinstall: {
    act: cancelReinstall,
    action: 'assign',
    text: 'it is not installed anew: its disk stays as it is',
  },
  cancelBootOnce: { act: cancelBootOnce, action: 'assign', text: 'its next boot is its own again' },
  releaseClaim: { act: releaseClaim, action: 'assign', text: 'the installer that left for it is let go' },
} as const satisfies Readonly<Record<string, Action>>;
export type InstallAction = keyof typeof INSTALL_ACTIONS;

export interface Action {
  readonly act: (deps: Deps, machine: string) => Promise<NamedMachine>;
  readonly action: OperatorEvent['action'];
  readonly text: string;
}

/**
 * Lets the installer of one machine run once more at its next boot, with all its tries: everything on its disk is lost
 * then. `machine`: a node's name, a MAC in any spelling, `uuid:...` or `serial:...`. Throws Failure `not-found` for a
 * name that no node has, `conflict` where two nodes have it and where the machine's profile installs nothing, and
 * `unavailable` when it cannot be written down.
 */
export async function reinstall({ catalog, marks }: Deps, machine: string): Promise<NamedMachine> {
  const snapshot = catalog.current();
  const { identity, match, named } = find(machine, snapshot);
  const { profile } = match ?? {};
  const mark = marks.of(identity);
  const known = mark === undefined || mark.state === 'seen' ? undefined : mark;
  // A UUID that no file names may belong to a machine that waits because it looks like another one.
  const byItself = identity.key.startsWith('uuid:') && snapshot.installs ? { profile: '', disk: '' } : undefined;
  const own = profile?.install === undefined ? undefined : { profile: profile.name, disk: profile.install.disk };
  const target = own ?? (match === undefined ? (known ?? byItself) : undefined);
  if (target === undefined) throw nothingToInstall(machine, match);
  await marks.reinstall(identity, { profile: target.profile, disk: target.disk });
  return named;
}

/** Takes back what `reinstall` asked for: the machine's own disk stays in charge. Throws Failure `conflict` when nothing is asked for. */
export async function cancelReinstall({ catalog, marks }: Deps, machine: string): Promise<NamedMachine> {
  const { identity, named } = find(machine, catalog.current());
  if (await marks.cancel(identity)) return named;
  throw new Failure('conflict', `${machine.slice(0, 80)} is not about to be installed anew`, {
    remedy: '`pilotlight nodes` says which machines are',
  });
}

/** Lets go of the installer that left for another address, and of the tries. Throws Failure `conflict` when there is none. */
export async function releaseClaim({ catalog, marks }: Deps, machine: string): Promise<NamedMachine> {
  const { identity, named } = find(machine, catalog.current());
  if (await marks.release(identity)) return named;
  throw new Failure('conflict', `no installer has left for ${machine.slice(0, 80)}`, {
    remedy: 'to install a machine again: `pilotlight reinstall`',
  });
}

/**
 * The machine's next boot is this profile's, the one after that its own again. `erase`: where it installs, the disk may be
 * erased. Throws Failure `not-found` for a profile that is not there, and `conflict` for one that the machine cannot boot
 * once, or not without `erase`.
 */
export async function bootOnce(
  { catalog, marks }: Deps,
  machine: string,
  profile: string,
  erase: boolean,
): Promise<NamedMachine> {
  const snapshot = catalog.current();
  const { identity, match, named } = find(machine, snapshot);
  const found = profileNamed(snapshot, profile);
  const refused = whyNotOnce(found, machine, match);
  if (refused !== undefined) throw refused;
  if (found.install !== undefined && !erase) {
    throw new Failure('conflict', `${found.file} installs to ${found.install.disk}, which is erased by that`, {
      remedy: 'if everything on that disk may go: `--yes`, or "erase": true in the API',
    });
  }
  await marks.bootOnce(identity, found.name, found.install?.disk);
  return named;
}

/** Why the machine may not boot this profile once; undefined: it may. */
function whyNotOnce(profile: Profile, machine: string, own: Match | undefined): Failure | undefined {
  const { boot, file, install, name } = profile;
  const who = machine.slice(0, 80);
  if (boot === 'local') return new Failure('conflict', `${file} boots the local disk`);
  if (install === undefined) return undefined;
  if (own === undefined) {
    return new Failure(
      'conflict',
      `no profile names ${who}, so it has none to come back to from ${file}, which installs`,
      {
        remedy: `\`pilotlight adopt ${who} --profile ${name}\` installs it at its next boot`,
      },
    );
  }
  if (own.profile.name !== name) return undefined;
  return new Failure('conflict', `${file} is the own profile of ${who}, and installs`, {
    remedy: `\`pilotlight reinstall ${who}\` installs it again`,
  });
}

/** What the machine may boot once, by name: nothing that it would wait in front of. */
export function onceChoices({ profiles }: Pick<Snapshot, 'profiles'>, facts: MachineFacts, own: Match | undefined) {
  const arch = facts.arch ?? (own?.profile.arch === 'arm64' ? 'arm64' : undefined);
  return [...profiles.values()]
    .filter((profile) => profile.name !== own?.profile.name && whyNotOnce(profile, '', own) === undefined)
    .filter((profile) => wrongArch({ profile, by: 'default' }, { ...facts, arch }) === undefined)
    .map(({ name, install }) => ({ name, ...(install === undefined ? {} : { erases: install.disk }) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Takes back what `bootOnce` asked for. Throws Failure `conflict` when nothing is asked for. */
async function cancelBootOnce({ catalog, marks }: Deps, machine: string): Promise<NamedMachine> {
  const { identity, named } = find(machine, catalog.current());
  if (await marks.cancelOnce(identity)) return named;
  throw new Failure('conflict', `${machine.slice(0, 80)} has no other profile to boot once`, {
    remedy: '`pilotlight nodes` says which machines have',
  });
}

function find(machine: string, snapshot: Snapshot) {
  const facts = factsNamed(machine) ?? factsOfNode(machine, snapshot);
  const match = snapshot.match(facts);
  const identity = identityOf(facts, match);
  const key = machineKey(facts);
  if (identity === undefined || key === undefined) throw noSuchNode(machine);
  return { identity, match, named: { key, ...(match?.node === undefined ? {} : { name: match.node.name }) } };
}

/** A MAC in any spelling, a UUID, `uuid:...` or `serial:...`. */
function factsNamed(text: string): MachineFacts | undefined {
  const facts = { ...factsFrom({ uuid: text }), ...keyFacts(text) };
  return hasIdentity(facts) ? facts : undefined;
}

/** Throws Failure `not-found` and `conflict` (two nodes have it). */
export function factsOfNode(name: string, { profiles }: Pick<Snapshot, 'profiles'>): MachineFacts {
  const nodes = [...profiles.values()].flatMap(({ file, nodes: all }) =>
    all.filter((node) => node.name === name).map((node) => ({ file, node })),
  );
  const [first, second] = nodes;
  if (first === undefined) throw noSuchNode(name);
  if (second !== undefined) {
    throw new Failure('conflict', `${first.file} and ${second.file} both have a node ${name}`, {
      remedy: 'name the machine by its MAC',
    });
  }
  return nodeFacts(first.node);
}

function noSuchNode(machine: string): Failure {
  const known = ['a name', ...IDENTITY_KEYS].join(', ');
  return new Failure('not-found', `no node is called "${machine.slice(0, 80)}"`, {
    remedy: `machines are known by ${known}; \`pilotlight nodes\` lists them`,
  });
}

function nothingToInstall(machine: string, match: Match | undefined): Failure {
  const who = machine.slice(0, 80);
  return match === undefined
    ? new Failure('not-found', `no profile is for ${who}, and it was never installed`)
    : new Failure('conflict', `${match.profile.file} installs nothing, so ${who} boots its image each time`, {
        remedy: 'add "install": { "disk": ... } to the profile',
      });
}
