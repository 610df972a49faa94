import type { Request, Response } from 'express';
import { type CatalogFile, catalogFile, FILE_KINDS, type FileFolder } from '../../catalog/catalog-file.ts';
import { withoutMachines } from '../../catalog/edit-profile.ts';
import { STATUS } from '../../http/reply.ts';
import { Failure, isError, unlessFailed } from '../../model/failure.ts';
import type { FileView, Preview } from '../../model/file-views.ts';
import type { ProfileView } from '../../model/views.ts';
import { profileKeys } from '../service/profiles.ts';
import { EDITED_FOLDERS, fileInPath, KINDS, languageOf, shownChange, shownName } from './edited-file.ts';
import { fieldText, longField, queryText } from './form-fields.ts';
import { hrefOf } from './format.ts';
import { type FormFailure, formFailure, type Page, type PageDeps, type PageShow } from './page.ts';

/** Of a file that is there, and of a new one: edit, preview, save. */
export function mountEditorPage(show: PageShow, { adminService }: PageDeps): void {
  for (const folder of EDITED_FOLDERS) {
    const { section, fresh } = KINDS[folder];
    show.route(section, `/dashboard/${folder}/:name/edit`, { get: async (req, res) => open(req, res, folder) });
    show.route(section, fresh, { get: async (req, res) => begin(req, res, folder) });
    for (const isNew of [false, true]) {
      const base = isNew ? fresh : `/dashboard/${folder}/:name`;
      const route = (path: string, act: (req: Request, res: Response, input: EditorInput) => Promise<void>): void => {
        show.route(section, `${base}/${path}`, {
          post: async (req, res) => act(req, res, isNew ? typedAnew(req, folder) : typed(req, folder)),
        });
      };
      route('preview', preview);
      route('save', save);
    }
  }

  function shown(input: EditorInput): Page {
    return editorPage({ ...input, keys: input.folder === 'profiles' ? profileKeys() : [] });
  }

  /** The file as it is, or as it was in a kept version. */
  async function open(req: Request, res: Response, folder: FileFolder): Promise<void> {
    const file = fileInPath(req, folder);
    const [view, version] = [await adminService.file(file), queryText(req, 'version')];
    const text = version === undefined ? view.text : (await adminService.fileVersion(file, version)).text;
    await show.page(req, res, shown({ folder, name: file.name, text: editable(text), revision: view.revision }));
  }

  /** Empty, or as a copy of another one; as a version of one that is gone, under its name. */
  async function begin(req: Request, res: Response, folder: FileFolder): Promise<void> {
    const [copied, version, name] = ['copy', 'version', 'name'].map((field) => queryText(req, field));
    let input: EditorInput = { folder, name: undefined, typedName: name, text: KINDS[folder].starter };
    if (copied !== undefined) {
      const file = catalogFile(folder, copied);
      const text = editable((await adminService.file(file)).text);
      input = { ...input, text: folder === 'profiles' ? copyOf(text) : text, typedName: copyName(file), copied };
    } else if (name !== undefined && version !== undefined) {
      const { text } = await adminService.fileVersion(catalogFile(folder, name), version);
      input = { ...input, text: editable(text) };
    }
    await show.page(req, res, shown(input));
  }

  async function preview(req: Request, res: Response, input: EditorInput): Promise<void> {
    try {
      const made = await adminService.previewFile(fileOf(input), input.text);
      await show.page(req, res, shown({ ...input, preview: made }));
    } catch (error) {
      await refused(req, res, input, error);
    }
  }

  async function save(req: Request, res: Response, input: EditorInput): Promise<void> {
    try {
      const file = fileOf(input);
      const saved = await adminService.saveFile(file, input.text, input.revision);
      if (saved.problems.some(isError)) {
        await show.page(req, res, shown({ ...input, preview: saved }), STATUS.invalid);
        return;
      }
      show.done(req, res, hrefOf(file), input.name === undefined ? 'created' : 'saved');
    } catch (error) {
      if (error instanceof Failure && error.code === 'conflict') await conflict(req, res, input, error);
      else await refused(req, res, input, error);
    }
  }

  async function refused(req: Request, res: Response, input: EditorInput, error: unknown): Promise<void> {
    const failed = formFailure(error);
    await show.page(req, res, shown({ ...input, failed }), failed.status);
  }

  /** Both texts: theirs to read, ours in the field, and what saving ours would now do to theirs. */
  async function conflict(req: Request, res: Response, input: EditorInput, error: Failure): Promise<void> {
    const file = fileOf(input);
    const theirs = await unlessFailed(adminService.file(file));
    const made = await unlessFailed(adminService.previewFile(file, input.text));
    if (made === undefined) {
      await refused(req, res, input, error);
      return;
    }
    const revision = theirs?.revision;
    const page = shown({ ...input, name: file.name, revision, theirs: theirs ?? 'gone', preview: made });
    await show.page(req, res, page, STATUS.conflict);
  }
}

