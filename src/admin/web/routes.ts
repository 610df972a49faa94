import type { Router } from 'express';
import type { PageDeps } from './pages-deps.ts';
import { mountMachinePages } from './machine-routes.ts';
import { mountProfilePages } from './profile-routes.ts';
import { mountServerPages } from './pages-server.ts';
import { createPageShow } from './show.ts';

/** Everything below /dashboard but the login. A Failure that a handler throws becomes a page that says what to do. */
export function mountPages(router: Router, deps: PageDeps): void {
  const show = createPageShow(deps);
  mountMachinePages(router, deps, show);
  mountProfilePages(router, deps, show);
  mountServerPages(router, deps, show);
}
