import { isUtf8 } from 'node:buffer';
import { isDeepStrictEqual } from 'node:util';
import { type CatalogFile, catalogFile, catalogFileAt } from '../../catalog/catalog-file.ts';
import { filesWithVersions, listVersions, readVersion } from '../../catalog/file-history.ts';
import { readIfThere, refuseTooLarge, revisionOf, saveFile as write } from '../../catalog/save-file.ts';
import { isNamedBy, namedDocuments, type Snapshot } from '../../catalog/snapshot.ts';
import { asFailure, Failure, isError } from '../../model/failure.ts';
import type { FileRow, FilesView, FileView, Preview, TouchedMachine, VersionPreview } from '../../model/file-views.ts';
import { machineKey, nodeFacts } from '../../model/machine.ts';
import type { Node, Profile } from '../../model/profile.ts';
import { hidePrivateKeys } from '../../model/redact.ts';
import { nearest } from '../../model/text.ts';
import { onlyLooks } from './actor.ts';
import type { AdminDeps } from './deps.ts';
import { lineDiff } from './line-diff.ts';

type Deps = Pick<AdminDeps, 'catalog' | 'files' | 'log'>;

/** A file that operators edit, as a request names it: see `catalogFile`. */
export interface FileName {
  readonly folder: string;
  readonly name: string;
}

/** Every config and key, and what is gone and can come back. */
export async function filesView({ catalog, files }: Deps): Promise<FilesView> {
  const snapshot = await catalog.refresh();
  const known = new Set([...snapshot.documents.values(), ...snapshot.keys.values()].map(({ file }) => file));
  // A file that never was good is in no version in force: what is wrong with it names it.
  for (const { place } of snapshot.problems) known.add(place.file);
  const rows = [...known].flatMap((file) => catalogFileAt(file) ?? []).filter(({ folder }) => folder !== 'profiles');
  const kept = await filesWithVersions(files);
  const removed = await Promise.all(
    kept.flatMap((file) => catalogFileAt(file) ?? []).map((file) => removedFile(files, file)),
  );
  return {
    files: rows.map((file) => fileRow(file, snapshot)).toSorted(byFile),
    removed: removed.filter((one) => one !== undefined).toSorted(byFile),
  };
}

export async function fileView({ catalog, files }: Deps, named: FileName): Promise<FileView> {
  const file = catalogFile(named.folder, named.name);
  const snapshot = await catalog.refresh();
  const bytes = await readIfThere(files, file);
  if (bytes === undefined) throw missing(file, snapshot);
  return {
    ...fileRow(file, snapshot),
    text: asText(toBeShown(bytes)),
    revision: revisionOf(bytes),
    versions: await listVersions(files, file.file),
  };
}

/** `text` undefined: the file would be removed. */
export async function previewFile(deps: Deps, named: FileName, text: string | undefined): Promise<Preview> {
  return (await draftOf(deps, catalogFile(named.folder, named.name), (before) => edited(before, text))).preview;
}

/**
 * Writes the file, or removes it (`text` undefined). A text with errors is not written: the preview says so. `revision` is
 * the one of the text that the change began with; undefined creates the file. Throws Failure `conflict` for an outdated one.
 */
export async function saveFile(
  deps: Deps,
  named: FileName,
  text: string | undefined,
  revision: string | undefined,
): Promise<Preview> {
  const file = catalogFile(named.folder, named.name);
  const draft = await draftOf(deps, file, (before) => edited(before, text));
  if (text === undefined && draft.before === undefined) throw missing(file, deps.catalog.current());
  return await put(deps, draft, revision);
}

/** A kept version beside what the file holds now. */
export async function fileVersion({ catalog, files, log }: Deps, named: FileName, id: string): Promise<VersionPreview> {
  const file = catalogFile(named.folder, named.name);
  const { bytes, at, who } = await readVersion(files, file, id);
  const { before, preview } = await draftOf({ catalog, files, log }, file, () => bytes);
  const revision = before && revisionOf(before);
  return { ...preview, version: { id, at, who }, text: asText(bytes), revision };
}

