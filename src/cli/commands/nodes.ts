import type { AdminClient } from '../../admin/client/client.ts';
import { Failure } from '../../model/failure.ts';
import { MACHINE_STATES, type MachineState } from '../../model/machine-list.ts';
import { omitUndefined } from '../../model/machine.ts';
import type { MachinePage, MachineQuery, MachineRow } from '../../model/views.ts';
import { machineList, withAdminClient } from '../admin-call.ts';
import { type CliContext, type Command, EXIT, type Invocation, JSON_OPTION } from '../command.ts';
import { machineLines, type Paint, paintFor, profileBootLines, timeText } from '../machine-text.ts';
import { plain, tableText, widthOf } from '../text.ts';

export const nodesCommand: Command = {
  name: 'nodes',
  words: '[TEXT]',
  summary: 'every machine that was seen or that a profile names, and how it is',
  details:
    `TEXT is part of a MAC, name, serial number, product, address or tag. States: ${MACHINE_STATES.join(', ')}.\n` +
    "Boots by a profile's name (/?profile=NAME) say no machine: they are listed below, by address and profile.\n" +
    'With --watch the list stays and follows what happens until Ctrl-C; where output is no terminal, each change is a line.\n\n' +
    'examples:\n' +
    '  pilotlight nodes\n' +
    '  pilotlight nodes --state unknown\n' +
    '  pilotlight nodes --tag rack1\n' +
    '  pilotlight nodes --watch --profile workers\n' +
    "  pilotlight nodes --state failed --json | jq -r '.machines[].key'",
  options: {
    '--watch': 'go on until Ctrl-C',
    '--state <S>': 'only machines in this state',
    '--profile <P>': 'only machines of this profile',
    '--tag <T>': 'only machines whose node has this tag',
    '--json': 'one JSON object; with --watch one machine a line, each time it changes',
  },
  async run(invocation, context) {
    const { settings, has, print } = invocation;
    const query = queryOf(invocation);
    return await withAdminClient(settings, async (client) => {
      if (has('watch')) {
        await watch(client, query, has('json'), context);
        return EXIT.ok;
      }
      const page = await machineList(client, query);
      const { machines, states, byProfile, noJournal } = page;
      if (noJournal !== undefined && !has('json')) context.stderr.write(`pilotlight: ${noJournal}\n`);
      return print({ machines, states, byProfile }, listText(page, query, context));
    });
  },
};

type Query = Omit<MachineQuery, 'after' | 'limit'>;

function queryOf({ words: [part], text }: Invocation): Query {
  const wanted = text('state');
  const state = MACHINE_STATES.find((one) => one === wanted);
  if (wanted !== undefined && state === undefined) {
    throw new Failure('invalid', `--state must be one of ${MACHINE_STATES.join(', ')}`);
  }
  return omitUndefined({ text: part, state, profile: text('profile'), tag: text('tag') });
}

type Listed = Pick<MachinePage, 'byProfile' | 'machines'>;

function listText({ machines, byProfile = [] }: Listed, query: Query, context: CliContext): string {
  if (byProfile.length === 0) return machinesText(machines, query, context);
  const boots = profileBootLines(byProfile, Date.now(), widthOf(context.stdout)).map((line) => `${line}\n`);
  const above = machines.length === 0 ? '' : `${machinesText(machines, query, context)}\n`;
  return `${above}booted by a profile's name (/?profile=NAME); which machine it was is not known:\n${boots.join('')}`;
}

function machinesText(machines: readonly MachineRow[], query: Query, context: CliContext): string {
  if (machines.length === 0) {
    return Object.keys(query).length > 0
      ? 'no machine is like that\n'
      : 'no machine was seen yet, and no profile names one: let one boot from the network, or add "nodes" to a profile\n';
  }
  const paint = paintFor(context);
  const [heading = '', ...lines] = machineLines(machines, Date.now(), widthOf(context.stdout));
  return [heading, ...lines.map((line, i) => painted(line, machines[i]?.state, paint))]
    .map((line) => `${line}\n`)
    .join('');
}

