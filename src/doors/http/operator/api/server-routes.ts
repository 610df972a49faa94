import { Failure } from '../../../../domain/failure.ts';
import type { ApiRoute } from './api-route.ts';
import { flag, moment, object, ref, text } from './json-schema.ts';

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
    answer: {
      kind: 'json',
      schema: object({ started: flag('false: one was running') }),
      about: 'whether it began',
      give: async ({ office }) => await office.syncNow(),
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
