import type { Request, Response } from 'express';
import { STATUS } from '../../http/reply.ts';
import { Failure, unlessFailed } from '../../model/failure.ts';
import type { Preview } from '../../model/file-views.ts';
import type { ProfileView } from '../../model/views.ts';
import type { AdminOperations } from '../service/service.ts';
import { fieldText, longField, pathText } from './form-fields.ts';
import { problemItems, profileHref } from './format.ts';
import { type FormFailure, formFailure, type Page, type PageDeps, type PageShow } from './page.ts';
import { textDiff } from './text-diff.ts';

/** Of a profile that is there, and of a new one: edit, preview, save. */
export function mountEditorPage(show: PageShow, { adminService }: PageDeps): void {
  show.route('Profiles', '/dashboard/profiles/:name/edit', {
    async get(req, res) {
      const { name, text, revision, keys } = await adminService.profile(pathText(req, 'name'));
      await show.page(req, res, editorPage({ name, text, revision, keys }));
    },
  });
  show.route('Profiles', '/dashboard/new-profile', {
    async get(req, res) {
      const keys = await anyKeys(adminService);
      await show.page(req, res, editorPage({ name: undefined, text: STARTER, revision: undefined, keys }));
    },
  });
  for (const fresh of [false, true]) {
    const base = fresh ? '/dashboard/new-profile' : '/dashboard/profiles/:name';
    const nameOf = (req: Request): string => (fresh ? (fieldText(req, 'name') ?? '') : pathText(req, 'name'));
    show.route('Profiles', `${base}/preview`, { post: async (req, res) => preview(req, res, nameOf(req), fresh) });
    show.route('Profiles', `${base}/save`, { post: async (req, res) => save(req, res, nameOf(req), fresh) });
  }

  async function preview(req: Request, res: Response, name: string, fresh: boolean): Promise<void> {
    const input = await typed(req, name, fresh);
    try {
      await show.page(
        req,
        res,
        editorPage({ ...input, preview: await adminService.previewFile({ folder: 'profiles', name }, input.text) }),
      );
    } catch (error) {
      await refused(req, res, input, error);
    }
  }

  async function save(req: Request, res: Response, name: string, fresh: boolean): Promise<void> {
    const input = await typed(req, name, fresh);
    try {
      const saved = await adminService.saveFile({ folder: 'profiles', name }, input.text, input.revision);
      if (saved.problems.some(({ severity }) => severity === 'error')) {
        await show.page(req, res, editorPage({ ...input, preview: saved }), STATUS.invalid);
        return;
      }
    } catch (error) {
      const conflicts = error instanceof Failure && error.code === 'conflict';
      const theirs = conflicts ? await unlessFailed(adminService.profile(name)) : undefined;
      if (theirs === undefined) await refused(req, res, input, error);
      else await conflict(req, res, input.text, theirs);
      return;
    }
    show.done(req, res, profileHref(name), fresh ? 'created' : 'saved');
  }

  /** What was typed, on its way back into the page: nothing of it may get lost. */
  async function typed(req: Request, name: string, fresh: boolean): Promise<EditorInput> {
    const keys = fresh ? await anyKeys(adminService) : (await adminService.profile(name)).keys;
    const [text, revision] = [longField(req, 'text'), fieldText(req, 'revision')];
    return { name: fresh ? undefined : name, typedName: name, text, revision, keys };
  }

  async function refused(req: Request, res: Response, input: EditorInput, error: unknown): Promise<void> {
    const failed = formFailure(error);
    await show.page(req, res, editorPage({ ...input, failed }), failed.status);
  }

  /** Both texts: theirs to read, ours in the field, and what saving ours would now do to theirs. */
  async function conflict(req: Request, res: Response, text: string, theirs: ProfileView): Promise<void> {
    const { name, revision, keys } = theirs;
    const made = await adminService.previewFile({ folder: 'profiles', name }, text);
    const page = editorPage({ name, text, revision, keys, theirs: theirs.text, preview: made });
    await show.page(req, res, page, STATUS.conflict);
  }
}

/** The editor's help comes with a profile; while there is none, there is none. */
async function anyKeys(adminService: AdminOperations): Promise<ProfileView['keys']> {
  const [first] = await adminService.profiles();
  return first === undefined ? [] : (await adminService.profile(first.name)).keys;
}

export interface EditorInput {
  /** Undefined: a profile that is not there yet. */
  readonly name: string | undefined;
  /** What stands in the field: the file, or what the operator made of it. */
  readonly text: string;
  /** Of the text that the change began with; undefined creates the file. */
  readonly revision: string | undefined;
  readonly keys: ProfileView['keys'];
  /** What saving would do. */
  readonly preview?: Preview;
  /** The file was changed meanwhile: what it holds now. */
  readonly theirs?: string;
  readonly failed?: FormFailure;
  /** For a new profile: what was typed as its name. */
  readonly typedName?: string;
}

/** Where the text of a profile is changed: nothing is written before its preview was seen. */
export function editorPage(input: EditorInput): Page {
  const { name, text, preview } = input;
  const problems = problemItems(preview?.problems ?? []);
  const refused = problems.some(({ error }) => error);
  const diff = preview === undefined ? undefined : textDiff(preview.diff);
  const base = name === undefined ? '/dashboard/new-profile' : profileHref(name);
  return {
    view: 'editor',
    title: name === undefined ? 'New profile' : `Edit ${name}`,
    section: 'Profiles',
    live: [],
    data: {
      name,
      typedName: input.typedName ?? '',
      text,
      revision: input.revision,
      keys: input.keys.map(({ key, help, example }) => ({ key, help, example })),
      previewAction: `${base}/preview`,
      saveAction: `${base}/save`,
      cancel: name === undefined ? '/dashboard/profiles' : base,
      preview:
        preview === undefined
          ? undefined
          : { file: preview.file, diff, problems, refused, canSave: !refused && diff?.same === false },
      theirs: input.theirs,
      failed: input.failed,
    },
  };
}

/** What a new profile begins with. */
export const STARTER = `{
  "system": "flatcar",
  "channel": "stable",
  "nodes": []
}
`;
