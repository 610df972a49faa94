import type { AdminClient } from '../admin/client/client.ts';
import { Failure } from '../model/failure.ts';
import { type MachineKey, parseKey } from '../model/machine.ts';
import { nearest } from '../model/text.ts';
import type { MachinePage, MachineQuery, MachineRow } from '../model/views.ts';
import type { Settings } from '../settings/settings.ts';

/** Asks the server that runs, or the files; leaves nothing open. */
export async function withAdminClient<T>(
  settings: Settings,
  work: (adminClient: AdminClient) => Promise<T>,
): Promise<T> {
  const { openAdminClient } = await import('../admin/client/open-client.ts');
  const adminClient = await openAdminClient(settings);
  try {
    return await work(adminClient);
  } finally {
    await adminClient.close();
  }
}

const PAGE = 500;

/** Every machine that fits, a page after the other; what is said beside them is of the last page, but for the boots by profile. */
export async function machineList(
  adminClient: Pick<AdminClient, 'machines'>,
  query: Omit<MachineQuery, 'after' | 'limit'>,
): Promise<MachinePage> {
  const machines: MachineRow[] = [];
  let byProfile: MachinePage['byProfile'];
  for (let after: string | undefined; ;) {
    const page = await adminClient.machines({ ...query, limit: PAGE, ...(after === undefined ? {} : { after }) });
    machines.push(...page.machines);
    byProfile ??= page.byProfile;
    after = page.next;
    if (after === undefined) return { ...page, machines, ...(byProfile && { byProfile }) };
  }
}

/** The key of a machine that is named by its MAC, `uuid:...`, `serial:...` or its node's name. Throws `not-found`. */
export async function keyOf(adminClient: Pick<AdminClient, 'machines'>, text: string): Promise<MachineKey> {
  const key = parseKey(text);
  if (key !== undefined) return key;
  const named = (rows: readonly MachineRow[]): readonly MachineRow[] =>
    rows.filter(({ name }) => name?.toLowerCase() === text.toLowerCase());
  const found = named((await machineList(adminClient, { text: text.slice(0, 128) })).machines);
  const [first, second] = found;
  if (second !== undefined) {
    const remedy = `name it by its MAC: ${found.map((row) => row.key).join(', ')}`;
    throw new Failure('conflict', `${found.length} machines are called "${text}"`, { remedy });
  }
  if (first !== undefined) return first.key;
  const names = (await machineList(adminClient, {})).machines.flatMap(({ name }) => name ?? []);
  const near = nearest(text, names);
  throw new Failure('not-found', `no machine is called "${text.slice(0, 80)}"`, {
    remedy: near === undefined ? '`pilotlight nodes` lists all machines' : `did you mean "${near}"?`,
  });
}
