import { parseTree } from 'jsonc-parser';
import { Failure, problemFailure } from '../model/failure.ts';
import { MAX_PROFILE_BYTES, type Version } from '../model/profile.ts';
import type { DataRoot } from '../files/data-root.ts';
import { editFile } from '../files/edit-file.ts';
import { readJson } from './json-text.ts';

/** `none`: the profile has no version, or null, so the operator does not want one there. Nothing was written then. */
export type VersionChange = 'written' | 'same' | 'none';

/**
 * Rewrites the value of a profile's own `version` and not one byte more: order, indentation, line ends, byte order mark,
 * mode and owner stay. What the operator saves meanwhile wins: we begin again on top of it. Throws Failure `broken`
 * for a file that is not JSON, `conflict` when somebody saves faster than we write, and what DataRoot throws.
 */
export async function setVersion(files: DataRoot, file: string, version: Version): Promise<VersionChange> {
  const found = { version: true };
  const done = await editFile(files, file, {
    maxBytes: MAX_PROFILE_BYTES,
    change(bytes) {
      if (bytes === undefined) throw new Failure('not-found', `${file} does not exist`);
      const edited = withVersion(bytes, file, version);
      found.version = edited !== undefined;
      return Promise.resolve(edited);
    },
  });
  if (done !== 'busy') return found.version ? done : 'none';
  throw new Failure('conflict', 'was saved by another program each time its version was to be written', {
    place: { file, key: 'version' },
    remedy: 'run the sync again when the file is not being edited',
  });
}

function withVersion(bytes: Buffer, file: string, version: Version): Buffer | undefined {
  const { problems } = readJson(bytes, file);
  const broken = problems.find((problem) => problem.severity === 'error');
  if (broken !== undefined) throw problemFailure(broken);
  // As Latin-1 every byte is one character, so that the parser's offsets are offsets in the file. All that shapes JSON
  // is ASCII, and so is every byte of it: UTF-8's other bytes only ever stand inside strings.
  const start = bytes.subarray(0, 3).equals(BOM) ? 3 : 0;
  const root = parseTree(bytes.toString('latin1', start));
  const named = (is: (key: unknown) => boolean) => root?.children?.find((child) => is(child.children?.[0]?.value));
  // A file made for coreos-ipxe-server may spell it in any case: see legacy-keys.ts.
  const property =
    named((key) => key === 'version') ?? named((key) => typeof key === 'string' && key.toLowerCase() === 'version');
  const value = property?.children?.[1];
  if (root?.type !== 'object' || value?.type !== 'string') return undefined;
  const from = start + value.offset;
  return Buffer.concat([
    bytes.subarray(0, from),
    // A Version needs no escapes.
    Buffer.from(`"${version}"`),
    bytes.subarray(from + value.length),
  ]);
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
