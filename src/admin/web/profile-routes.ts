import type { Request, Response, Router } from 'express';
import {
  type EditorInput,
  editorPage,
  type ProfileInput,
  profilePage,
  profilesPage,
  STARTER,
} from './profile-pages.ts';
import { profileHref } from './format.ts';
import { Failure } from '../../model/failure.ts';
import type { ProfileView } from '../../model/views.ts';
import { STATUS } from '../../http/reply.ts';
import type { AdminService } from '../service/operations.ts';
import { fieldText, longField, pathText, told } from './form-fields.ts';
import type { PageDeps, PageShow } from './show.ts';

/** All profiles, one profile, and its editor. */
export function mountProfilePages(router: Router, { adminService }: PageDeps, show: PageShow): void {
  async function profile(req: Request, res: Response, failed?: ProfileInput['failed'], status = 200): Promise<void> {
    const [view, releases] = await Promise.all([adminService.profile(nameOf(req)), adminService.releases()]);
    const release = releases.targets.find(({ profiles }) => profiles.includes(view.name));
    const input = { view, release, now: Date.now() };
    await show.page(req, res, profilePage(failed === undefined ? input : { ...input, failed }), status);
  }

  show.route(router, '/dashboard/profiles', 'Profiles', {
    get: async (req, res) => show.page(req, res, profilesPage(await adminService.profiles())),
  });
  show.route(router, '/dashboard/profiles/:name', 'Profiles', { get: profile });
  show.route(router, '/dashboard/profiles/:name/rollback', 'Profiles', {
    async post(req, res) {
      try {
        await adminService.rollback(nameOf(req), fieldText(req, 'version'));
      } catch (error) {
        await profile(req, res, told(error), error instanceof Failure ? STATUS[error.code] : 500);
        return;
      }
      show.done(req, res, profileHref(nameOf(req)), 'rolled-back');
    },
  });

  show.route(router, '/dashboard/profiles/:name/edit', 'Profiles', {
    async get(req, res) {
      const { name, text, revision, keys } = await adminService.profile(nameOf(req));
      await show.page(req, res, editorPage({ name, text, revision, keys }));
    },
  });
  show.route(router, '/dashboard/profiles/:name/preview', 'Profiles', {
    post: (req, res) => preview(req, res, nameOf(req), false),
  });
  show.route(router, '/dashboard/profiles/:name/save', 'Profiles', {
    post: (req, res) => save(req, res, nameOf(req), false),
  });

  show.route(router, '/dashboard/new-profile', 'Profiles', {
    async get(req, res) {
      const keys = await anyKeys(adminService);
      await show.page(req, res, editorPage({ name: undefined, text: STARTER, revision: undefined, keys }));
    },
  });
  show.route(router, '/dashboard/new-profile/preview', 'Profiles', {
    post: (req, res) => preview(req, res, fieldText(req, 'name') ?? '', true),
  });
  show.route(router, '/dashboard/new-profile/save', 'Profiles', {
    post: (req, res) => save(req, res, fieldText(req, 'name') ?? '', true),
  });

  /** What was typed, on its way back into the page: nothing of it may get lost. */
  async function typed(req: Request, name: string, fresh: boolean): Promise<EditorInput> {
    const keys = await (fresh ? anyKeys(adminService) : adminService.profile(name).then((view) => view.keys));
    return {
      name: fresh ? undefined : name,
      typedName: name,
      text: longField(req, 'text'),
      revision: fieldText(req, 'revision'),
      keys,
    };
  }

  async function preview(req: Request, res: Response, name: string, fresh: boolean): Promise<void> {
    const input = await typed(req, name, fresh);
    try {
      await show.page(req, res, editorPage({ ...input, preview: await adminService.previewProfile(name, input.text) }));
    } catch (error) {
      await refused(req, res, input, error);
    }
  }

  async function save(req: Request, res: Response, name: string, fresh: boolean): Promise<void> {
    const input = await typed(req, name, fresh);
    try {
      const saved = await adminService.saveProfile(name, input.text, input.revision);
      if (saved.problems.some(({ severity }) => severity === 'error')) {
        await show.page(req, res, editorPage({ ...input, preview: saved }), STATUS.invalid);
        return;
      }
    } catch (error) {
      const theirs = error instanceof Failure && error.code === 'conflict' ? await current(name) : undefined;
      if (theirs === undefined) await refused(req, res, input, error);
      else await conflict(req, res, input.text, theirs);
      return;
    }
    show.done(req, res, profileHref(name), fresh ? 'created' : 'saved');
  }

  async function refused(req: Request, res: Response, input: EditorInput, error: unknown): Promise<void> {
    const status = error instanceof Failure ? STATUS[error.code] : 500;
    await show.page(req, res, editorPage({ ...input, failed: told(error) }), status);
  }

  /** Both texts: theirs to read, ours in the field, and what saving ours would now do to theirs. */
  async function conflict(req: Request, res: Response, text: string, theirs: ProfileView): Promise<void> {
    const { name, revision, keys } = theirs;
    const page = editorPage({
      name,
      text,
      revision,
      keys,
      theirs: theirs.text,
      preview: await adminService.previewProfile(name, text),
    });
    await show.page(req, res, page, STATUS.conflict);
  }

  async function current(name: string): Promise<ProfileView | undefined> {
    try {
      return await adminService.profile(name);
    } catch (error) {
      if (error instanceof Failure) return undefined;
      throw error;
    }
  }
}

/** The editor's help comes with a profile; while there is none, there is none. */
async function anyKeys(adminService: AdminService): Promise<ProfileView['keys']> {
  const [first] = await adminService.profiles();
  return first === undefined ? [] : (await adminService.profile(first.name)).keys;
}

function nameOf(req: Request): string {
  return pathText(req, 'name');
}
