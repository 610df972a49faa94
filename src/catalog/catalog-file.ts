import { Failure } from '../model/failure.ts';
import { MAX_PROFILE_BYTES, NAME_RULE, parseName } from '../model/profile.ts';

const MIB = 1024 * 1024;

/** What the catalog reads, below the data directory, and what operators edit: one row for each folder. */
export const FILE_KINDS = {
  profiles: { what: 'profile', ending: '.json', maxBytes: MAX_PROFILE_BYTES },
  configs: { what: 'config', ending: '', maxBytes: 4 * MIB },
  sshkeys: { what: 'key', ending: '.pub', maxBytes: MIB / 16 },
} as const;

export type FileFolder = keyof typeof FILE_KINDS;
export const FOLDERS = Object.keys(FILE_KINDS) as readonly FileFolder[];

/** One of these files, by its path. */
export interface CatalogFile {
  /** `configs/a.yml`: relative to the data directory. */
  readonly file: string;
  readonly folder: FileFolder;
  readonly what: (typeof FILE_KINDS)[FileFolder]['what'];
  /** Below its folder, without the ending that all files there have: `a`, `a.yml.hbs`, `lab/a`. */
  readonly name: string;
  readonly maxBytes: number;
}

/**
 * The file that a request means: of profiles/, configs/ or sshkeys/ and of nothing else, by a name that the catalog reads.
 * Throws Failure `invalid`.
 */
export function catalogFile(folder: string, name: string): CatalogFile {
  const known = FOLDERS.find((one) => one === folder);
  if (known === undefined) {
    throw new Failure('invalid', `files of "${shown(folder)}" are not edited here`, {
      remedy: `take one of ${FOLDERS.join(', ')}`,
    });
  }
  const { what, ending, maxBytes } = FILE_KINDS[known];
  // What a profile calls it, that must be a name, too.
  const plain = known === 'configs' && name.endsWith('.hbs') ? name.slice(0, -'.hbs'.length) : name;
  if (name === '') throw new Failure('invalid', `${what}: the name is missing`, { remedy: NAME_RULE });
  if (parseName(plain) === undefined || isPrivate(`${name}${ending}`)) {
    throw new Failure('invalid', `${what}: "${shown(name)}" is not a name`, { remedy: NAME_RULE });
  }
  return { file: `${known}/${name}${ending}`, folder: known, what, name, maxBytes };
}

/** The same of a path; undefined for every other file. */
export function catalogFileAt(file: string): CatalogFile | undefined {
  const [, folder = '', rest = ''] = /^([^/]*)\/(.*)$/s.exec(file) ?? [];
  const known = FOLDERS.find((one) => one === folder);
  if (known === undefined || !rest.endsWith(FILE_KINDS[known].ending)) return undefined;
  try {
    return catalogFile(known, rest.slice(0, rest.length - FILE_KINDS[known].ending.length));
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** Hidden files and what editors leave beside the file that they are writing: never read. */
export function isPrivate(name: string): boolean {
  return /^\.|^#.*#$|~$|\.sw[a-p]$/.test(name.slice(name.indexOf('/') + 1));
}

function shown(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is replaced
  return text.slice(0, 80).replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}
