import { join } from 'node:path';
import { createProfileCheck } from '../catalog/profile-schema.ts';
import { readProfile } from '../catalog/read-profile.ts';
import { makeDataFolders, writeNew } from '../context/init.ts';
import { exists } from '../files/publish.ts';
import { Failure, type FileDiagnostic, isError } from '../model/failure.ts';
import { builds, initrdPath, isObject, type JsonObject, type Profile } from '../model/profile.ts';
import { SYSTEMS } from '../os/systems.ts';
import { type ConvertedBoot, convertBoot } from './matchbox-boot.ts';
import { type ConvertedDocument, type DocumentConverter, documentConverter } from './matchbox-documents.ts';
import { type MatchboxFile, type MatchboxFolder, problemAt, readMatchbox } from './matchbox-folder.ts';
import { findInstallers, type Machines, machinesOf } from './matchbox-machines.ts';

export interface ImportRequest {
  readonly from: string;
  /** The data directory; made when it is not there. */
  readonly to: string;
  readonly dryRun: boolean;
}

export interface ImportReport {
  readonly from: string;
  readonly to: string;
  readonly dryRun: boolean;
  /** What was made, and of what. */
  readonly written: readonly { readonly file: string; readonly from: readonly string[] }[];
  /** Profiles whose machines are erased when they boot from the network. */
  readonly installs: readonly string[];
  /** Where images have to be: from below assets/, to below images/. */
  readonly images: readonly { readonly from: string; readonly to: string }[];
  /** By matchbox's files: an error for what is not converted, a warning for what is different now. */
  readonly problems: readonly FileDiagnostic[];
}

interface Made {
  readonly profile: Profile;
  readonly file: string;
  readonly content: Buffer;
  readonly from: readonly string[];
  readonly documents: readonly ConvertedDocument[];
  readonly assets: readonly string[];
}

/**
 * Converts a data directory of matchbox: all that has a counterpart here, and a line for each thing that has none. Replaces
 * nothing: throws Failure `conflict`, before anything is written, when one of the files is there.
 */
export async function importMatchbox({ from, to, dryRun }: ImportRequest): Promise<ImportReport> {
  const folder = await readMatchbox(from);
  const problems = [...folder.problems];
  const documents = documentConverter(folder, problems);
  const installers = await findInstallers(folder);
  const machines = machinesOf(folder, installers, problems);
  const made: Made[] = [];
  for (const [id, source] of folder.profiles) {
    const profile = await convertProfile(id, source, machines.get(id), { folder, documents, problems });
    if (profile !== undefined) made.push(profile);
  }
  const named = new Map(made.flatMap((one) => one.documents).map((document) => [document.file, document]));
  const files = [...made, ...[...named.values()].map((document) => ({ ...document, from: [document.from] }))];
  await refuseTaken(
    to,
    files.map(({ file }) => file),
  );
  if (!dryRun) {
    await makeDataFolders(to);
    for (const { file, content } of files) {
      if (!(await writeNew(join(to, file), content))) throw taken(to, [file]);
    }
  }
  return {
    ...{ from: folder.dir, to, dryRun },
    written: files.map(({ file, from: sources }) => ({ file, from: sources })),
    installs: made.flatMap(({ profile }) => (profile.install === undefined ? [] : [profile.name])),
    images: imagesOf(made),
    problems,
  };
}

interface Around {
  readonly folder: MatchboxFolder;
  readonly documents: DocumentConverter;
  readonly problems: FileDiagnostic[];
}