/** Puts a kept version back, byte for byte, as `saveFile` writes a text. */
export async function restoreFile(
  deps: Deps,
  named: FileName,
  id: string,
  revision: string | undefined,
): Promise<Preview> {
  const file = catalogFile(named.folder, named.name);
  const { bytes } = await readVersion(deps.files, file, id);
  return await put(deps, await draftOf(deps, file, () => bytes), revision);
}

interface Draft {
  readonly file: CatalogFile;
  readonly before: Buffer | undefined;
  /** Undefined: it is removed. */
  readonly bytes: Buffer | undefined;
  readonly preview: Preview;
}

async function draftOf(
  { catalog, files }: Deps,
  file: CatalogFile,
  make: (before: Buffer | undefined) => Buffer | undefined,
): Promise<Draft> {
  const before = await readIfThere(files, file);
  const bytes = make(before);
  refuseTooLarge(file, bytes);
  const now = await catalog.refresh();
  const { problems, snapshot } = catalog.attempt(new Map([[file.file, bytes]]));
  const preview = {
    file: file.file,
    diff: lineDiff(shownText(before), shownText(bytes)),
    problems,
    ...touchedBy(file.file, now, snapshot()),
  };
  return { file, before, bytes, preview };
}

async function put(deps: Deps, { file, before, bytes, preview }: Draft, revision: string | undefined) {
  const stale = (before && revisionOf(before)) !== revision;
  // That the text is outdated must be known before what is wrong with it.
  if (!stale && preview.problems.some(isError)) return preview;
  const isSame = bytes === undefined ? before === undefined : before?.equals(bytes) === true;
  if (stale || !isSame) await write(deps.files, file, bytes, revision);
  await deps.catalog.refresh();
  deps.log.info({ file: file.file }, `a ${file.what} was ${bytes === undefined ? 'removed' : 'saved'} by an operator`);
  return preview;
}

function fileRow({ file, folder, name }: CatalogFile, snapshot: Snapshot): FileRow {
  const inForce = { profiles: snapshot.profiles, configs: snapshot.documents, sshkeys: snapshot.keys }[folder];
  return {
    file,
    folder,
    name,
    problems: snapshot.problems.filter(({ place }) => place.file === file),
    inForce: inForce.has(name),
    usedBy: folder === 'profiles' ? [] : profilesWith(file, snapshot),
  };
}

async function removedFile(files: Deps['files'], file: CatalogFile): Promise<FilesView['removed'][number] | undefined> {
  const { folder, name } = file;
  // What stands there and is no file of ours (a folder, a link that leads out) is not gone, either.
  const isThere = await files.stat(file.file).then(Boolean, (error: unknown) => asFailure(error).code !== 'not-found');
  if (isThere) return undefined;
  const [last] = await listVersions(files, file.file);
  return last && { file: file.file, folder, name, last };
}

/** A config may hold a private key: who may not change the file does not see it. */
function toBeShown(bytes: Buffer): Buffer {
  return onlyLooks() ? Buffer.from(hidePrivateKeys(bytes)) : bytes;
}

function shownText(bytes: Buffer | undefined): string {
  return bytes === undefined ? '' : toBeShown(bytes).toString('utf8');
}

/** Undefined for what a browser's text field would not give back as it was. */
function asText(bytes: Buffer): string | undefined {
  return isUtf8(bytes) && !bytes.includes(0) ? bytes.toString('utf8') : undefined;
}

function edited(before: Buffer | undefined, text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : editedLikeBefore(before, text);
}

/**
 * A text from an editor as bytes, with the line ends of the file that it replaces: a form in a browser has one kind for
 * all files. A file with both kinds gets what was sent.
 */
