import { describe, expect, it, test } from 'vitest';
import { KINDS } from '../../../src/admin/web/edited-file.ts';
import { type EditorInput, editorPage } from '../../../src/admin/web/editor-page.ts';
import { errorsFirst, problemItems } from '../../../src/admin/web/format.ts';
import { profilePage } from '../../../src/admin/web/profile-page.ts';
import { bootedBy, profileLine, profilesPage, validityOf } from '../../../src/admin/web/profiles-page.ts';
import { lineDiff } from '../../../src/admin/service/line-diff.ts';
import type { FileDiagnostic } from '../../../src/model/failure.ts';
import { FAKE_PROFILES } from '../../support/sample-admin-data.ts';
import { sampleAdminService } from '../../support/sample-admin-service.ts';

const warning: FileDiagnostic = { severity: 'warning', message: 'w', place: { file: 'configs/a.yml', line: 3 } };
const error: FileDiagnostic = {
  severity: 'error',
  message: 'e',
  place: { file: 'profiles/a b.json', line: 3, column: 5, key: 'nodes' },
  remedy: 'r',
};

test('errors come first, each with its place, its remedy and the way to its editor', () => {
  expect(problemItems([warning, error])).toEqual([
    {
      error: true,
      word: 'Error',
      message: 'e',
      place: 'profiles/a b.json:3:5 nodes',
      remedy: 'r',
      href: '/dashboard/profiles/a%20b/edit#line-3',
    },
    {
      error: false,
      word: 'Warning',
      message: 'w',
      place: 'configs/a.yml:3',
      remedy: undefined,
      href: '/dashboard/configs/a.yml/edit#line-3',
    },
  ]);
});

test('otherwise the order stays', () => {
  const all = [1, 2, 3, 4].map((id) => ({ id, severity: id % 2 === 0 ? ('error' as const) : ('warning' as const) }));
  expect(errorsFirst(all).map(({ id }) => id)).toEqual([2, 4, 1, 3]);
});

const INPUT: EditorInput = { folder: 'profiles', name: 'workers', text: 'b\n', revision: 'r1' };
const problem = (severity: FileDiagnostic['severity']): FileDiagnostic => ({
  severity,
  message: 'm',
  place: { file: 'profiles/workers.json' },
});
const preview = (problems: readonly FileDiagnostic[], before = 'a\n') => ({
  file: 'f',
  diff: lineDiff(before, 'b\n'),
  problems,
  ...{ machines: [], touched: 0, unlisted: false },
});
const shown = (more: Partial<EditorInput>) => editorPage({ ...INPUT, ...more }).data;

describe('the editor', () => {
  it('never changes under the hands of who types', () => {
    expect(editorPage(INPUT).live).toEqual([]);
  });

  it('leads to the lines of its own text, and to the editors of other files', () => {
    const place = { file: 'f', line: 2 };
    const made = shown({ preview: preview([{ severity: 'warning', message: 'm', place }, warning]) });
    expect(made['preview']).toMatchObject({
      problems: [{ href: '#line-2' }, { href: '/dashboard/configs/a.yml/edit#line-3' }],
    });
    expect(made['problems']).toBe('[{"severity":"warning","message":"m","line":2}]');
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
    expect(shown({ preview: made })).toMatchObject({ canSave });
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
    expect(shown({ theirs: { text: 'c\n' }, failed: { message: 'm', status: 400 } })).toMatchObject({
      text: 'b\n',
      theirs: 'c\n',
      revision: 'r1',
      failed: { message: 'm', status: 400 },
    });
  });

  it('begins a new profile with something that is JSON', () => {
    expect(JSON.parse(KINDS.profiles.starter)).toHaveProperty('system');
  });
});

const NOW = 1_800_000_000_000;
const adminService = sampleAdminService(NOW);
const { targets } = await adminService.releases();
const pageOf = async (name: string) => {
  const release = targets.find(({ profiles }) => profiles.includes(name));
  return profilePage({ view: await adminService.profile(name), release, older: [], now: NOW });
};

test('knows the versions in the image store, which one is in use, and whether there is a way back', async () => {
  const { data, title } = await pageOf('workers');
  expect(title).toBe('workers');
  expect(data['versions']).toMatchObject([
    { version: '4593.2.1', current: true, size: '412 MiB' },
    { current: false },
    { current: false },
  ]);
  expect(data['canRollBack']).toBe(true);
  expect((await pageOf('edge-canary')).data['canRollBack']).toBe(false);
  expect((await pageOf('rescue')).data).toMatchObject({ versions: [], canRollBack: false, held: undefined });
});

test('marks the line of a problem', async () => {
  const lines = (await pageOf('lab-debian')).data['lines'] as readonly {
    readonly number: number;
    readonly problem?: string;
  }[];
  expect(lines.filter(({ problem }) => problem !== undefined)).toEqual([
    { number: 6, text: '  "kernel_arg": ["quiet"],', problem: 'error' },
  ]);
  expect(lines.at(-1)).toMatchObject({ text: '}' });
});

test('does not mark the line of another file', async () => {
  const lines = (await pageOf('storage-ubuntu')).data['lines'] as readonly { readonly problem?: string }[];
  expect(lines.every(({ problem }) => problem === undefined)).toBe(true);
});

test('tells why a roll back did not happen', async () => {
  const view = await adminService.profile('workers');
  expect(
    profilePage({ view, release: undefined, older: [], now: NOW, failed: { message: 'm', status: 400 } }).data,
  ).toMatchObject({
    failed: { message: 'm', status: 400 },
  });
});

test.each([
  [{ nodes: 0, default: false }, 'machines that ask for it by name'],
  [{ nodes: 1, default: false }, '1 node'],
  [{ nodes: 0, default: true }, 'every machine that no profile lists'],
  [{ nodes: 3, default: true }, '3 nodes, and every machine that no profile lists'],
])('%j: %s', (profile, text) => {
  expect(bootedBy(profile)).toBe(text);
});

test('the page says how many there are and how many are ill', () => {
  expect(profilesPage(FAKE_PROFILES).summary).toBe('6 profiles, 1 with errors');
  expect(profilesPage(FAKE_PROFILES.slice(0, 1)).summary).toBe('1 profile');
  expect(profilesPage([]).data).toMatchObject({ none: true });
});

test('a line says how it is updated and what it does not have', () => {
  const rescue = FAKE_PROFILES.find(({ name }) => name === 'rescue');
  expect(rescue && profileLine(rescue)).toMatchObject({
    version: undefined,
    update: 'pinned by hand',
    href: '/dashboard/profiles/rescue',
    machines: '/dashboard/machines?profile=rescue',
  });
});

test.each([
  [[], true, 'good', 'Valid', undefined],
  [[problem('warning'), problem('warning')], true, 'warn', '2 warnings', undefined],
  [[problem('warning'), problem('error')], true, 'bad', '1 error', 'its last good version stays in force'],
  [[problem('error')], false, 'bad', 'Not in force', 'no good version of it was ever there'],
] as const)('%j, in force %s: %s', (problems, inForce, shape, word, detail) => {
  expect(validityOf({ problems, inForce })).toEqual({ shape, word, detail });
});
