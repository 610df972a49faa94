import { Type as t } from '@sinclair/typebox';
import { nameFrom } from '../../http/names.ts';
import { ROLLOUT_ACTIONS } from '../../model/rollout.ts';
import { RolloutView } from '../../model/release-views.ts';
import { list, oneOf, ref, text } from '../../model/schema.ts';
import { type ApiRoute, route } from './route.ts';

/** New releases on their way to machines: docs/rollouts.md. */
export const ROLLOUT_ROUTES: readonly ApiRoute[] = [
  route(
    'GET /rollouts',
    'listRollouts',
    'the last rollout of each profile: which wave is open, who came up, who failed',
    {
      does: 'rollouts',
      answer: t.Object({ rollouts: list(ref('RolloutView', RolloutView)) }),
      about: 'the rollouts',
      give: async ({ service }) => ({ rollouts: await service.rollouts() }),
    },
  ),
  route(
    'POST /profiles/{name}/rollout',
    'decideRollout',
    'pause a rollout, let it go on, open its next wave, end it, or begin one; exactly one of the two members',
    {
      does: 'rollout',
      body: {
        action: t.Optional(
          oneOf(
            ROLLOUT_ACTIONS,
            '`resume`: failures so far count no more; `promote`: the next wave opens now, and after the last one the ' +
              'version is written into the profile; `abort`: all machines get the old version again',
          ),
        ),
        to: t.Optional(text('begins a rollout of this version, whose images must be here', { maxLength: 64 })),
      },
      answer: ref('RolloutView', RolloutView),
      about: 'what is known of it then',
      give: ({ service, param, body }) => service.rollout(nameFrom('profile', param('name')), body),
    },
  ),
];