async function convertProfile(
  id: string,
  source: MatchboxFile,
  machines: Machines | undefined,
  { folder, documents, problems }: Around,
): Promise<Made | undefined> {
  if (machines === undefined) {
    problems.push({
      ...problemAt(source, [], 'is named by no group: no machine boots it', 'adopt machines into it'),
      severity: 'warning',
    });
  } else if (machines.firstStage) return undefined;
  const bootOf = machines?.installer === undefined ? source : (folder.profiles.get(machines.installer) ?? source);
  const boot = bootOf.value['boot'];
  if (!isObject(boot) || typeof boot['kernel'] !== 'string' || boot['kernel'] === '') {
    const remedy = 'write a profile with a "system" for its machines: see docs/from-matchbox.md';
    problems.push(problemAt(source, [], 'is not converted: it says nothing to boot (`boot.kernel`)', remedy));
    return undefined;
  }
  const converted = convertBoot(
    boot,
    (path, message, remedy) => problems.push(problemAt(bootOf, ['boot', ...path], message, remedy)),
    (path, message, remedy) =>
      problems.push({ ...problemAt(bootOf, ['boot', ...path], message, remedy), severity: 'warning' }),
  );
  const kept = await documentsOf(source, converted, documents);
  const install = installOf(source, converted, machines, kept.lost, problems);
  const value: JsonObject = {
    ...converted.keys,
    ...Object.fromEntries([...kept.found].map(([key, { name }]) => [key, name])),
    ...(install === undefined ? {} : { install }),
    ...machines?.keys,
  };
  const file = `profiles/${id}.json`;
  const content = Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`);
  const { thing, problems: wrong } = readProfile(file, content, createProfileCheck());
  if (thing === undefined) {
    // Its own reader has the last word, so what this writes is never refused at the next start.
    const errors = wrong.filter(isError);
    // A name that no profile can have is only a warning there: such a file is left out.
    for (const { message, place, remedy } of errors.length > 0 ? errors : wrong) {
      const key = place.key === undefined ? '' : `"${place.key}": `;
      problems.push(problemAt(source, [], `is not converted: ${key}${message}`, remedy ?? 'change it there'));
    }
    return undefined;
  }
  const from = [source.file, ...(bootOf === source ? [] : [bootOf.file]), ...(machines?.files ?? [])];
  return { profile: thing.profile, file, content, from, documents: [...kept.found.values()], assets: converted.assets };
}

const IDS = { ignition: 'ignition_id', cloud_config: 'cloud_id', generic: 'generic_id' } as const;

async function documentsOf(
  { value }: MatchboxFile,
  { generic }: ConvertedBoot,
  documents: DocumentConverter,
): Promise<{ readonly found: ReadonlyMap<string, ConvertedDocument>; readonly lost: boolean }> {
  const found = new Map<string, ConvertedDocument>();
  let lost = false;
  for (const kind of ['ignition', 'cloud_config', 'generic'] as const) {
    const id = value[IDS[kind]];
    if (typeof id !== 'string' || id === '') continue;
    const document = await documents(kind, id);
    if (document === undefined) lost = true;
    else found.set(kind === 'generic' ? generic : kind, document);
  }
  return { found, lost };
}

/** Nothing is erased for a system that would then start without its configuration. */
function installOf(
  source: MatchboxFile,
  { disk, system }: ConvertedBoot,
  machines: Machines | undefined,
  lost: boolean,
  problems: FileDiagnostic[],
): JsonObject | undefined {
  const named = machines?.disk ?? disk;
  if (named === undefined) return undefined;
  const path = named.startsWith('/') ? named : `/dev/${named}`;
  const remedy = `add "install": { "disk": "${path}" } when it can be installed: see docs/lifecycle.md`;
  if (lost) {
    problems.push(problemAt(source, [], 'does not install: its document is not converted', remedy));
    return undefined;
  }
  if (system === 'custom') {
    const message =
      'does not install: Pilotlight makes the installer of Flatcar and Fedora CoreOS, but not of its kernel';
    problems.push(problemAt(source, [], message, 'write "system" and "version" in place of "kernel" and "initrd"'));
    return undefined;
  }
  return { disk: path };
}

/** Files keep their names; where a system has its own folder, they go there. */
function imagesOf(made: readonly Made[]): ImportReport['images'] {
  const moves = made.flatMap(({ profile, assets }) => {
    const own = profile.system !== 'custom' && profile.version !== '';
    const [build] = own ? builds(profile) : [];
    const shelf = build && SYSTEMS[profile.system].shelf(build);
    const custom = [profile.kernel, ...profile.initrd.map(initrdPath)];
    return assets
      .filter((path) => shelf !== undefined || custom.includes(path))
      .map((path) => ({
        from: `assets/${path}`,
        to: shelf === undefined ? `images/${path}` : `images/${shelf}/${path.slice(path.lastIndexOf('/') + 1)}`,
      }));
  });
  return [...new Map(moves.map((move) => [`${move.from} ${move.to}`, move])).values()];
}

async function refuseTaken(to: string, files: readonly string[]): Promise<void> {
  const there: string[] = [];
  for (const file of files) if (await exists(join(to, file)).catch(() => false)) there.push(file);
  if (there.length > 0) throw taken(to, there);
}

function taken(to: string, files: readonly string[]): Failure {
  const [first = '', ...more] = files;
  const others = more.length === 0 ? '' : `, and so do ${more.slice(0, 5).join(', ')}${more.length > 5 ? ' ...' : ''}`;
  return new Failure('conflict', `${join(to, first)} exists already${others}: nothing was written`, {
    remedy: 'name another folder with --to, or move the files away',
  });
}
