import { withAdminClient } from '../admin-call.ts';
import { type Command, JSON_OPTION } from '../command.ts';
import { timeText } from '../machine-text.ts';
import { plain, tableText } from '../text.ts';

export const leasesCommand: Command = {
  name: 'leases',
  words: '',
  summary: 'the addresses that the DHCP server gave out, and to which machines',
  details:
    'Of the server that runs on the data directory; without one, what state/leases.jsonl says.\n\n' +
    'example:\n' +
    '  pilotlight leases --all',
  options: { '--all': 'also those that ended or were given back', ...JSON_OPTION },
  async run({ settings, has, print }, { stderr }) {
    const view = await withAdminClient(settings, (client) => client.leases());
    if (view.off !== undefined) stderr.write(`${plain(view.off)}\n`);
    const shown = view.leases.filter(({ state }) => has('all') || state === 'in use' || state === 'resting');
    const rows = shown.map(({ address, mac, state, until, node, name, profile }) =>
      [address, mac, node ?? name ?? '', profile ?? '', state, timeText(until)].map(plain),
    );
    const heading = ['ADDRESS', 'MAC', 'NAME', 'PROFILE', 'STATE', 'UNTIL'];
    return print({ ...view, leases: shown }, rows.length === 0 ? 'none\n' : tableText([heading, ...rows]));
  },
};
