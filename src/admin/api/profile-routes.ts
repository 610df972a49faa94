import { nameFrom } from '../../http/request-head.ts';
import { Failure } from '../../model/failure.ts';
import { MAX_PROFILE_BYTES } from '../../model/profile.ts';
import type { Preview } from '../service/operations.ts';
import { type ApiAsk, type ApiRoute, closedObject, flag, list, moment, object, ref, text, whole } from './route.ts';

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
      give: async ({ adminService }) => await adminService.releases(),
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
      give: async ({ adminService, body }) => {
        const { allowDowngrade } = body as { readonly allowDowngrade?: boolean };
        return await adminService.syncNow(allowDowngrade === undefined ? {} : { allowDowngrade });
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
      give: async ({ adminService, query }) => {
        const { run = 0, after = 0 } = query as { readonly run?: number; readonly after?: number };
        return await adminService.syncSteps(run, after);
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
      give: async ({ adminService, body }) => await adminService.prune(body['keep'] as number | undefined),
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
      give: async ({ adminService }) => await adminService.health(),
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

const TEXT = text('the whole file', { maxLength: MAX_PROFILE_BYTES });

export const PROFILE_ROUTES: readonly ApiRoute[] = [
  {
    method: 'get',
    path: '/profiles',
    id: 'listProfiles',
    summary: 'every profile, with its problems',
    answer: {
      kind: 'json',
      schema: object({ profiles: list(ref('ProfileRow')) }),
      about: 'the profiles',
      give: async ({ adminService }) => ({ profiles: await adminService.profiles() }),
    },
  },
  {
    method: 'get',
    path: '/profiles/{name}',
    id: 'getProfile',
    summary: 'one profile: its file, the machines that it names, what may stand in it',
    answer: {
      kind: 'json',
      schema: ref('ProfileView'),
      about: 'the profile',
      give: async (ask) => await ask.adminService.profile(nameOf(ask)),
    },
  },
  {
    method: 'post',
    path: '/profiles/{name}/preview',
    id: 'previewProfile',
    summary: 'what a new text of the file would change, and what is wrong with it; nothing is written',
    body: { required: true, schema: closedObject({ text: TEXT }) },
    answer: {
      kind: 'json',
      schema: ref('Preview'),
      about: 'the change',
      give: async (ask) => await ask.adminService.previewProfile(nameOf(ask), ask.body['text'] as string),
    },
  },
  {
    method: 'put',
    path: '/profiles/{name}',
    id: 'saveProfile',
    summary: 'write the file; a text with errors is not written (400)',
    body: {
      required: true,
      schema: closedObject(
        { text: TEXT },
        {
          revision: text('of the text that the change began with: another one by now is 409; absent for a new file', {
            maxLength: 128,
          }),
        },
      ),
    },
    answer: {
      kind: 'json',
      schema: ref('Preview'),
      about: 'what was written',
      give: async (ask) => {
        const { text: content, revision } = ask.body as { readonly text: string; readonly revision?: string };
        return written(await ask.adminService.saveProfile(nameOf(ask), content, revision));
      },
    },
  },
  {
    method: 'post',
    path: '/profiles/{name}/rollback',
    id: 'rollbackProfile',
    summary: 'go back to an older release that is still here, and stay there',
    body: {
      required: false,
      schema: closedObject({}, { version: text('the one before, when absent', { maxLength: 128 }) }),
    },
    answer: {
      kind: 'json',
      schema: object(
        { profile: text(), from: text(), to: text() },
        { heldAbove: text('the sync leaves the profile alone until something newer than this is published') },
      ),
      about: 'the versions',
      give: async (ask) => await ask.adminService.rollback(nameOf(ask), ask.body['version'] as string | undefined),
    },
  },
  ...(['pin', 'unpin'] as const).map((change): ApiRoute => ({
    method: 'post',
    path: `/profiles/{name}/${change}`,
    id: `${change}Profile`,
    summary:
      change === 'pin'
        ? 'let the profile keep its version: the release sync leaves it alone until it is unpinned'
        : 'let the profile follow its channel again',
    answer: {
      kind: 'json',
      schema: object({ message: text('what holds now, for people') }),
      about: 'what was done',
      give: async (ask) => await ask.adminService.pin(nameOf(ask), change),
    },
  })),
];

function nameOf(ask: ApiAsk): string {
  return nameFrom('profile', ask.param('name'));
}

/** A program that looks at the status alone must not believe that a broken profile was written. */
function written(preview: Preview): Preview {
  const errors = preview.problems.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (first === undefined) return preview;
  const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more: ask for a preview)`;
  throw new Failure('invalid', `not written: ${first.message}${more}`, {
    place: first.place,
    remedy: first.remedy,
  });
}