/** What was typed, on its way back into the page: nothing of it may get lost. */
function typed(req: Request, folder: FileFolder): EditorInput {
  const { name } = fileInPath(req, folder);
  return { folder, name, text: longField(req, 'text'), revision: fieldText(req, 'revision') };
}

function typedAnew(req: Request, folder: FileFolder): EditorInput {
  return { folder, name: undefined, typedName: fieldText(req, 'name') ?? '', text: longField(req, 'text') };
}

/** Throws Failure `invalid` for a new one whose name is none. */
function fileOf({ folder, name, typedName }: EditorInput): CatalogFile {
  return catalogFile(folder, name ?? typedName ?? '');
}

function editable(text: string | undefined): string {
  if (text !== undefined) return text;
  const remedy = 'change it on the host of the server';
  throw new Failure('refused', 'the file is no UTF-8 text: a browser would not give it back as it is', { remedy });
}

function copyOf(text: string): string {
  try {
    return withoutMachines(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

/** `a.yml.hbs` is copied as `a-copy.yml.hbs`. */
function copyName({ folder, name }: CatalogFile): string {
  return folder === 'configs' ? name.replace(/^((?:[^/]*\/)?[^./]+)/, '$1-copy') : `${name}-copy`;
}

export interface EditorInput {
  readonly folder: FileFolder;
  /** Undefined: a file that is not there yet. */
  readonly name: string | undefined;
  /** What stands in the field: the file, or what the operator made of it. */
  readonly text: string;
  /** Of the text that the change began with; undefined creates the file. */
  readonly revision?: string | undefined;
  /** What saving would do. */
  readonly preview?: Preview;
  /** The file was changed meanwhile, to this, or is gone. */
  readonly theirs?: Pick<FileView, 'text'> | 'gone';
  readonly failed?: FormFailure;
  /** For a new file: what was typed as its name. */
  readonly typedName?: string | undefined;
  /** What may stand in a profile: the help beside it. */
  readonly keys?: ProfileView['keys'];
  /** What a new file is a copy of. */
  readonly copied?: string;
}

/** Where the text of a file is changed: nothing is written before its preview was seen. */
export function editorPage(input: EditorInput): Page {
  const { folder, name, text, theirs } = input;
  const { section, fresh, list, label, nameHelp } = KINDS[folder];
  const preview = input.preview && shownChange(input.preview, 'editor');
  const base = name === undefined ? fresh : hrefOf({ folder, name });
  const { what } = FILE_KINDS[folder];
  const title = name === undefined ? `New ${what}` : `Edit ${shownName({ folder, name })}`;
  return {
    view: 'editor',
    title,
    section,
    live: [],
    scripts: ['editor.js'],
    data: {
      ...{ title, folder, name, label, nameHelp, section, list, text },
      typedName: input.typedName ?? '',
      copied: input.copied,
      isProfile: folder === 'profiles',
      isConfig: folder === 'configs',
      isKey: folder === 'sshkeys',
      rows: folder === 'sshkeys' ? 6 : 24,
      language: languageOf({ folder, name: name ?? input.typedName ?? '' }, text),
      revision: input.revision,
      keys: input.keys ?? [],
      previewAction: `${base}/preview`,
      saveAction: `${base}/save`,
      cancel: name === undefined ? list : base,
      preview,
      canSave: preview !== undefined && !preview.refused && !preview.diff.same,
      problems: JSON.stringify(placesOf(input.preview)),
      theirs: theirs === 'gone' ? undefined : theirs && (theirs.text ?? '(no UTF-8 text)'),
      gone: theirs === 'gone',
      failed: input.failed,
    },
  };
}

/** For the editor's margin: what is wrong in this very text, and where. */
function placesOf(preview: Preview | undefined): readonly object[] {
  return (preview?.problems ?? []).flatMap(({ severity, message, remedy, place: { file, line, column } }) =>
    file === preview?.file && line !== undefined ? [{ severity, message, remedy, line, column }] : [],
  );
}
