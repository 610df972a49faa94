import { catalogFile } from '../../catalog/catalog-file.ts';
import { readIfThere, revisionOf } from '../../catalog/save-file.ts';
import { missingImages } from '../../boot/missing-images.ts';
import { likelyOrigin } from '../../context/app-context.ts';
import { profileSchema } from '../../catalog/profile-schema.ts';
import { namedDocuments, type Snapshot } from '../../catalog/snapshot.ts';
import type { DataRoot } from '../../files/data-root.ts';
import { Failure, type FileDiagnostic, unlessFailed } from '../../model/failure.ts';
import { machineKey, nodeFacts } from '../../model/machine.ts';
import { type Json, type JsonObject, MAX_PROFILE_BYTES, type Profile, SYSTEM_IDS } from '../../model/profile.ts';
import type { ProfileRow, ProfileView } from '../../model/views.ts';
import { SYSTEMS } from '../../os/systems.ts';
import type { AdminDeps } from './deps.ts';
import { missing } from './files.ts';

type Deps = Pick<AdminDeps, 'catalog' | 'files' | 'log'>;

export async function profileRows({ catalog, files }: Deps): Promise<readonly ProfileRow[]> {
  const snapshot = catalog.current();
  const good = [...snapshot.profiles.values()].map((profile) => profileRow(profile, snapshot));
  const broken = await Promise.all(brokenFiles(snapshot).map((file) => brokenRow(file, files, snapshot)));
  return [...good, ...broken].sort((a, b) => (a.name < b.name ? -1 : 1));
}

export async function profileView(deps: Deps & Pick<AdminDeps, 'settings'>, name: string): Promise<ProfileView> {
  const { catalog, files } = deps;
  const own = catalogFile('profiles', name);
  const { file } = own;
  const snapshot = await catalog.refresh();
  const bytes = await readIfThere(files, own);
  if (bytes === undefined) throw missing(own, snapshot);
  const profile = snapshot.profiles.get(name);
  const row = profile === undefined ? await brokenRow(file, files, snapshot) : profileRow(profile, snapshot);
  const images = profile === undefined ? [] : await imageProblems(deps, profile);
  const members = profile === undefined ? [] : membersOf(profile);
  const problems = [...row.problems, ...images];
  return { ...row, problems, text: bytes.toString('utf8'), revision: revisionOf(bytes), members, keys: profileKeys() };
}

/** As `pilotlight check` says it. */
export async function imageProblems(
  { catalog, files, settings }: Pick<AdminDeps, 'catalog' | 'files' | 'settings'>,
  profile: Profile,
): Promise<readonly FileDiagnostic[]> {
  const imageStore = { has: async (path: string) => (await unlessFailed(files.stat(`images/${path}`))) !== undefined };
  return await missingImages(profile, catalog.current(), likelyOrigin(settings), imageStore);
}

/** Files that are on disk and have no good version at all. */
function brokenFiles({ problems, profiles }: Snapshot): readonly string[] {
  const files = problems.map(({ place }) => /^profiles\/([^/]+)\.json$/.exec(place.file));
  return [...new Set(files.flatMap((found) => (found === null || profiles.has(found[1] ?? '') ? [] : [found[0]])))];
}

function membersOf({ nodes }: Profile): ProfileView['members'] {
  return nodes.map((node) => {
    const key = machineKey(nodeFacts(node));
    return {
      name: node.name,
      key,
      address: node.ip,
      identity: [node.mac, node.uuid, node.serial].filter((one) => one !== undefined).join(', '),
    };
  });
}

/** What may stand in a profile: from its schema, for the editor's help. */
export function profileKeys(): ProfileView['keys'] {
  return Object.entries(profileSchema()['properties'] as Readonly<Record<string, JsonObject>>).map(([key, of]) => {
    const [example] = (of['examples'] ?? []) as readonly Json[];
    const help = [of['description'], choices(of)].filter((part) => typeof part === 'string').join(' ');
    return { key, help, ...(example === undefined ? {} : { example: JSON.stringify(example) }) };
  });
}

function choices({ enum: allowed, default: usual }: JsonObject): string | undefined {
  const one = Array.isArray(allowed) ? `One of ${(allowed as readonly string[]).join(', ')}.` : undefined;
  const otherwise = usual === undefined ? undefined : `Default: ${JSON.stringify(usual)}.`;
  const words = [one, otherwise].filter((part) => part !== undefined);
  return words.length === 0 ? undefined : words.join(' ');
}

/** A profile that is in force, also where what is on disk is broken by now. */
export function profileRow(profile: Profile, snapshot: Pick<Snapshot, 'documents' | 'problems'>): ProfileRow {
  const { name, file, system, channel, arch, version, update, nodes } = profile;
  return {
    name,
    file,
    system,
    title: SYSTEMS[system].title,
    channel,
    arch,
    version,
    update,
    nodes: nodes.length,
    default: profile.default,
    install: profile.install !== undefined,
    problems: snapshot.problems.filter(({ place }) => [file, ...documentsOf(profile, snapshot)].includes(place.file)),
    inForce: true,
  };
}

function documentsOf(profile: Profile, { documents }: Pick<Snapshot, 'documents'>): readonly string[] {
  return namedDocuments(profile, documents).map(({ document }) => document.file);
}

/** A file that never had a good version: what can be read of it, and what is wrong. */
export async function brokenRow(
  file: string,
  files: DataRoot,
  { problems }: { readonly problems: readonly FileDiagnostic[] },
): Promise<ProfileRow> {
  const said = await saidIn(file, files);
  const text = (key: string, otherwise: string): string => {
    const value = said[key];
    return typeof value === 'string' ? value : otherwise;
  };
  const system = SYSTEM_IDS.find((id) => id === said['system']) ?? 'coreos';
  return {
    name: file.slice('profiles/'.length, -'.json'.length),
    file,
    system,
    title: SYSTEMS[system].title,
    channel: text('channel', 'stable'),
    arch: text('arch', 'amd64'),
    version: text('version', ''),
    update: said['update'] === 'manual' ? 'manual' : 'auto',
    nodes: Array.isArray(said['nodes']) ? said['nodes'].length : 0,
    default: said['default'] === true,
    install: said['install'] !== undefined,
    problems: problems.filter(({ place }) => place.file === file),
    inForce: false,
  };
}

async function saidIn(file: string, files: DataRoot): Promise<Readonly<Record<string, unknown>>> {
  try {
    const bytes = await readIfThere(files, { file, maxBytes: MAX_PROFILE_BYTES });
    const value: unknown = JSON.parse(bytes?.toString('utf8') ?? '');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Failure) return {};
    throw error;
  }
}
