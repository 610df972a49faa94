import type { Request, Response, Router } from 'express';
import { matchesTag } from '../../http/byte-range.ts';
import { show as clean } from '../../http/query.ts';
import { makeReply, STATUS } from '../../http/reply.ts';
import { Failure } from '../../model/failure.ts';
import { respond, respondLine } from '../respond.ts';
import { fieldText, pathText, requiredField, told } from './form-fields.ts';
import { healthPage } from './health-page.ts';
import { mountMachinePages } from './machine-routes.ts';
import { createPageShow, type PageDeps, type PageShow } from './show.ts';
import { mountProfilePages } from './profile-routes.ts';
import { releasesPage } from './releases-page.ts';

/** Everything below /dashboard but the login. A Failure that a handler throws becomes a page that says what to do. */
export function mountPages(router: Router, deps: PageDeps): void {
  const show = createPageShow(deps);
  mountMachinePages(router, deps, show);
  mountProfilePages(router, deps, show);
  mountServerPages(router, deps, show);
}

/** Releases, health, and the files that every page needs. */
function mountServerPages(router: Router, { adminService }: PageDeps, show: PageShow): void {
  async function releases(req: Request, res: Response, failed?: ReturnType<typeof told>, status = 200): Promise<void> {
    await show.page(req, res, releasesPage(await adminService.releases(), Date.now(), failed), status);
  }

  show.route(router, '/dashboard/releases', 'Releases', { get: (req, res) => releases(req, res) });
  show.route(router, '/dashboard/releases/sync', 'Releases', {
    async post(req, res) {
      const { started } = await adminService.syncNow();
      show.done(req, res, '/dashboard/releases', started ? 'syncing' : 'sync-runs');
    },
  });
  show.route(router, '/dashboard/releases/rollback', 'Releases', {
    async post(req, res) {
      try {
        await adminService.rollback(requiredField(req, 'profile'), fieldText(req, 'version'));
      } catch (error) {
        await releases(req, res, told(error), error instanceof Failure ? STATUS[error.code] : 500);
        return;
      }
      show.done(req, res, '/dashboard/releases', 'rolled-back');
    },
  });

  show.route(router, '/dashboard/health', 'Health', {
    get: async (req, res) => show.page(req, res, healthPage(await adminService.health())),
  });

  router.get('/dashboard/assets/:file', (req, res) => {
    const asset = show.dashboard.asset(pathText(req, 'file'));
    if (asset === undefined) {
      respondLine(req, res, 404, `nothing is at ${clean(req.path)}`);
      return;
    }
    // With the digest in its address it never changes; without, nobody knows.
    const lasting = req.query['v'] === asset.digest;
    const caching = lasting ? 'private, max-age=31536000, immutable' : 'no-cache';
    const tag = `"${asset.digest}"`;
    const fresh = matchesTag(req.get('if-none-match'), tag);
    const headers = ['Content-Type', asset.type, 'Cache-Control', caching, 'ETag', tag];
    respond(req, res, makeReply(fresh ? 304 : 200, headers, fresh ? Buffer.alloc(0) : asset.body));
  });
}
