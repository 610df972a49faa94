import { findDocument } from '../../catalog/find-document.ts';
import { readIfThere } from '../../catalog/edit-profile.ts';
import type { Snapshot } from '../../catalog/snapshot.ts';
import { Failure } from '../../model/failure.ts';
import type { ProfileRow } from '../../model/office-views.ts';
import type { Problem } from '../../model/problem.ts';
import { DOCUMENT_KINDS, SYSTEM_IDS, type Profile } from '../../model/profile.ts';
import type { DataRoot } from '../../files/data-root.ts';
import { systemOf } from '../../os/systems.ts';

/** A profile that is in force, also where what is on disk is broken by now. */
export function profileRow(profile: Profile, snapshot: Pick<Snapshot, 'documents' | 'problems'>): ProfileRow {
  const { name, file, system, channel, arch, version, update, nodes } = profile;
  return {
    name,
    file,
    system,
    title: systemOf(system).title,
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
  return DOCUMENT_KINDS.flatMap((kind) => {
    const name = profile[kind];
    return name === undefined ? [] : (findDocument(documents, kind, name)?.file ?? []);
  });
}

/** A file that never had a good version: what can be read of it, and what is wrong. */
export async function brokenRow(
  file: string,
  files: DataRoot,
  { problems }: { readonly problems: readonly Problem[] },
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
    title: systemOf(system).title,
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
    const value: unknown = JSON.parse((await readIfThere(files, file))?.toString('utf8') ?? '');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Failure) return {};
    throw error;
  }
}
