import type { Preview, ProfileView } from '../../model/office-views.ts';
import { profileHref } from './links.ts';
import type { Page } from './page.ts';
import { problemItems } from './problem-item.ts';
import { textDiff } from './text-diff.ts';

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
  /** Somebody else changed the file meanwhile: what stands in it now. */
  readonly theirs?: string;
  readonly failed?: { readonly message: string; readonly remedy?: string | undefined };
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
