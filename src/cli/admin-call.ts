import type { Counter } from '../admin/client/client.ts';
import { Failure } from '../model/failure.ts';
import type { MachineKey } from '../model/machine.ts';
import { nearest } from '../model/name.ts';
import type { MachineQuery, MachineRow } from '../model/views.ts';
import type { Settings } from '../settings/settings.ts';

/** Asks the server that runs, or the files; leaves nothing open. */
export async function withCounter<T>(settings: Settings, work: (counter: Counter) => Promise<T>): Promise<T> {
  const { openCounter } = await import('../admin/client/open-client.ts');
  const counter = await openCounter(settings);
  try {
    return await work(counter);
  } finally {
    await counter.close();
  }
}

const PAGE = 500;

/** Every machine that fits, a page after the other. */
export async function allMachines(
  counter: Pick<Counter, 'machines'>,
  query: Omit<MachineQuery, 'after' | 'limit'>,
): Promise<readonly MachineRow[]> {
  const rows: MachineRow[] = [];
  let after: string | undefined;
  do {
    const page = await counter.machines({ ...query, limit: PAGE, ...(after === undefined ? {} : { after }) });
    rows.push(...page.machines);
    after = page.next;
  } while (after !== undefined);
  return rows;
}

/** The key of a machine that is named by its MAC, `uuid:...`, `serial:...` or its node's name. Throws `not-found`. */
export async function keyOf(counter: Pick<Counter, 'machines'>, text: string): Promise<MachineKey> {
  const { parseKey } = await import('../admin/service/known-nodes.ts');
  const key = parseKey(text);
  if (key !== undefined) return key;
  const named = (rows: readonly MachineRow[]): readonly MachineRow[] =>
    rows.filter(({ name }) => name?.toLowerCase() === text.toLowerCase());
  const found = named(await allMachines(counter, { text: text.slice(0, 128) }));
  const [first, second] = found;
  if (second !== undefined) {
    const remedy = `name it by its MAC: ${found.map((row) => row.key).join(', ')}`;
    throw new Failure('conflict', `${String(found.length)} machines are called "${text}"`, { remedy });
  }
  if (first !== undefined) return first.key;
  const names = (await allMachines(counter, {})).flatMap(({ name }) => name ?? []);
  const near = nearest(text, names);
  throw new Failure('not-found', `no machine is called "${text.slice(0, 80)}"`, {
    remedy: near === undefined ? '`pilotlight nodes` lists all machines' : `did you mean "${near}"?`,
  });
}
