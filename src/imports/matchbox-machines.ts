import { type FileDiagnostic, unlessFailed } from '../model/failure.ts';
import { IDENTITY_KEYS } from '../model/machine.ts';
import { isObject, type Json, type JsonObject } from '../model/profile.ts';
import { plural } from '../model/text.ts';
import { type MatchboxFile, type MatchboxFolder, problemAt } from './matchbox-folder.ts';

/** What the groups of one profile make of it. */
export interface Machines {
  /** `default`, `vars` and `nodes` of the profile. */
  readonly keys: JsonObject;
  /** The groups. */
  readonly files: readonly string[];
  /** It is an installer: Pilotlight makes those itself, so there is no such profile. */
  readonly firstStage: boolean;
  /** Its machines are installed: by which profile, on which disk. */
  readonly installer: string | undefined;
  readonly disk: string | undefined;
}

/**
 * The profiles that only install what another group hands out for `os=installed`, and the disk: their document calls
 * coreos-install or flatcar-install.
 */
export async function findInstallers({ profiles, document }: MatchboxFolder): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const [id, { value }] of profiles) {
    for (const [kind, key] of [
      ['ignition', 'ignition_id'],
      ['cloud_config', 'cloud_id'],
    ] as const) {
      const name = value[key];
      if (typeof name !== 'string' || name === '') continue;
      // What cannot be read is named where it is converted.
      const text = (await unlessFailed(document(kind, name)))?.toString('utf8');
      const [, rest = ''] = /\b(?:flatcar|coreos)-install\b([^]{0,1000})/.exec(text ?? '') ?? [];
      const [, disk] = /(?:^|\s)-d[\s=]+["']?(\/dev\/[\w./-]+)/.exec(rest.replaceAll('\\n', '\n')) ?? [];
      if (disk !== undefined) found.set(id, disk);
    }
  }
  return found;
}

