import { Type as t } from '@sinclair/typebox';
import { list, moment, oneOf, ref, text, type View, whole } from './schema.ts';
import { ProblemView } from './views.ts';

// The files that operators edit (profiles, configs, keys), as the API and the pages show them.

const FOLDER = oneOf(['profiles', 'configs', 'sshkeys'], 'where it lies');

/** What a file held before an operator changed it. */
export const VersionView = t.Object({
  id: text(),
  at: moment('when it was replaced or removed'),
  who: text('by whom'),
});
export type VersionView = View<typeof VersionView>;

export const FileRow = t.Object({
  file: text('`configs/a.yml`, below the data directory'),
  folder: FOLDER,
  name: text('without the ending that all files there have: what `/files/{folder}/{name}` takes'),
  problems: list(ref('Problem', ProblemView)),
  inForce: t.Boolean({ description: 'false: no good version of it was ever there' }),
  usedBy: list(text(), 'the profiles that name it; of a key also those with templates that list all keys'),
});
export type FileRow = View<typeof FileRow>;

export const FilesView = t.Object({
  files: list(ref('File', FileRow), 'configs and keys; profiles have a list of their own'),
  removed: list(
    t.Object({ file: text(), folder: FOLDER, name: text(), last: ref('Version', VersionView) }),
    'files that are gone, of which versions are kept; profiles, too',
  ),
});
export type FilesView = View<typeof FilesView>;

export const FileView = t.Object({
  ...FileRow.properties,
  text: t.Optional(text('the file as it is on disk now; absent for one that is not UTF-8 text')),
  revision: text('names this very content: a change is made on top of it or not at all'),
  versions: list(ref('Version', VersionView), 'what it held before, newest first: the last ten'),
});
export type FileView = View<typeof FileView>;

/** A machine for which a change of a file changes what it boots, or may. */
const TouchedMachine = t.Object({
  name: text(),
  key: t.Optional(text()),
  from: t.Optional(text('the profile that it has now; absent: none')),
  to: t.Optional(text('the profile that it would have; absent: none')),
});
export type TouchedMachine = View<typeof TouchedMachine>;

/** What a change of a file would do. */
export const Preview = t.Object({
  file: text(),
  diff: list(t.Object({ sign: oneOf([' ', '+', '-']), text: text() })),
  problems: list(
    ref('Problem', ProblemView),
    'with an error among them it would not come into force, and is not written',
  ),
  machines: list(TouchedMachine, 'those of nodes that boot something else then, or may: at most 200'),
  touched: whole('how many these are'),
  unlisted: t.Boolean({ description: 'machines that no profile names are touched, too' }),
});
export type Preview = View<typeof Preview>;
export type DiffLine = Preview['diff'][number];

/** A kept version beside the file as it is now: what restoring it would do. */
export const VersionPreview = t.Object({
  ...Preview.properties,
  version: ref('Version', VersionView),
  text: t.Optional(text('what it holds; absent for what is not UTF-8 text')),
  revision: t.Optional(text('of the file as it is now; absent when it is gone')),
});
export type VersionPreview = View<typeof VersionPreview>;

/** Components of the OpenAPI document. */
export const FILE_COMPONENTS = { File: FileRow, Version: VersionView, FileView, Preview, VersionPreview };
