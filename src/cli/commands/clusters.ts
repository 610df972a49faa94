import type { ClusterMember, ClusterView, Replacement } from '../../etcd/clusters.ts';
import { Failure } from '../../model/failure.ts';
import { nearest } from '../../model/text.ts';
import type { Settings } from '../../settings/settings.ts';
import { withAdminClient } from '../admin-call.ts';
import type { Command } from '../command.ts';
import { type Column, fittedTable, plain, widthOf } from '../text.ts';

/** What each action needs. */
const ACTIONS = { show: 'NAME', replace: 'NAME NODE', forget: 'TOKEN' } as const;

export const clustersCommand: Command = {
  name: 'clusters',
  words: '[show|replace|forget] [NAME] [NODE]',
  summary: 'the etcd clusters: who has registered, who is missing, how a member is replaced',
  details:
    'Without words: every cluster of the profiles, and every discovery token besides. show NAME: one of them with its\n' +
    'members. replace NAME NODE: what to do, in order, when a member has lost its data. forget TOKEN: ends a token; no\n' +
    'member can register with it any more, and a cluster that a profile asks for gets a new one. Asks the running server,\n' +
    'else its database.',
  options: { '--json': 'JSON on standard output' },
  async run({ settings, words, print }, { stdout }) {
    const [word, name = '', node = ''] = words;
    const action = actionOf(word);
    if (action !== undefined && words.length - 1 !== ACTIONS[action].split(' ').length) {
      throw new Failure('invalid', `expected ${action} ${ACTIONS[action]}`);
    }
    switch (action) {
      case 'show': {
        const view = await readCluster(settings, name);
        return print(view, showText(view, widthOf(stdout)));
      }
      case 'replace': {
        const { replacementOf } = await import('../../etcd/clusters.ts');
        const replacement = replacementOf(await readCluster(settings, name), node);
        return print(replacement, replacementText(replacement));
      }
      case 'forget':
        await withAdminClient(settings, (client) => client.forgetToken(name));
        return print({ forgotten: name }, `${name} is forgotten\n`);
      case undefined: {
        const views = await readClusters(settings);
        return print({ clusters: views }, listText(views, widthOf(stdout)));
      }
    }
  },
};

/** Every cluster, from the folder and from the discovery tokens. */
async function readClusters(settings: Settings): Promise<readonly ClusterView[]> {
  const { readContext } = await import('../../context/app-context.ts');
  const { clusterViews } = await import('../../etcd/clusters.ts');
  const { catalog } = await readContext(settings);
  return clusterViews(catalog.current(), await withAdminClient(settings, (client) => client.tokens()));
}

async function readCluster(settings: Settings, name: string): Promise<ClusterView> {
  const { clusterNamed } = await import('../../etcd/clusters.ts');
  return clusterNamed(await readClusters(settings), name);
}

function actionOf(word: string | undefined): keyof typeof ACTIONS | undefined {
  const known = Object.keys(ACTIONS) as (keyof typeof ACTIONS)[];
  const action = known.find((one) => one === word);
  if (word === undefined || action !== undefined) return action;
  const near = nearest(word, known);
  throw new Failure('invalid', `clusters cannot "${word}"`, {
    remedy: near === undefined ? `it can ${known.join(', ')}` : `did you mean ${near}?`,
  });
}

const LIST: readonly Column<ClusterView>[] = [
  { title: 'CLUSTER', spare: 0, text: ({ name }) => name ?? '' },
  { title: 'MEET BY', spare: 1, text: ({ mode }) => mode },
  { title: 'STATE', spare: 0, text: ({ state }) => state },
  { title: 'MEMBERS', spare: 0, text: ({ registered, size }) => `${registered} of ${size}` },
  { title: 'MISSING', spare: 0, text: missing },
  { title: 'TOKEN', spare: 2, text: ({ token }) => token ?? '' },
];

function listText(views: readonly ClusterView[], width: number | undefined): string {
  if (views.length === 0) return 'no profile has a "cluster", and there is no discovery token\n';
  const notes = views.flatMap((view) => view.notes.map((note) => `${view.name ?? view.token ?? ''}: ${note}`));
  return lines([...fittedTable(LIST, views, width), ...notes]);
}

function missing({ members, state }: ClusterView): string {
  const absent = members.filter((member) => state !== 'complete' && member.state === 'absent');
  return absent.map(({ name }) => name).join(', ');
}

const MEMBERS: readonly Column<ClusterMember>[] = [
  { title: 'MEMBER', spare: 0, text: ({ name }) => name },
  { title: 'STATE', spare: 0, text: ({ state }) => STATES[state] },
  { title: 'PEERS', spare: 0, text: ({ peers }) => peers.join(' ') },
  { title: 'ID', spare: 1, text: ({ id }) => id ?? '' },
];

const STATES: Readonly<Record<ClusterMember['state'], string>> = {
  static: 'in the profile',
  registered: 'registered',
  told: 'registered, may have started',
  absent: 'missing',
};

function showText(view: ClusterView, width: number | undefined): string {
  const { name = 'a token of no profile', state, registered, size, url, profiles, notes, members } = view;
  return lines([
    `${name}: ${state}, ${registered} of ${size} members`,
    ...(url === undefined ? [] : [`discovery URL  ${url}`]),
    ...(profiles.length === 0 ? [] : [`profiles       ${profiles.join(', ')}`]),
    ...notes,
    '',
    ...fittedTable(MEMBERS, members, width),
  ]);
}

function replacementText({ cluster, member, steps }: Replacement): string {
  return lines([
    `${member} of ${cluster} has lost its data: let it come back as a new member.`,
    ...steps.flatMap(({ why, commands }, i) => ['', `${i + 1}. ${why}`, ...commands.map((line) => `     ${line}`)]),
  ]);
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${plain(line)}\n`).join('');
}