/** By the profile's name. What no group says by itself (two groups for one machine, labels) goes to `problems`. */
export function machinesOf(
  { groups, profiles }: MatchboxFolder,
  installers: ReadonlyMap<string, string>,
  problems: FileDiagnostic[],
): ReadonlyMap<string, Machines> {
  const made = new Map<string, Profile>();
  const seen = new Map<string, string>();
  const names = new Set<string>();
  const uses = groups.map((group) => ({ group, use: useOf(group) }));
  const live = new Set(uses.flatMap(({ use }) => (use?.kind === 'live' ? [use.profile] : [])));
  for (const { group, use } of uses) {
    if (use === undefined) continue;
    const profile = made.get(use.profile) ?? new Profile();
    made.set(use.profile, profile);
    profile.files.push(group.file);
    if (use.kind === 'first') {
      profile.firstStage = true;
      const message = `installs by ${use.profile}, which is not converted: Pilotlight makes installers itself`;
      tell(group, [], message, 'the machines of groups with `os=installed` get "install" in their profile', 'warning');
      continue;
    }
    if (use.kind === 'second' && !install(group, use, profile)) continue;
    add(group, use, profile);
  }
  for (const { default: all, vars, nodes } of made.values()) {
    if (all === undefined || nodes.length === 0 || Object.keys(vars).length === 0) continue;
    const message = `its metadata are the profile’s "vars": ${plural(nodes.length, 'listed machine')} of it has them, too`;
    tell(all, ['metadata'], message, 'what a machine has of the same name wins', 'warning');
  }
  return new Map([...made].map(([id, profile]) => [id, profile.finished()]));

  function useOf(group: MatchboxFile): Use | undefined {
    const { profile, selector, metadata } = group.value;
    if (typeof profile !== 'string' || !profiles.has(profile)) {
      const called = typeof profile === 'string' ? `"${profile}"` : 'none';
      tell(group, ['profile'], `its profile is ${called}, and there is no such file`, 'write that profile first');
      return undefined;
    }
    const labels = isObject(selector) ? selector : {};
    const identity = Object.fromEntries(Object.entries(labels).filter(([key]) => isIdentity(key)));
    const vars = isObject(metadata) ? metadata : {};
    const others = Object.keys(labels).filter((key) => !isIdentity(key));
    const use = { profile, identity, vars };
    if (others.length === 0) return { ...use, kind: installers.has(profile) ? 'first' : 'live' };
    if (others.join() === 'os' && labels['os'] === 'installed' && Object.keys(identity).length > 0)
      return { ...use, kind: 'second' };
    for (const key of others) {
      const message = `nothing here selects machines by \`${key}\`: its machines boot no profile`;
      tell(group, ['selector', key], message, 'list them in "nodes" by "mac", "uuid" or "serial", with its metadata');
    }
    return undefined;
  }

  /** The second stage of an installation: the machine gets this profile, installed on a disk. */
  function install(group: MatchboxFile, use: Use, profile: Profile): boolean {
    const first = uses
      .flatMap((one) => (one.use?.kind === 'first' ? [one.use] : []))
      .toSorted((a, b) => Object.keys(b.identity).length - Object.keys(a.identity).length)
      .find(({ identity }) => Object.entries(identity).every(([key, value]) => use.identity[key] === value));
    const disk = first === undefined ? undefined : installers.get(first.profile);
    const remedy =
      'write "install": { "disk": "/dev/..." } and the machine into its profile: see docs/from-matchbox.md';
    if (first === undefined || disk === undefined) {
      tell(group, ['selector', 'os'], 'nothing here selects by `os`, and no group installs this machine', remedy);
      return false;
    }
    if (live.has(use.profile) || (profile.disk ?? disk) !== disk) {
      const other = live.has(use.profile)
        ? 'boots other machines from memory'
        : `installs others on ${profile.disk ?? ''}`;
      tell(group, ['selector', 'os'], `${use.profile} ${other}, so it cannot install this one on ${disk}`, remedy);
      return false;
    }
    profile.disk = disk;
    profile.installer = first.profile;
    return true;
  }

  function add(group: MatchboxFile, { identity, vars: metadata }: Use, profile: Profile): void {
    const vars = varsOf(group, metadata);
    if (Object.keys(identity).length === 0) {
      const before = seen.get('default');
      if (before !== undefined) {
        tell(group, [], `${before} is for all other machines already`, 'only one profile can be the default');
        return;
      }
      seen.set('default', group.file);
      profile.default = group;
      profile.vars = vars;
      return;
    }
    for (const [key, value] of Object.entries(identity)) {
      const id = `${key} ${JSON.stringify(value).toLowerCase().replaceAll('-', ':')}`;
      const before = seen.get(id);
      if (before !== undefined) {
        tell(group, ['selector', key], `${before} has this machine already`, 'leave it in one of them');
        return;
      }
      seen.set(id, group.file);
    }
    profile.nodes.push({ name: nodeName(group), ...identity, ...(Object.keys(vars).length === 0 ? {} : { vars }) });
  }

  function varsOf(group: MatchboxFile, metadata: JsonObject): JsonObject {
    const kept: Record<string, Json> = {};
    for (const [key, value] of Object.entries(metadata)) {
      if (/^[A-Za-z_][A-Za-z0-9_-]{0,127}$/.test(key)) kept[key] = value;
      else tell(group, ['metadata', key], 'cannot be the name of a variable', 'rename it, in the templates, too');
    }
    return kept;
  }

  function nodeName(group: MatchboxFile): string {
    const plain = group.id.replaceAll(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'node';
    let name = plain;
    for (let count = 2; names.has(name); count += 1) name = `${plain}-${count}`;
    names.add(name);
    if (name !== group.id) tell(group, ['id'], `its machine is called ${name}`, 'rename it as you like', 'warning');
    return name;
  }

  function tell(
    group: MatchboxFile,
    path: readonly (string | number)[],
    message: string,
    remedy: string,
    severity: FileDiagnostic['severity'] = 'error',
  ): void {
    problems.push({ ...problemAt(group, path, message, remedy), severity });
  }
}

/** What a group is for. */
interface Use {
  /** `first` and `second` stage of an installation: the installer, and what asks for `os=installed`. */
  readonly kind: 'live' | 'first' | 'second';
  readonly profile: string;
  readonly identity: JsonObject;
  readonly vars: JsonObject;
}

class Profile {
  readonly files: string[] = [];
  readonly nodes: JsonObject[] = [];
  default: MatchboxFile | undefined;
  vars: JsonObject = {};
  firstStage = false;
  installer: string | undefined;
  disk: string | undefined;

  finished(): Machines {
    const { files, firstStage, installer, disk } = this;
    const keys = {
      ...(this.default === undefined ? {} : { default: true }),
      ...(Object.keys(this.vars).length === 0 ? {} : { vars: this.vars }),
      ...(this.nodes.length === 0 ? {} : { nodes: this.nodes }),
    };
    return { keys, files, firstStage, installer, disk };
  }
}

function isIdentity(key: string): boolean {
  return IDENTITY_KEYS.some((one) => one === key);
}
