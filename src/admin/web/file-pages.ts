import type { Request, Response } from 'express';
import type { CatalogFile, FileFolder } from '../../catalog/catalog-file.ts';
import { Failure, isError } from '../../model/failure.ts';
import type { FileRow, FilesView, FileView, Preview, VersionPreview } from '../../model/file-views.ts';
import { plural } from '../../model/text.ts';
import { demand } from '../service/operations.ts';
import { EDITED_FOLDERS, fileInPath, KINDS, shownChange, shownName, shownVersions } from './edited-file.ts';
import { fieldText } from './form-fields.ts';
import { hrefOf, moment, problemItems, profileHref } from './format.ts';
import { type FormFailure, formFailure, type Page, type PageDeps, type PageShow } from './page.ts';
import { textLines } from './profile-page.ts';
import { validityOf } from './profiles-page.ts';

/** The list of configs and keys, the page of each, and of all three kinds: removing, and older versions. */
export function mountFilePages(show: PageShow, { adminService }: PageDeps): void {
  show.route('Files', '/dashboard/files', {
    get: async (req, res) => show.page(req, res, filesPage(await adminService.files(), Date.now())),
  });
  for (const folder of EDITED_FOLDERS) {
    const { section } = KINDS[folder];
    const base = `/dashboard/${folder}/:name`;
    // A profile has a page of its own.
    if (folder !== 'profiles') {
      show.route(section, base, {
        get: async (req, res) =>
          show.page(req, res, filePage(await adminService.file(fileInPath(req, folder)), Date.now())),
      });
    }
    show.route(section, `${base}/remove`, {
      async get(req, res) {
        demand('saveFile');
        await question(req, res, folder);
      },
      post: async (req, res) => remove(req, res, folder),
    });
    show.route(section, `${base}/versions/:version`, { get: async (req, res) => version(req, res, folder) });
    show.route(section, `${base}/versions/:version/restore`, { post: async (req, res) => restore(req, res, folder) });
  }

  async function question(req: Request, res: Response, folder: FileFolder, failed?: FormFailure): Promise<void> {
    const file = fileInPath(req, folder);
    const [view, preview] = [await adminService.file(file), await adminService.previewFile(file, undefined)];
    await show.page(req, res, removePage(view, preview, failed), failed?.status);
  }

  async function remove(req: Request, res: Response, folder: FileFolder): Promise<void> {
    try {
      refuseErrors(await adminService.saveFile(fileInPath(req, folder), undefined, revisionIn(req)));
    } catch (error) {
      await question(req, res, folder, formFailure(error));
      return;
    }
    show.done(req, res, KINDS[folder].list, 'removed');
  }

  async function version(req: Request, res: Response, folder: FileFolder, failed?: FormFailure): Promise<void> {
    const file = fileInPath(req, folder);
    const view = await adminService.fileVersion(file, req.params['version'] as string);
    await show.page(req, res, versionPage(file, view, Date.now(), failed), failed?.status);
  }

  async function restore(req: Request, res: Response, folder: FileFolder): Promise<void> {
    const file = fileInPath(req, folder);
    try {
      refuseErrors(await adminService.restoreFile(file, req.params['version'] as string, fieldText(req, 'revision')));
    } catch (error) {
      await version(req, res, folder, formFailure(error));
      return;
    }
    show.done(req, res, hrefOf(file), 'restored');
  }
}

/** Removing needs to know what: never by a form that lost its field. */
function revisionIn(req: Request): string {
  return fieldText(req, 'revision') ?? '-';
}

/** Said on the page that asks once more; there the problems are listed. */
function refuseErrors({ problems }: Preview): void {
  const error = problems.find(isError);
  if (error === undefined) return;
  throw new Failure('invalid', 'nothing was written: something else would break by it', { remedy: error.remedy });
}

export function filesPage({ files, removed }: FilesView, now: number): Page {
  const rows = (folder: FileFolder): readonly object[] => files.filter((one) => one.folder === folder).map(fileLine);
  const ill = files.filter(({ problems }) => problems.some(isError)).length;
  return {
    view: 'files',
    section: 'Files',
    live: ['profiles'],
    summary: `${plural(files.length, 'file')}${ill === 0 ? '' : `, ${ill} with errors`}`,
    data: {
      groups: [
        { title: 'Configs', id: 'configs', rows: rows('configs'), fresh: KINDS.configs.fresh, button: 'New config' },
        { title: 'SSH keys', id: 'keys', rows: rows('sshkeys'), fresh: KINDS.sshkeys.fresh, button: 'New key' },
      ],
      removed: removed.map((one) => ({
        file: one.file,
        href: `${hrefOf(one)}/versions/${one.last.id}`,
        at: moment(one.last.at, now),
        who: one.last.who,
      })),
    },
  };
}

function fileLine(row: FileRow): object {
  return {
    name: shownName(row),
    file: row.file,
    href: hrefOf(row),
    validity: validityOf(row),
    usedBy: row.usedBy.map((name) => ({ name, href: profileHref(name) })),
  };
}

export function filePage(view: FileView, now: number): Page {
  const { file, text, problems, versions } = view;
  return {
    view: 'file',
    title: shownName(view),
    section: KINDS[view.folder].section,
    live: ['profiles'],
    data: {
      line: fileLine(view),
      problems: problemItems(problems),
      lines: text === undefined ? undefined : textLines({ text, file, problems }),
      copy: `${KINDS[view.folder].fresh}?copy=${encodeURIComponent(view.name)}`,
      versions: shownVersions(view, versions, now),
    },
  };
}

export function removePage(view: FileView, preview: Preview, failed?: FormFailure): Page {
  const back = hrefOf(view);
  const title = `Remove ${shownName(view)}`;
  const { section, list } = KINDS[view.folder];
  return {
    view: 'remove',
    title,
    section,
    live: [],
    data: {
      ...{ title, back, section, list, failed, file: view.file, name: shownName(view), revision: view.revision },
      change: shownChange(preview),
      action: `${back}/remove`,
    },
  };
}

export function versionPage(file: CatalogFile, view: VersionPreview, now: number, failed?: FormFailure): Page {
  const { version, text, revision } = view;
  const { section, list, fresh } = KINDS[file.folder];
  const back = hrefOf(file);
  const change = shownChange(view);
  return {
    view: 'version',
    title: `${shownName(file)}, older version`,
    section,
    live: [],
    data: {
      ...{ section, list, failed, change, revision, file: file.file, name: shownName(file), who: version.who },
      at: moment(version.at, now),
      back: revision === undefined ? undefined : back,
      lines: text === undefined ? undefined : textLines({ text, file: file.file, problems: [] }),
      canRestore: !change.refused && !(change.diff.same && revision !== undefined),
      action: `${back}/versions/${version.id}/restore`,
      edit:
        revision === undefined
          ? `${fresh}?name=${encodeURIComponent(file.name)}&version=${version.id}`
          : `${back}/edit?version=${version.id}`,
    },
  };
}