/** The state is what a line begins with. */
function painted(line: string, state: MachineState | undefined, paint: Paint): string {
  if (state === undefined || !line.startsWith(state)) return line;
  return `${paint.state(state)}${line.slice(state.length)}`;
}

async function watch(client: AdminClient, query: Query, json: boolean, context: CliContext): Promise<void> {
  const { stdout } = context;
  const screen = stdout.isTTY === true && !json;
  let byProfile: Listed['byProfile'];
  const watcher = createWatcher({
    look: async () => {
      const page = await machineList(client, query);
      ({ byProfile } = page);
      return page.machines;
    },
    changed: (row) => {
      if (json) stdout.write(`${JSON.stringify(row)}\n`);
      else if (!screen) stdout.write(`${changeLine(row)}\n`);
    },
    shown: (machines) => {
      if (!screen) return;
      // To the top, line by line over what is there, and clear what is left (ECMA-48 CUP, EL, ED): no flicker.
      stdout.write(
        `\u001b[H${fitting(listText({ machines, byProfile }, query, context), stdout.rows).replaceAll('\n', '\u001b[K\n')}\u001b[J`,
      );
    },
  });
  if (screen) stdout.write('\u001b[2J');
  await watcher.run((changed, signal) => client.watch(changed, signal), context.stop);
}

/** A screen that scrolls would be drawn at the wrong place the next time. */
function fitting(text: string, rows: number | undefined): string {
  const lines = text.split('\n').slice(0, -1);
  if (rows === undefined || rows === 0 || lines.length < rows) return text;
  const shown = lines.slice(0, Math.max(1, rows - 2));
  return `${[...shown, `... and ${lines.length - shown.length} more`].join('\n')}\n`;
}

function changeLine(row: MachineRow): string {
  const [, line = ''] = machineLines([row], Date.now());
  return `${new Date().toISOString().slice(0, 19)}Z  ${line}`;
}

interface WatcherOptions {
  /** All machines, now. */
  readonly look: () => Promise<readonly MachineRow[]>;
  /** For each one that is not as it was at the last look; at the first look for all. */
  readonly changed: (row: MachineRow) => void;
  /** After each look. */
  readonly shown: (rows: readonly MachineRow[]) => void;
}

/** Looks at all machines again and again, and tells which have changed. */
export function createWatcher({ look, changed, shown }: WatcherOptions) {
  const known = new Map<string, string>();

  async function once(): Promise<void> {
    const rows = await look();
    for (const row of rows) {
      const print = printOf(row);
      if (known.get(row.key) === print) continue;
      known.set(row.key, print);
      changed(row);
    }
    shown(rows);
  }

  return createLooker(once);
}

/** Looks again when something may have changed: one look at a time, and never after the last change without one. */
export function createLooker(once: () => Promise<void>) {
  return {
    /** Until the signal aborts. Rejects when a look fails. */
    async run(watch: (changed: () => void, signal: AbortSignal) => Promise<void>, stop: AbortSignal): Promise<void> {
      if (stop.aborted) return;
      const failed = new AbortController();
      const signal = AbortSignal.any([stop, failed.signal]);
      let due = false;
      let work = Promise.resolve();
      const again = (): void => {
        if (due || signal.aborted) return;
        due = true;
        work = work
          .then(async () => {
            due = false;
            if (!signal.aborted) await once();
          })
          .catch((error: unknown) => {
            failed.abort(error);
          });
      };
      again();
      await watch(again, signal);
      await work;
      if (failed.signal.aborted) throw failed.signal.reason as Error;
    },
  };
}

/** What makes a line of its own: not how long ago it was seen, and not each packet of a download. */
function printOf({ state, profile, version, name, since, address }: MachineRow): string {
  return JSON.stringify([state, profile, version, name, since, address]);
}

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
