import { Type as t } from '@sinclair/typebox';
import { Failure, isError } from '../../model/failure.ts';
import { FilesView, FileView, Preview, VersionPreview } from '../../model/file-views.ts';
import { MAX_PROFILE_BYTES } from '../../model/profile.ts';
import { ref, text } from '../../model/schema.ts';
import type { FileName } from '../service/files.ts';
import { type ApiAsk, type ApiRoute, route } from './route.ts';

/** What a change was made on top of. */
export const REVISION = t.Optional(
  text('of the text that the change began with: another one by now is 409; absent for a new file', { maxLength: 128 }),
);

/** Profiles, configs and keys as files: look, change, remove, undo. */
export const FILE_ROUTES: readonly ApiRoute[] = [
  route('GET /files', 'listFiles', 'every config and key, and the files that are gone and can come back', {
    does: 'files',
    answer: FilesView,
    about: 'the files',
    give: ({ service }) => service.files(),
  }),
  route('GET /files/{folder}/{name}', 'getFile', 'one profile, config or key: its text, who uses it, older versions', {
    does: 'file',
    answer: ref('FileView', FileView),
    about: 'the file',
    give: (ask) => ask.service.file(fileOf(ask)),
  }),
  route(
    'POST /files/{folder}/{name}/preview',
    'previewFile',
    'what a new text would change, for which machines, and what is wrong with it; nothing is written',
    {
      does: 'previewFile',
      body: { text: t.Optional(text('the whole file; absent: it is removed', { maxLength: MAX_PROFILE_BYTES })) },
      answer: ref('Preview', Preview),
      about: 'the change',
      give: (ask) => ask.service.previewFile(fileOf(ask), ask.body.text),
    },
  ),
  route('PUT /files/{folder}/{name}', 'saveFile', 'write the file; a text with errors is not written (400)', {
    does: 'saveFile',
    body: { text: text('the whole file', { maxLength: MAX_PROFILE_BYTES }), revision: REVISION },
    answer: ref('Preview', Preview),
    about: 'what was written',
    give: async (ask) => written(await ask.service.saveFile(fileOf(ask), ask.body.text, ask.body.revision)),
  }),
  route(
    'POST /files/{folder}/{name}/remove',
    'removeFile',
    'remove the file, unless something else would break by it (400); its versions are kept',
    {
      does: 'saveFile',
      body: { revision: text('of the text that is removed: another one by now is 409', { maxLength: 128 }) },
      answer: ref('Preview', Preview),
      about: 'what was removed',
      give: async (ask) => written(await ask.service.saveFile(fileOf(ask), undefined, ask.body.revision)),
    },
  ),
  route(
    'GET /files/{folder}/{name}/versions/{version}',
    'getFileVersion',
    'what the file held before one of its last ten changes, and what restoring that would do',
    {
      does: 'fileVersion',
      answer: ref('VersionPreview', VersionPreview),
      about: 'the version',
      give: (ask) => ask.service.fileVersion(fileOf(ask), ask.param('version')),
    },
  ),
  route(
    'POST /files/{folder}/{name}/versions/{version}/restore',
    'restoreFile',
    'put that version back, byte for byte; one that has errors by now is not written (400)',
    {
      does: 'restoreFile',
      body: { revision: REVISION },
      answer: ref('Preview', Preview),
      about: 'what was written',
      give: async (ask) => written(await ask.service.restoreFile(fileOf(ask), ask.param('version'), ask.body.revision)),
    },
  ),
];

function fileOf(ask: Pick<ApiAsk, 'param'>): FileName {
  return { folder: ask.param('folder'), name: ask.param('name') };
}

/** A program that looks at the status alone must not believe that a broken file was written. */
export function written(preview: Preview): Preview {
  const errors = preview.problems.filter(isError);
  const [first] = errors;
  if (first === undefined) return preview;
  const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more: ask for a preview)`;
  throw new Failure('invalid', `not written: ${first.message}${more}`, { place: first.place, remedy: first.remedy });
}
