import { Failure } from '../../model/failure.ts';
import type { ApiRoute } from './route.ts';
import { closedObject, flag, list, moment, object, ref, text, whole } from './json-schema.ts';

export const SERVER_ROUTES: readonly ApiRoute[] = [
  {
    method: 'get',
    path: '/releases',
    id: 'listReleases',
    summary: 'what the release sync follows, holds and keeps, and its last runs',
    answer: {
      kind: 'json',
      schema: ref('ReleasesView'),
      about: 'the releases',
      give: async ({ office }) => await office.releases(),
    },
  },
  {
    method: 'post',
    path: '/sync',
    id: 'sync',
    summary: 'begin a run of the release sync unless one is running',
    body: {
      required: false,
      schema: closedObject({}, { allowDowngrade: flag('also take a release that is older than the one in force') }),
    },
    answer: {
      kind: 'json',
      schema: object(
        { started: flag('false: one was running') },
        { run: moment('the number of the run that began, or of the one under way: when it began') },
      ),
      about: 'whether it began',
      give: async ({ office, body }) => {
        const { allowDowngrade } = body as { readonly allowDowngrade?: boolean };
        return await office.syncNow(allowDowngrade === undefined ? {} : { allowDowngrade });
      },
    },
  },
  {
    method: 'get',
    path: '/sync/steps',
    id: 'followSync',
    summary: 'the steps of the newest run; waits up to ten seconds for the next one, so that a program can follow it',
    query: {
      run: whole('the number of the run', { minimum: 0 }),
      after: whole('`last` of the answer before; 0, or absent: all steps so far', { minimum: 0 }),
    },
    answer: {
      kind: 'json',
      schema: ref('SyncSteps'),
      about: 'the steps',
      give: async ({ office, query }) => {
        const { run = 0, after = 0 } = query as { readonly run?: number; readonly after?: number };
        return await office.syncSteps(run, after);
      },
    },
  },
  {
    method: 'post',
    path: '/releases/prune',
    id: 'pruneReleases',
    summary:
      'take away the releases that no profile names, no machine booted lately, and that are not among the newest',
    body: {
      required: false,
      schema: closedObject(
        {},
        {
          keep: whole('how many of each channel; the setting of the server when absent', { minimum: 1, maximum: 1000 }),
        },
      ),
    },
    answer: {
      kind: 'json',
      schema: object({ removed: list(object({ shelf: text('below images/'), size: whole('bytes') })) }),
      about: 'what was removed',
      give: async ({ office, body }) => await office.prune(body['keep'] as number | undefined),
    },
  },
  {
    method: 'get',
    path: '/health',
    id: 'getHealth',
    summary: 'what is wrong, with remedies',
    answer: {
      kind: 'json',
      schema: ref('HealthView'),
      about: 'the health',
      give: async ({ office }) => await office.health(),
    },
  },
  {
    method: 'post',
    path: '/login-links',
    id: 'createLoginLink',
    summary: 'a link that logs one browser in, once, within a quarter of an hour; only for who shows the token itself',
    answer: {
      kind: 'json',
      schema: object({ url: text(), expiresAt: moment('when it runs out') }),
      about: 'the link',
      give: ({ access, newLink }) => {
        // Else a session that was left open for a minute could be turned into one that nobody sees.
        if (access.session === undefined) return newLink();
        throw new Failure('refused', 'a session makes no login links', { remedy: 'show the admin token as a Bearer' });
      },
    },
  },
  {
    method: 'get',
    path: '/events',
    id: 'watch',
    summary: 'says what has changed, for as long as the connection lasts',
    answer: {
      kind: 'events',
      about:
        'server-sent events named `machines`, `profiles` or `releases` (look again, the event holds nothing), and a ' +
        'comment every 15 seconds; at most 64 streams at a time',
    },
  },
];
