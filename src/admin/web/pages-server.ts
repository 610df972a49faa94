import type { Request, Response, Router } from 'express';
import { healthPage } from './health-page.ts';
import { releasesPage } from './releases-page.ts';
import { Failure } from '../../model/failure.ts';
import { show as clean } from '../../http/percent.ts';
import { makeReply } from '../../http/reply.ts';
import { STATUS } from '../../http/status.ts';
import { fieldText, pathText, requiredField, told } from './form-fields.ts';
import type { PageShow } from './show.ts';
import type { PageDeps } from './pages-deps.ts';
import { respond, respondLine } from '../respond.ts';

/** Releases, health, and the files that every page needs. */
export function mountServerPages(router: Router, { office }: PageDeps, show: PageShow): void {
  async function releases(req: Request, res: Response, failed?: ReturnType<typeof told>, status = 200): Promise<void> {
    await show.page(req, res, releasesPage(await office.releases(), Date.now(), failed), status);
  }

  show.route(router, '/dashboard/releases', 'Releases', { get: (req, res) => releases(req, res) });
  show.route(router, '/dashboard/releases/sync', 'Releases', {
    async post(req, res) {
      const { started } = await office.syncNow();
      show.done(req, res, '/dashboard/releases', started ? 'syncing' : 'sync-runs');
    },
  });
  show.route(router, '/dashboard/releases/rollback', 'Releases', {
    async post(req, res) {
      try {
        await office.rollback(requiredField(req, 'profile'), fieldText(req, 'version'));
      } catch (error) {
        await releases(req, res, told(error), error instanceof Failure ? STATUS[error.code] : 500);
        return;
      }
      show.done(req, res, '/dashboard/releases', 'rolled-back');
    },
  });

  show.route(router, '/dashboard/health', 'Health', {
    get: async (req, res) => show.page(req, res, healthPage(await office.health())),
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
    const fresh = req.get('if-none-match') === tag;
    const headers = ['Content-Type', asset.type, 'Cache-Control', caching, 'ETag', tag];
    respond(req, res, makeReply(fresh ? 304 : 200, headers, fresh ? Buffer.alloc(0) : asset.body));
  });
}
