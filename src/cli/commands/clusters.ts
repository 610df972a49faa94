import type { Replacement } from '../../etcd/cluster-replacement.ts';
import type { ClusterMember, ClusterView } from '../../etcd/clusters.ts';
import { Failure } from '../../model/failure.ts';
import { nearest } from '../../model/name.ts';
import { type Command, EXIT } from '../command.ts';
import { fittedTable, plain } from '../text.ts';

const ACTIONS = ['show', 'replace', 'forget'] as const;
const WORDS = { show: 2, replace: 3, forget: 2 } as const;

export const clustersCommand: Command = {
  name: 'clusters',
  usage: '[show NAME | replace NAME NODE | forget TOKEN]',
  summary: 'the etcd clusters: who has registered, who is missing, how a member is replaced',
  details:
    'Without words: every cluster of the profiles, and every discovery token besides. show: one of them with its members.\n' +
    'replace: what to do, in order, when a member has lost its data. forget: ends a token; nobody can register with it\n' +
    'any more, and a cluster that a profile asks for gets a new one. Asks the running server, else its database.',
  flags: [{ flag: 'json', type: 'boolean', help: 'JSON on standard output' }],
  words: { min: 0, max: 3 },
  async run(invocation, context) {
    const { settings, words } = invocation;
    const [word, name = '', node = ''] = words;
    const action = ACTIONS.find((one) => one === word);
    if (word !== undefined && action === undefined) throw unknownAction(word);
    if (action !== undefined && words.length !== WORDS[action]) {
      throw new Failure(
        'invalid',
        `expected ${action} ${action === 'replace' ? 'NAME NODE' : action === 'show' ? 'NAME' : 'TOKEN'}`,
      );
    }
    const adminService = await import('../../admin/client/clusters.ts');
    const say = (value: unknown, text: () => string): void => {
      context.stdout.write(invocation.has('json') ? `${JSON.stringify(value)}\n` : text());
    };
    if (action === undefined) {
      const views = await adminService.readClusters(settings);
      say({ clusters: views }, () => listText(views, context.stdout.columns));
    } else if (action === 'show') {
      const view = await adminService.readCluster(settings, name);
      say(view, () => showText(view, context.stdout.columns));
    } else if (action === 'replace') {
      const replacement = await adminService.replaceMember(settings, name, node);
      say(replacement, () => replacementText(replacement));
    } else {
      await adminService.forgetToken(settings, name);
      say({ forgotten: name }, () => `${name} is forgotten\n`);
    }
    return EXIT.ok;
  },
};

function listText(views: readonly ClusterView[], width: number | undefined): string {
  if (views.length === 0) return 'no profile has a "cluster", and there is no discovery token\n';
  const columns = [
    { title: 'CLUSTER', text: (view: ClusterView) => view.name ?? '', spare: 0 },
    { title: 'MEET BY', text: (view: ClusterView) => view.mode, spare: 1 },
    { title: 'STATE', text: (view: ClusterView) => view.state, spare: 0 },
    { title: 'MEMBERS', text: (view: ClusterView) => `${view.registered} of ${view.size}`, spare: 0 },
    { title: 'MISSING', text: (view: ClusterView) => missing(view), spare: 0 },
    { title: 'TOKEN', text: (view: ClusterView) => view.token ?? '', spare: 2 },
  ];
  const notes = views.flatMap((view) => view.notes.map((note) => `${view.name ?? view.token ?? ''}: ${note}`));
  return lines([...fittedTable(columns, views, width), ...notes]);
}

function missing({ members, state }: ClusterView): string {
  return state === 'complete'
    ? ''
    : members
        .filter((member) => member.state === 'absent')
        .map(({ name }) => name)
        .join(', ');
}

function showText(view: ClusterView, width: number | undefined): string {
  const columns = [
    { title: 'MEMBER', text: (member: ClusterMember) => member.name, spare: 0 },
    { title: 'STATE', text: (member: ClusterMember) => SAID[member.state], spare: 0 },
    { title: 'PEERS', text: (member: ClusterMember) => member.peers.join(' '), spare: 0 },
    { title: 'ID', text: (member: ClusterMember) => member.id ?? '', spare: 1 },
  ];
  return lines([
    `${view.name ?? 'a token of nobody'}: ${view.state}, ${view.registered} of ${view.size} members`,
    ...(view.url === undefined ? [] : [`discovery URL  ${view.url}`]),
    ...(view.profiles.length === 0 ? [] : [`profiles       ${view.profiles.join(', ')}`]),
    ...view.notes,
    '',
    ...fittedTable(columns, view.members, width),
  ]);
}

const SAID: Readonly<Record<ClusterMember['state'], string>> = {
  static: 'in the profile',
  registered: 'registered',
  told: 'registered, may have started',
  absent: 'missing',
};

function replacementText({ cluster, member, steps }: Replacement): string {
  return lines([
    `${member} of ${cluster} has lost its data: let it come back as a new member.`,
    ...steps.flatMap(({ why, commands }, i) => ['', `${i + 1}. ${why}`, ...commands.map((line) => `     ${line}`)]),
  ]);
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${plain(line)}\n`).join('');
}

function unknownAction(word: string): Failure {
  const near = nearest(word, ACTIONS);
  return new Failure('invalid', `clusters cannot "${word}"`, {
    remedy: near === undefined ? `it can ${ACTIONS.join(', ')}` : `did you mean ${near}?`,
  });
}
