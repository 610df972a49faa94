import type { DataRoot } from '../files/data-root.ts';
import { editFile } from '../files/edit-file.ts';
import { Failure, type FileDiagnostic, isError, problemFailure } from '../model/failure.ts';
import { type Json, type JsonObject, MAX_PROFILE_BYTES, type Version } from '../model/profile.ts';
import { withItem, withoutItem, withValue } from '../text/json-edit.ts';
import { readJson } from './profile-json.ts';
import { refuseTooLarge } from './save-file.ts';

/** What would be wrong with these bytes if they were the file. */
export type Judge = (bytes: Buffer) => Promise<readonly FileDiagnostic[]>;

/**
 * Changes the text of a profile: read, change, judge, replace in one step. What the operator saves meanwhile stays: the
 * change is made again on top of it. `change` gives the same text for nothing to do. Throws Failure `broken` for a file
 * that is not JSON, `invalid` for a change that would not come into force, `conflict` when others save faster than it is
 * written, and what DataRoot throws.
 */
export async function editProfile(
  files: DataRoot,
  file: string,
  change: (text: string) => string,
  judge: Judge,
): Promise<'written' | 'same'> {
  return await edit(files, file, async (bytes) => {
    const edited = changed(bytes, file, change);
    if (!edited.equals(bytes)) await refuseBroken(edited, file, judge);
    return edited;
  });
}

/** `none`: the profile has no version, or null, so the operator does not want one there. Nothing was written then. */
type VersionChange = 'written' | 'same' | 'none';

/**
 * Rewrites the value of a profile's own `version` and not one byte more: order, indentation, line ends, byte order mark,
 * mode and owner stay. Nothing is judged. Throws Failure as editProfile does.
 */
export async function setVersion(files: DataRoot, file: string, version: Version): Promise<VersionChange> {
  const found = { version: true };
  const done = await edit(files, file, (bytes) =>
    changed(bytes, file, (text) => {
      const edited = withVersion(text, version);
      found.version = edited !== undefined;
      return edited ?? text;
    }),
  );
  return found.version ? done : 'none';
}

function withVersion(text: string, version: Version): string | undefined {
  const profile = JSON.parse(text) as Json;
  if (typeof profile !== 'object' || profile === null || Array.isArray(profile)) return undefined;
  const keys = Object.keys(profile);
  // A file made for coreos-ipxe-server may spell it in any case: see legacy-keys.
  const key = keys.find((one) => one === 'version') ?? keys.find((one) => one.toLowerCase() === 'version');
  if (key === undefined || typeof (profile as JsonObject)[key] !== 'string') return undefined;
  return withValue(text, [key], version);
}

/** The text of a profile with one more node at the end of its `nodes`, set as its neighbours are; nothing else changes. */
export function withNode(text: string, node: JsonObject): string {
  return withItem(text, 'nodes', node);
}

/** The text without its first node that is `wanted`, and that node; undefined when there is none. */
export function withoutNode(
  text: string,
  wanted: (node: JsonObject) => boolean,
): { readonly text: string; readonly node: JsonObject } | undefined {
  const taken = withoutItem(text, 'nodes', wanted);
  return taken === undefined ? undefined : { text: taken.text, node: taken.item };
}

async function edit(
  files: DataRoot,
  file: string,
  change: (bytes: Buffer) => Buffer | Promise<Buffer>,
): Promise<'written' | 'same'> {
  const done = await editFile(files, file, {
    maxBytes: MAX_PROFILE_BYTES,
    async change(bytes) {
      if (bytes === undefined) throw new Failure('not-found', `${file} does not exist`);
      return await change(bytes);
    },
  });
  if (done !== 'busy') return done;
  throw new Failure('conflict', 'was saved by another program each time it was to be written', {
    place: { file },
    remedy: 'try again when the file is not being edited',
  });
}

const BOM = '\uFEFF';

function changed(bytes: Buffer, file: string, change: (text: string) => string): Buffer {
  const broken = readJson(bytes, file).diagnostics.all.find(isError);
  if (broken !== undefined) throw problemFailure(broken);
  // It is UTF-8 or there would be a problem: decoding and encoding give the same bytes.
  const text = bytes.toString('utf8');
  const mark = text.startsWith(BOM) ? BOM : '';
  try {
    return Buffer.from(mark + change(text.slice(mark.length)));
  } catch (error) {
    if (!(error instanceof Failure) || error.place !== undefined) throw error;
    throw new Failure(error.code, error.message, { place: { file }, remedy: error.remedy, cause: error });
  }
}

async function refuseBroken(bytes: Buffer, file: string, judge: Judge): Promise<void> {
  refuseTooLarge({ file, maxBytes: MAX_PROFILE_BYTES }, bytes);
  const wrong = (await judge(bytes)).find(isError);
  if (wrong === undefined) return;
  throw new Failure('invalid', `it would not do: ${wrong.message}`, { place: wrong.place, remedy: wrong.remedy });
}

/** A profile without the machines that it names, and not the default one: another profile may not claim them, too. */
export function withoutMachines(text: string): string {
  const profile = JSON.parse(text) as Json;
  if (typeof profile !== 'object' || profile === null || Array.isArray(profile)) return text;
  const keys: readonly (readonly [string, Json])[] = [['nodes', []], ['default', false]]; // prettier-ignore
  return keys.reduce((made, [key, value]) => (key in profile ? withValue(made, [key], value) : made), text);
}
