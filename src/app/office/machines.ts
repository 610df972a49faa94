import type { Office } from '../../doors/http/operator/office.ts';
import { Failure } from '../../domain/failure.ts';
import type { MachineFacts } from '../../domain/facts.ts';
import type { MachineKey } from '../../domain/machine.ts';
import type { MachineHistory } from '../../domain/views.ts';
import { reinstall } from '../reinstall.ts';
import { adopt, release, standingOf } from './adopt.ts';
import type { OfficeDeps } from './deps.ts';
import { keyFacts, nodeFacts, parseKey, rowFacts } from './known-nodes.ts';
import { machineKey } from '../../domain/machine.ts';
import { listFromFiles, rowFromFiles, shownRow } from './machine-list.ts';
import { machineTexts } from './machine-texts.ts';

type Machines = Pick<Office, 'adopt' | 'machine' | 'machines' | 'reinstall' | 'release' | 'sent'>;

/** Everything about machines. Without a journal there is still what the files tell. */
export function machineOffice(deps: OfficeDeps): Machines {
  const { catalog, journal, marks } = deps;

  async function historyOf(key: MachineKey): Promise<MachineHistory | undefined> {
    if (journal.status().on) return await journal.machine(key);
    const row = rowFromFiles(catalog.current(), marks.all(), key);
    return row === undefined ? undefined : { row, boots: [] };
  }

  async function factsOf(key: MachineKey): Promise<MachineFacts> {
    const history = await historyOf(key);
    return history === undefined ? keyFacts(key) : rowFacts(history.row);
  }

  /** The key under which its installation is remembered: what its profile knows it by. */
  async function markedAs(key: MachineKey): Promise<MachineKey> {
    const standing = standingOf({ ...(await factsOf(key)), ...keyFacts(key) }, catalog.current());
    return (standing === undefined ? undefined : machineKey(nodeFacts(standing.node))) ?? key;
  }

  return {
    async machines(query) {
      const page = journal.status().on
        ? await journal.machines(query)
        : listFromFiles(catalog.current(), marks.all(), query);
      return { ...page, machines: await Promise.all(page.machines.map((row) => shownRow(row, deps))) };
    },
    async machine(key, origin) {
      const history = await historyOf(key);
      if (history === undefined) throw nobody(key);
      const row = await shownRow(history.row, deps);
      const facts = { ...rowFacts(row), ...keyFacts(key) };
      return { ...history, row, ...(await machineTexts(deps, history, { facts, origin })) };
    },
    async sent(digest) {
      const text = await journal.sent(digest);
      if (text !== undefined) return Buffer.from(text).toString('utf8');
      throw new Failure('not-found', 'there is no such text any more', { remedy: 'texts are kept for 30 days' });
    },
    adopt: async (adoption) => await adopt({ ...deps, factsOf }, adoption),
    release: async (key) => await release({ ...deps, factsOf }, key),
    async reinstall(machine) {
      await catalog.refresh();
      const key = parseKey(machine);
      const done = await reinstall(deps, key === undefined ? machine : await markedAs(key));
      const text = 'its installer may run once more';
      journal.record({ kind: 'operator', at: deps.now(), facts: keyFacts(done.key), action: 'reinstall', text });
      deps.log.info({ machine: done.key, node: done.name }, 'a machine will be installed again at its next boot');
      return key === undefined ? done : { ...done, key };
    },
  };
}

function nobody(key: MachineKey): Failure {
  return new Failure('not-found', `${key} was never seen, and no profile names it`, {
    remedy: '`pilotlight nodes` and the dashboard list all machines',
  });
}
