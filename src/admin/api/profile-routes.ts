import { Failure } from '../../model/failure.ts';
import { MAX_PROFILE_BYTES } from '../../model/profile.ts';
import { nameFrom } from '../../http/name-from.ts';
import type { Preview } from '../service/operations.ts';
import type { ApiAsk, ApiRoute } from './route.ts';
import { closedObject, list, object, ref, text } from './json-schema.ts';

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
      give: async ({ office }) => ({ profiles: await office.profiles() }),
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
      give: async (ask) => await ask.office.profile(nameOf(ask)),
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
      give: async (ask) => await ask.office.previewProfile(nameOf(ask), ask.body['text'] as string),
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
        return written(await ask.office.saveProfile(nameOf(ask), content, revision));
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
      give: async (ask) => await ask.office.rollback(nameOf(ask), ask.body['version'] as string | undefined),
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
      give: async (ask) => await ask.office.pin(nameOf(ask), change),
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
  const more = errors.length === 1 ? '' : ` (and ${String(errors.length - 1)} more: ask for a preview)`;
  throw new Failure('invalid', `not written: ${first.message}${more}`, {
    place: first.place,
    ...(first.remedy === undefined ? {} : { remedy: first.remedy }),
  });
}
