import { Failure } from '../../model/failure.ts';
import { ROLLOUT_ACTIONS } from '../../model/rollout.ts';
import type { RolloutView } from '../../model/release-views.ts';
import { nearest } from '../../model/text.ts';
import type { Settings } from '../../settings/settings.ts';
import { withAdminClient } from '../admin-call.ts';
import { type Command, JSON_OPTION } from '../command.ts';
import { timeText } from '../machine-text.ts';
import { plain, tableText } from '../text.ts';

export const rolloutsCommand: Command = {
  name: 'rollouts',
  words: '',
  summary: 'new releases on their way to machines, wave by wave',
  details: 'The last rollout of each profile: which wave is open, who came up, who failed.',
  options: JSON_OPTION,
  async run({ settings, print }) {
    const rollouts = await withAdminClient(settings, (client) => client.rollouts());
    const rows = rollouts.map(({ profile, from, to, state, stage, stages }) => {
      const up = stages.reduce((sum, one) => sum + one.up, 0);
      const failed = stages.reduce((sum, one) => sum + one.failed, 0);
      return [profile, from, to, state, stages[stage]?.name ?? '', String(up), String(failed)].map(plain);
    });
    const heading = ['PROFILE', 'FROM', 'TO', 'STATE', 'WAVE', 'UP', 'FAILED'];
    return print(rollouts, rows.length === 0 ? 'no rollout yet\n' : tableText([heading, ...rows]));
  },
};

export const rolloutCommand: Command = {
  name: 'rollout',
  words: '<PROFILE>',
  summary: 'one rollout: who came up; pause it, let it go on, open its next wave, end it, or begin one',
  details:
    'Without an option: what is known of it. --promote opens the next wave at once; in the last wave the version is\n' +
    'written into the profile. --abort lets all machines have the old version again, and holds the new one.',
  options: {
    '--pause': 'no further wave opens; failures still stop it',
    '--resume': 'it goes on; failures so far count no more',
    '--promote': 'the next wave opens now',
    '--abort': 'all machines get the old version again',
    '--to <VERSION>': 'begin a rollout of this version, which must be below images/',
    ...JSON_OPTION,
  },
  async run({ settings, words: [name = ''], has, text, print }) {
    const actions = ROLLOUT_ACTIONS.filter((one) => has(one));
    const to = text('to');
    if (actions.length + (to === undefined ? 0 : 1) > 1)
      throw new Failure('invalid', 'one of --pause, --resume, --promote, --abort and --to at a time');
    const [action] = actions;
    const view = await withAdminClient(settings, async (client) => {
      if (action !== undefined || to !== undefined) return await client.rollout(name, { action, to });
      return (await client.rollouts()).find(({ profile }) => profile === name);
    });
    if (view === undefined) throw await noRollout(settings, name);
    return print(view, rolloutText(view));
  },
};

async function noRollout(settings: Settings, name: string): Promise<Failure> {
  const { readContext } = await import('../../context/app-context.ts');
  const { profiles } = await (await readContext(settings)).catalog.refresh();
  if (profiles.has(name)) {
    const remedy = `\`pilotlight rollout ${name} --to VERSION\` begins one; see docs/rollouts.md`;
    return new Failure('not-found', `${name} has no rollout`, { remedy });
  }
  const near = nearest(name, profiles.keys());
  const remedy = near === undefined ? 'see `pilotlight check`' : `did you mean "${near}"?`;
  return new Failure('not-found', `there is no profile "${name}"`, { remedy });
}

function rolloutText({
  profile,
  from,
  to,
  state,
  why,
  stage,
  stages,
  opensAt,
  waitsFor,
  failures,
  waiting,
}: RolloutView): string {
  const rows = stages.map((one, index) => [
    index === stage ? '>' : '',
    one.name,
    one.share ?? '',
    ...[one.nodes, one.booted, one.up, one.failed].map(String),
  ]);
  return [
    `${profile}: ${from} -> ${to}, ${state}${why === undefined ? '' : `: ${plain(why)}`}\n`,
    rows.length === 0 ? '' : tableText([['', 'WAVE', 'SHARE', 'NODES', 'BOOTED', 'UP', 'FAILED'], ...rows]),
    opensAt === undefined ? '' : `the next step is at ${timeText(opensAt)}, if nothing fails until then\n`,
    waitsFor === undefined ? '' : `the next step waits: ${plain(waitsFor)}\n`,
    waiting.length === 0 ? '' : `on their way: ${waiting.map(plain).join(', ')}\n`,
    ...failures.map(({ machine, why: failed }) => `failed: ${plain(machine)} ${plain(failed)}\n`),
  ].join('');
}
