import { installIdentity } from '../boot/install-identity.ts';
import { IDENTITY_KEYS } from '../catalog/identity.ts';
import type { Catalog, Match, Snapshot } from '../catalog/snapshot.ts';
import { Failure } from '../domain/failure.ts';
import { parseLabel, type MachineFacts } from '../domain/facts.ts';
import { machineKey, type MachineKey } from '../domain/machine.ts';
import { parseSentMac } from '../domain/mac.ts';
import type { Node } from '../domain/profile.ts';
import { parseUuid } from '../domain/uuid.ts';
import type { InstallMarks } from '../machines/install-marks.ts';

export interface ReinstallOptions {
  readonly catalog: Pick<Catalog, 'current'>;
  readonly marks: InstallMarks;
}

/**
 * Lets the installer of one machine run once more at its next boot, with all its tries. `machine`: a node's name, a MAC
 * in any spelling, `uuid:...` or `serial:...`. Throws Failure `not-found` for a name that no node has, `conflict` where
 * two nodes have it and where the machine's profile installs nothing.
 */
export async function reinstall(
  { catalog, marks }: ReinstallOptions,
  machine: string,
): Promise<{ readonly key: MachineKey; readonly name?: string }> {
  const snapshot = catalog.current();
  const facts = factsNamed(machine) ?? factsOfNode(machine, snapshot);
  const match = snapshot.match(facts);
  const identity = installIdentity(match ?? { by: 'choice' }, facts);
  const key = machineKey(facts);
  if (identity === undefined || key === undefined) throw nobody(machine);
  const known = await marks.forget(identity);
  if (!known && match?.profile.install === undefined) throw nothingToInstall(machine, match);
  return { key, ...(match?.node === undefined ? {} : { name: match.node.name }) };
}

function factsNamed(text: string): MachineFacts | undefined {
  const mac = parseSentMac(text);
  if (mac !== undefined) return { mac };
  const uuid = parseUuid(text.replace(/^uuid:/, ''));
  if (uuid !== undefined) return { uuid };
  const serial = text.startsWith('serial:') ? parseLabel(text.slice('serial:'.length)) : undefined;
  return serial === undefined ? undefined : { serial };
}

function factsOfNode(name: string, { profiles }: Pick<Snapshot, 'profiles'>): MachineFacts {
  const nodes = [...profiles.values()].flatMap(({ file, nodes: all }) =>
    all.filter((node) => node.name === name).map((node) => ({ file, node })),
  );
  const [first, second] = nodes;
  if (first === undefined) throw nobody(name);
  if (second !== undefined) {
    throw new Failure('conflict', `${first.file} and ${second.file} both have a node ${name}`, {
      remedy: 'name the machine by its MAC',
    });
  }
  return factsFrom(first.node);
}

function factsFrom(node: Node): MachineFacts {
  const serial = node.serial === undefined ? undefined : parseLabel(node.serial);
  const { mac, uuid } = node;
  return {
    ...(mac === undefined ? {} : { mac }),
    ...(uuid === undefined ? {} : { uuid }),
    ...(serial === undefined ? {} : { serial }),
  };
}

function nobody(machine: string): Failure {
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
