import { describe, expect, it } from 'vitest';
import { editorPage, STARTER, type EditorInput } from '../../../src/admin/web/editor-page.ts';
import { lineDiff } from '../../../src/admin/web/line-diff.ts';
import type { Problem } from '../../../src/model/problem.ts';

const INPUT: EditorInput = { name: 'workers', text: 'b\n', revision: 'r1', keys: [] };
const problem = (severity: Problem['severity']): Problem => ({
  severity,
  message: 'm',
  place: { file: 'profiles/workers.json' },
});
const preview = (problems: readonly Problem[], before = 'a\n') => ({
  file: 'f',
  diff: lineDiff(before, 'b\n'),
  problems,
});
const shown = (more: Partial<EditorInput>) => editorPage({ ...INPUT, ...more }).data;

describe('the editor', () => {
  it('never changes under the hands of who types', () => {
    expect(editorPage(INPUT).live).toEqual([]);
  });

  it('saves nothing that was not looked at', () => {
    expect(shown({})['preview']).toBeUndefined();
  });

  it.each([
    ['a change', preview([]), true],
    ['a warning', preview([problem('warning')]), true],
    ['an error', preview([problem('warning'), problem('error')]), false],
    ['no change', preview([], 'b\n'), false],
  ])('after a preview of %s', (_what, made, canSave) => {
    expect(shown({ preview: made })['preview']).toMatchObject({ canSave });
  });

  it('knows its way', () => {
    expect(editorPage(INPUT)).toMatchObject({
      title: 'Edit workers',
      data: {
        previewAction: '/dashboard/profiles/workers/preview',
        saveAction: '/dashboard/profiles/workers/save',
        cancel: '/dashboard/profiles/workers',
      },
    });
    expect(editorPage({ ...INPUT, name: undefined })).toMatchObject({
      title: 'New profile',
      data: { saveAction: '/dashboard/new-profile/save', cancel: '/dashboard/profiles', typedName: '' },
    });
  });

  it('keeps the text, theirs too', () => {
    expect(shown({ theirs: 'c\n', failed: { message: 'm' } })).toMatchObject({
      text: 'b\n',
      theirs: 'c\n',
      revision: 'r1',
      failed: { message: 'm' },
    });
  });

  it('begins a new profile with something that is JSON', () => {
    expect(JSON.parse(STARTER)).toHaveProperty('system');
  });
});
