import type { Router } from 'express';
import { show as clean } from '../../http/request.ts';
import { respondLine } from '../respond.ts';
import { mountActivityPage } from './activity-page.ts';
import { mountBulkPages } from './bulk-page.ts';
import { mountConfirmPages } from './confirm-page.ts';
import { mountEditorPage } from './editor-page.ts';
import { mountFilePages } from './file-pages.ts';
import { pathText } from './form-fields.ts';
import { mountHealthPage } from './health-page.ts';
import { respondAsset } from './html.ts';
import { mountLeasesPage } from './leases-page.ts';
import { mountMachinePage } from './machine-page.ts';
import { mountMachinesPage } from './machines-page.ts';
import { createPageShow, type PageDeps } from './page.ts';
import { mountProfilePage } from './profile-page.ts';
import { mountProfilesPage } from './profiles-page.ts';
import { mountReleasesPage } from './releases-page.ts';
import { mountUsersPage } from './users-page.ts';

/** Everything below /dashboard but the login: one file for each page, with its routes and what its view shows. */
const PAGES = [
  mountMachinesPage,
  mountBulkPages,
  mountMachinePage,
  mountLeasesPage,
  mountConfirmPages,
  mountProfilesPage,
  mountProfilePage,
  mountEditorPage,
  mountFilePages,
  mountReleasesPage,
  mountActivityPage,
  mountUsersPage,
  mountHealthPage,
];

export function mountPages(router: Router, deps: PageDeps): void {
  const show = createPageShow(router, deps);
  for (const mount of PAGES) mount(show, deps);
  router.get('/dashboard/assets/:file', (req, res) => {
    const asset = show.assets.get(pathText(req, 'file'));
    // With the digest in its address it never changes; without, it may.
    if (asset === undefined) respondLine(req, res, 404, `nothing is at ${clean(req.path)}`);
    else if (req.query['v'] === asset.digest) respondAsset(req, res, asset, 'private, max-age=31536000, immutable');
    else respondAsset(req, res, asset, 'no-cache');
  });
  router.use(show.nothing);
}
