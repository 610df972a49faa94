import type { ApiRoute } from './route.ts';
import { MACHINE_ROUTES } from './machine-routes.ts';
import { PROFILE_ROUTES } from './profile-routes.ts';
import { SERVER_ROUTES } from './server-routes.ts';

/** Everything below /api/v1 but the document that describes it. */
export const API_ROUTES: readonly ApiRoute[] = [...MACHINE_ROUTES, ...PROFILE_ROUTES, ...SERVER_ROUTES];
