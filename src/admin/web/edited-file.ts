import type { Request } from 'express';
import { type CatalogFile, catalogFile, FILE_KINDS, type FileFolder } from '../../catalog/catalog-file.ts';
import type { Preview, VersionView } from '../../model/file-views.ts';
import { plural } from '../../model/text.ts';
import { pathText } from './form-fields.ts';
import { hrefOf, machineHref, moment, problemItems } from './format.ts';
import type { Section } from './page.ts';
import { textDiff } from './text-diff.ts';

/** How the pages of the three folders differ. */
interface Kind {
  readonly section: Section;
  /** Where a new one is written. */
  readonly fresh: string;
  /** The list that it is in. */
  readonly list: string;
  readonly label: string;
  /** What a new one begins with. */
  readonly starter: string;
  readonly nameHelp: string;
}

export const KINDS: Readonly<Record<FileFolder, Kind>> = {
  profiles: {
    section: 'Profiles',
    fresh: '/dashboard/new-profile',
    list: '/dashboard/profiles',
    label: 'Text (JSON)',
    starter: '{\n  "system": "flatcar",\n  "channel": "stable",\n  "nodes": []\n}\n',
    nameHelp: 'profiles/NAME.json',
  },
  configs: {
    section: 'Files',
    fresh: '/dashboard/new-config',
    list: '/dashboard/files',
    label: 'Text',
    starter: '',
    nameHelp: 'configs/NAME',
  },
  sshkeys: {
    section: 'Files',
    fresh: '/dashboard/new-key',
    list: '/dashboard/files',
    label: 'Public key',
    starter: '',
    nameHelp: 'sshkeys/NAME.pub',
  },
};
export const EDITED_FOLDERS = Object.keys(KINDS) as readonly FileFolder[];

/** The file in the path of a request. Throws Failure `invalid`. */
export function fileInPath(req: Request, folder: FileFolder): CatalogFile {
  return catalogFile(folder, pathText(req, 'name'));
}

/** Its name as people say it: a config's has its ending. */
export function shownName({ folder, name }: Pick<CatalogFile, 'folder' | 'name'>): string {
  return `${name}${FILE_KINDS[folder].what === 'key' ? '.pub' : ''}`;
}

/** What an editor colours, and indents by. */
export function languageOf({ folder, name }: Pick<CatalogFile, 'folder' | 'name'>, text: string): string {
  const plain = name.replace(/\.hbs$/, '');
  if (folder === 'profiles' || /\.(?:json|ign)$/.test(plain)) return 'json';
  if (/\.(?:ya?ml|bu)$/.test(plain) || text.startsWith('#cloud-config')) return 'yaml';
  return 'text';
}

/** More are named in words. */
const MOST_NAMES = 30;

/** `own`: the problems of the file itself lead to lines of the text on the same page. */
/** What a change would do, as the editor, the question before a removal and an older version show it. Refused: not written. */
export function shownChange(preview: Preview, own: 'editor' | 'page' = 'page') {
  const { file, diff, problems, machines, touched, unlisted } = preview;
  const items = problemItems(problems, own === 'editor' ? file : undefined);
  const named = machines.slice(0, MOST_NAMES);
  const others = unlisted ? [...(touched > 0 ? ['and '] : []), 'every machine that no profile lists'] : [];
  return {
    file,
    diff: textDiff(diff),
    problems: items,
    refused: items.some(({ error }) => error),
    touched:
      touched === 0 && !unlisted ? 'none' : `${touched > 0 ? `${plural(touched, 'node')} ` : ''}${others.join('')}`,
    machines: named.map(({ name, key, from, to }) => ({
      name,
      href: key === undefined ? undefined : machineHref(key),
      boots: from === to ? (to ?? '') : `${from ?? 'no profile'} \u2192 ${to ?? 'no profile'}`,
    })),
    more: touched > named.length ? `and ${touched - named.length} more` : undefined,
  };
}

/** The kept versions of a file, as its page lists them. */
export function shownVersions(
  file: Pick<CatalogFile, 'folder' | 'name'>,
  versions: readonly VersionView[],
  now: number,
): readonly object[] {
  return versions.map(({ id, at, who }) => ({ at: moment(at, now), who, href: `${hrefOf(file)}/versions/${id}`, id }));
}
