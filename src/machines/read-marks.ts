import { Failure, failureLine } from '../model/failure.ts';
import type { DataRoot } from '../files/data-root.ts';
import type { Listing } from '../files/list-folder.ts';
import type { InstallMark } from './mark.ts';
import { machineOfFile, MARKS_FOLDER, MAX_MARK, parseMark } from './mark-file.ts';

/** How many are read at the same time. */
const AT_ONCE = 64;

export interface ReadMarks {
  /** By file name. */
  readonly marks: ReadonlyMap<string, InstallMark>;
  /** Files that cannot be understood, and why: those machines wait. */
  readonly broken: readonly { readonly file: string; readonly why: string }[];
  /** Why not even the folder can be read. */
  readonly unreadable?: string;
}

/** Every mark of state/machines/. A broken file is never a reason to install: a disk may hold somebody's data. */
export async function readMarks(files: DataRoot): Promise<ReadMarks> {
  const listing = await list(files);
  if (typeof listing === 'string') return { marks: new Map(), broken: [], unreadable: listing };
  const marks = new Map<string, InstallMark>();
  const broken: { file: string; why: string }[] = [];
  const names = listing.names.filter(isMarkFile);
  for (let at = 0; at < names.length; at += AT_ONCE) {
    await Promise.all(
      names.slice(at, at + AT_ONCE).map(async (name) => {
        take(name, await read(files, name));
      }),
    );
  }
  for (const { name, failure } of listing.broken) if (isMarkFile(name)) take(name, failureLine(failure));
  return { marks, broken };

  function take(name: string, found: InstallMark | string | undefined): void {
    if (typeof found !== 'string') {
      if (found !== undefined) marks.set(name, found);
      return;
    }
    const file = `${MARKS_FOLDER}/${name}`;
    broken.push({ file, why: found });
    marks.set(name, brokenMark(machineOfFile(name), `${file} cannot be understood: ${found}`));
  }
}

/** Says no more than that there is a file, and why it is of no use. */
function brokenMark(who: Pick<InstallMark, 'key' | 'machine'>, why: string): InstallMark {
  return { ...who, state: 'installed', since: 0, tries: 0, profile: '', disk: '', broken: why };
}

async function list(files: DataRoot): Promise<Listing | string> {
  try {
    return await files.list(MARKS_FOLDER);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.code === 'not-found' ? { names: [], broken: [] } : failureLine(error);
  }
}

/** Undefined: gone since the folder was listed. */
async function read(files: DataRoot, name: string): Promise<InstallMark | string | undefined> {
  try {
    const { bytes } = await files.read(`${MARKS_FOLDER}/${name}`, MAX_MARK);
    return parseMark(bytes.toString('utf8'), name);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.code === 'not-found' ? undefined : failureLine(error);
  }
}

/** Drafts of files/replace begin with a dot. */
function isMarkFile(name: string): boolean {
  return name.endsWith('.json') && !name.startsWith('.');
}
