import { setTimeout as sleep } from 'node:timers/promises';
import type { AdminClient } from '../../admin/client/client.ts';
import { asFailure, Failure, failureLine, unlessFailed } from '../../model/failure.ts';
import { POWER_ACTIONS, type PowerAction } from '../../model/power.ts';
import { durationText } from '../../model/text.ts';
import type { MachineView } from '../../model/views.ts';
import { withAdminClient } from '../admin-call.ts';
import { type CliContext, type Command, EXIT, type ExitCode, type Invocation, JSON_OPTION } from '../command.ts';
import type { PoweredMachine, ReinstallingMachine } from '../../model/machine-views.ts';
import { plain, tableText } from '../text.ts';

/** So many at a time: each controller is asked one thing after the other anyway. */
const AT_ONCE = 8;

interface Refused {
  readonly machine: string;
  readonly error: { readonly code: Failure['code']; readonly message: string; readonly remedy?: string };
}

export const powerCommand: Command = {
  name: 'power',
  words: '<on|off|cycle|status> <NODE|MAC...>',
  summary: 'switch machines on and off, or ask whether they are on',
  details:
    'How a machine is switched stands in its profile, as "power" of the node: Wake-on-LAN, Redfish, IPMI, a program or web\n' +
    'requests (docs/power.md). Off is off at once, as by the button: nothing on the machine is asked first. One that cannot\n' +
    'be switched is told on standard error, the others go on; the exit status is 1 then: a wrong password, no such system,\n' +
    'another certificate, no answer in time. It is 2 where the command was called wrongly.\n\n' +
    'examples:\n' +
    '  pilotlight power status w1 w2 w3\n' +
    '  pilotlight power cycle w1\n' +
    '  pilotlight power on 52:54:00:55:1c:ee --json',
  options: JSON_OPTION,
  async run({ settings, words: [word, ...machines], print }, { stderr }) {
    const action = POWER_ACTIONS.find((one) => one === word);
    if (action === undefined) throw new Failure('invalid', `what is to be done? one of ${POWER_ACTIONS.join(', ')}`);
    const all = await withAdminClient(settings, (client) => powerAll(client, action, machines));
    const done = all.filter((one): one is PoweredMachine => 'text' in one);
    const refused = all.filter((one): one is Refused => 'error' in one);
    for (const { machine, error } of refused) {
      const remedy = error.remedy === undefined ? '' : ` (${error.remedy})`;
      stderr.write(`pilotlight power: ${plain(`${machine}: ${error.message}${remedy}`)}\n`);
    }
    const rows = done.map(({ key, name = key, state = '-', text }) => [name, state, plain(text)]);
    print({ machines: all }, rows.length === 0 ? '' : tableText([['NAME', 'POWER', 'WHAT'], ...rows]));
    return refused.length === 0 ? EXIT.ok : EXIT.failed;
  },
};

async function powerAll(
  client: Pick<AdminClient, 'power'>,
  action: PowerAction,
  machines: readonly string[],
): Promise<readonly (PoweredMachine | Refused)[]> {
  const wanted = [...new Set(machines)];
  const ends = new Map<string, PoweredMachine | Refused>();
  const queue = [...wanted];
  const work = async (): Promise<void> => {
    for (let machine = queue.shift(); machine !== undefined; machine = queue.shift())
      ends.set(machine, await powerOne(client, action, machine));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return wanted.flatMap((machine) => ends.get(machine) ?? []);
}

async function powerOne(client: Pick<AdminClient, 'power'>, action: PowerAction, machine: string) {
  try {
    return await client.power(machine, action);
  } catch (error) {
    const failure = asFailure(error);
    const { code, remedy } = failure;
    const message = failureLine(new Failure(code, failure.message, { place: failure.place }));
    return { machine, error: { code, message, ...(remedy === undefined ? {} : { remedy }) } };
  }
}

const POLL_MS = 2000;
const MINUTES = 60;

/** `reinstall --now`: begins it, and tells what the machine does until it has reported. */
export async function reinstallNow(
  { settings, words: [machine = ''], text, print }: Invocation,
  { stderr, stop }: Pick<CliContext, 'stderr' | 'stop'>,
): Promise<ExitCode> {
  const minutes = minutesOf(text('timeout') ?? String(MINUTES));
  return await withAdminClient(settings, async (client) => {
    const begun = await client.reinstallNow(machine);
    const tell = (line: string): void => {
      stderr.write(`${plain(line)}\n`);
    };
    const name = begun.name ?? begun.key;
    tell(`${name}: ${begun.text}`);
    if (!begun.fromNetwork) tell(`${name}: its own boot order decides: the network must stand first in it`);
    if (!begun.restarted) tell(`${name}: it was only switched on: if it is running, restart it`);
    const row = await follow(client, begun, { tell, stop, until: begun.at + minutes * 60_000 });
    return print({ ...begun, machine: row }, `${name} is ${row.state}, after ${durationText(Date.now() - begun.at)}\n`);
  });
}

function minutesOf(text: string): number {
  const minutes = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (minutes < 1) throw new Failure('invalid', '--timeout must be a number of minutes, from 1 to 9999');
  return minutes;
}

async function follow(
  client: Pick<AdminClient, 'machine'>,
  { at, key, name = key, until: last }: ReinstallingMachine,
  { tell, stop, until }: { readonly tell: (line: string) => void; readonly stop: AbortSignal; readonly until: number },
): Promise<MachineView['row']> {
  const told = new Set<number>();
  for (;;) {
    // A server that starts anew goes on with it.
    const view = await unlessFailed(client.machine(key), 'unavailable');
    for (const event of (view?.boots ?? []).toReversed().flatMap(({ events }) => events)) {
      if (event.at < at || event.kind === 'operator' || told.has(event.id)) continue;
      told.add(event.id);
      tell(`  +${durationText(event.at - at).padEnd(12)} ${event.ok ? '' : '! '}${event.text}`);
    }
    const { state, since = 0 } = view?.row ?? { state: 'assigned' };
    if (view !== undefined && since >= at) {
      if (state === 'up' || state === last) return view.row;
      if (state === 'failed') {
        throw new Failure('unavailable', `the installation of ${name} has failed`, {
          remedy: `\`pilotlight node ${name}\` shows how far it came`,
        });
      }
    }
    const left = until - Date.now();
    if (left <= 0) {
      throw new Failure('unavailable', `${name} has not reported in time: it is ${state}`, {
        remedy: 'its screen or its serial console says more; it goes on by itself, --timeout waits longer',
      });
    }
    await sleep(Math.min(POLL_MS, left), undefined, { signal: stop }).catch(() => undefined);
    if (stop.aborted) throw new Failure('unavailable', `no longer watching ${name}: it goes on by itself`);
  }
}
