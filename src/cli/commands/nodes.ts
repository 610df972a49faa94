import type { AdminClient } from '../../admin/client/client.ts';
import { Failure } from '../../model/failure.ts';
import { MACHINE_STATES, type MachineState } from '../../model/machine.ts';
import type { MachineQuery, MachineRow } from '../../model/views.ts';
import { allMachines, withAdminClient } from '../admin-call.ts';
import { type CliContext, type Command, EXIT, type Invocation } from '../command.ts';
import { machineLines, type Paint, paintFor } from '../machine-text.ts';
import { omitUndefined } from '../../model/omit-undefined.ts';

export const nodesCommand: Command = {
  name: 'nodes',
  usage: '[TEXT]',
  summary: 'every machine that was seen or that a profile names, and how it is',
  details:
    `TEXT is part of a MAC, name, serial number, product or address. States: ${MACHINE_STATES.join(', ')}.\n` +
    'With --watch the list stays and follows what happens until Ctrl-C; where output is no terminal, each change is a line.\n\n' +
    'examples:\n' +
    '  pilotlight nodes\n' +
    '  pilotlight nodes --state unknown\n' +
    '  pilotlight nodes --watch --profile workers\n' +
    '  pilotlight nodes --json | jq -r \'.machines[] | select(.state == "failed") | .key\'',
  flags: [
    { flag: 'watch', type: 'boolean', help: 'go on until Ctrl-C' },
    { flag: 'state', type: 'string', value: 'S', help: 'only machines in this state' },
    { flag: 'profile', type: 'string', value: 'P', help: 'only machines of this profile' },
    { flag: 'json', type: 'boolean', help: 'one JSON object; with --watch one machine a line, each time it changes' },
  ],
  words: { min: 0, max: 1 },
  async run(invocation, context) {
    const query = queryOf(invocation);
    await withAdminClient(invocation.settings, async (adminClient) => {
      if (invocation.has('watch')) await watch(adminClient, query, invocation.has('json'), context);
      else await list(adminClient, query, invocation.has('json'), context);
    });
    return EXIT.ok;
  },
};

type Query = Omit<MachineQuery, 'after' | 'limit'>;

function queryOf(invocation: Invocation): Query {
  const [text] = invocation.words;
  const wanted = invocation.text('state');
  const state = MACHINE_STATES.find((one) => one === wanted);
  if (wanted !== undefined && state === undefined) {
    throw new Failure('invalid', `--state must be one of ${MACHINE_STATES.join(', ')}`);
  }
  const profile = invocation.text('profile');
  return omitUndefined({
    text,
    state,
    profile,
  });
}

async function list(adminClient: AdminClient, query: Query, json: boolean, context: CliContext): Promise<void> {
  const { stdout } = context;
  const machines = await allMachines(adminClient, query);
  if (json) {
    const { states } = await adminClient.machines({ ...query, limit: 1 });
    stdout.write(`${JSON.stringify({ machines, states })}\n`);
    return;
  }
  stdout.write(machines.length === 0 ? emptyText(query) : tableText(machines, stdout.columns, paintFor(context)));
}

function emptyText(query: Query): string {
  if (Object.keys(query).length > 0) return 'no machine is like that\n';
  return 'no machine was seen yet, and no profile names one: let one boot from the network, or add "nodes" to a profile\n';
}

function tableText(machines: readonly MachineRow[], columns: number | undefined, paint: Paint): string {
  const [heading = '', ...lines] = machineLines(machines, Date.now(), columns);
  return [heading, ...lines.map((line, i) => painted(line, machines[i]?.state, paint))]
    .map((line) => `${line}\n`)
    .join('');
}

/** The state is what a line begins with. */
function painted(line: string, state: MachineState | undefined, paint: Paint): string {
  if (state === undefined || !line.startsWith(state)) return line;
  return `${paint.state(state)}${line.slice(state.length)}`;
}

async function watch(adminClient: AdminClient, query: Query, json: boolean, context: CliContext): Promise<void> {
  const { stdout } = context;
  const screen = stdout.isTTY === true && !json;
  const paint = paintFor(context);
  const watcher = createWatcher({
    look: () => allMachines(adminClient, query),
    changed: (row) => {
      if (json) stdout.write(`${JSON.stringify(row)}\n`);
      else if (!screen) stdout.write(`${changeLine(row)}\n`);
    },
    shown: (machines) => {
      if (!screen) return;
      const text = machines.length === 0 ? emptyText(query) : tableText(machines, stdout.columns, paint);
      // To the top, line by line over what is there, and clear what is left (ECMA-48 CUP, EL, ED): no flicker.
      stdout.write(`\u001b[H${fitting(text, stdout.rows).replaceAll('\n', '\u001b[K\n')}\u001b[J`);
    },
  });
  if (screen) stdout.write('\u001b[2J');
  await watcher.run((changed, signal) => adminClient.watch(changed, signal), context.stop);
}

/** A screen that scrolls would be drawn at the wrong place the next time. */
function fitting(text: string, rows: number | undefined): string {
  const lines = text.split('\n').slice(0, -1);
  if (rows === undefined || lines.length < rows) return text;
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

/** Looks again when something may have changed: one look at a time, and never after the last change without one. */
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