export function editedLikeBefore(before: Buffer | undefined, text: string): Buffer {
  if (before === undefined) return Buffer.from(text);
  const old = before.toString('latin1');
  const all = old.split('\n').length - 1;
  const crlf = old.split('\r\n').length - 1;
  if (all === 0 || (crlf > 0 && crlf < all)) return Buffer.from(text);
  const plain = text.replaceAll('\r\n', '\n');
  return Buffer.from(crlf === 0 ? plain : plain.replaceAll('\n', '\r\n'));
}

/** What is asked for and not there. */
export function missing({ file, folder, what, name }: CatalogFile, snapshot: Snapshot): Failure {
  const known = { profiles: snapshot.profiles, configs: snapshot.documents, sshkeys: snapshot.keys }[folder];
  const near = nearest(name, known.keys());
  return new Failure('not-found', `there is no ${what} "${name}"`, {
    // A link that leads nowhere has the very name.
    remedy: near === undefined || near === name ? `create ${file}` : `did you mean "${near}"?`,
  });
}

function byFile(a: { readonly file: string }, b: { readonly file: string }): number {
  return a.file < b.file ? -1 : 1;
}

const MOST = 200;

/**
 * For which machines a change of a file changes what they boot, or may: nodes by name, and whether those are among them
 * that no profile names. What a text cannot come into force with touches none.
 */
function touchedBy(
  file: string,
  before: Snapshot,
  after: Snapshot,
): Pick<Preview, 'machines' | 'touched' | 'unlisted'> {
  const machines: TouchedMachine[] = [];
  let unlisted = false;
  const own = catalogFileAt(file);
  const names = new Set([before, after].flatMap((snapshot) => profilesWith(file, snapshot)));
  for (const name of names) {
    const [old, now] = [before.profiles.get(name), after.profiles.get(name)];
    // A document or a key may show in anything that the profile boots.
    const isChanged = own?.folder !== 'profiles' || !isDeepStrictEqual(beside(old), beside(now));
    if (isChanged && (old?.default === true || now?.default === true)) unlisted = true;
    const [left, stay] = [byKey(old), byKey(now)];
    for (const key of new Set([...left.keys(), ...stay.keys()])) {
      const [was, is] = [left.get(key), stay.get(key)];
      if (!isChanged && isDeepStrictEqual(was, is)) continue;
      machines.push(touched(was, is));
    }
  }
  return { machines: machines.slice(0, MOST), touched: machines.length, unlisted };

  function touched(was: Node | undefined, is: Node | undefined): TouchedMachine {
    const facts = nodeFacts(is ?? (was as Node));
    const [from, to] = [before.match(facts)?.profile.name, after.match(facts)?.profile.name];
    return { name: (is ?? was)?.name ?? '', key: machineKey(facts), from, to };
  }
}

/** The profiles that name a file: a document, or a key; of a profile itself, that profile. */
function profilesWith(file: string, snapshot: Snapshot): readonly string[] {
  const own = catalogFileAt(file);
  if (own === undefined) return [];
  const { folder, name } = own;
  const { documents, keys, profiles } = snapshot;
  if (folder === 'profiles') return profiles.has(name) ? [name] : [];
  const names = (isIt: (profile: Profile) => boolean): readonly string[] =>
    [...profiles.values()].filter(isIt).map((profile) => profile.name);
  if (folder === 'sshkeys') {
    if (!keys.has(name)) return [];
    const listsAll = (profile: Profile): boolean =>
      namedDocuments(profile, documents).some(
        ({ document: { template, bytes } }) => template && bytes.includes('ssh_keys'),
      );
    return names((profile) => profile.sshkey === name || listsAll(profile));
  }
  const document = documents.get(name);
  return document === undefined ? [] : names((profile) => isNamedBy(profile, document, documents));
}

/** A profile without its machines. */
function beside(profile: Profile | undefined): unknown {
  return profile && { ...profile.raw, nodes: [] };
}

function byKey(profile: Profile | undefined): ReadonlyMap<string, Node> {
  return new Map(profile?.nodes.map((node) => [machineKey(nodeFacts(node)) ?? node.name, node]));
}
