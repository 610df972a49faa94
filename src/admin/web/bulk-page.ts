import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import { Failure, failureLine } from '../../model/failure.ts';
import { type MachineKey, parseKey } from '../../model/machine.ts';
import type { Log } from '../../model/service.ts';
import { plural } from '../../model/text.ts';
import type { MachineRow, ProfileRow } from '../../model/views.ts';
import { seeOther } from '../respond.ts';
import { demand } from '../service/operations.ts';
import type { AdminOperations } from '../service/service.ts';
import { BULK_ACTIONS, type BulkAction, type BulkProfile, bulkProfiles } from './bulk-actions.ts';
import { fieldList, fieldText, longField, pathText, requiredField } from './form-fields.ts';
import { machineHref, moment } from './format.ts';
import { machineTitle, queryOf } from './machines-page.ts';
import type { Page, PageDeps, PageShow } from './page.ts';

const PATH = '/dashboard/machines/bulk';
const LIST = '/dashboard/machines';
/** More at once are a mistake more often than a wish. */
const MOST = 500;

/** Many machines at once: a question that names what will happen to which, then a result for each. */
export function mountBulkPages(show: PageShow, { adminService, log }: PageDeps): void {
  const runs = createBulkRuns({ adminService, log });

  async function ask(req: Request, res: Response): Promise<void> {
    const action = actionOf(req);
    demand(action.operation);
    const rows = await chosen(adminService, req);
    const [profiles, of] = await Promise.all([adminService.profiles(), bulkProfiles(adminService, rows)]);
    await show.page(req, res, bulkPage({ action, rows, profiles, of }));
  }

  async function run(req: Request, res: Response): Promise<void> {
    const action = actionOf(req);
    demand(action.operation);
    const profile = action.name === 'adopt' ? requiredField(req, 'profile') : '';
    const rows = await rowsOf(adminService, keysIn(longField(req, 'machines')));
    const { id } = await runs.begin(
      action,
      rows.map((row) => ({ key: row.key, title: machineTitle(row) })),
      profile,
    );
    seeOther(req, res, `${PATH}/${id}`);
  }

  // Who comes back by the address alone chooses anew.
  const get = (req: Request, res: Response): Promise<void> => {
    seeOther(req, res, LIST);
    return Promise.resolve();
  };
  show.route('Machines', PATH, { get, post: ask });
  show.route('Machines', `${PATH}/run`, { get, post: run });
  show.route('Machines', `${PATH}/:run`, {
    async get(req, res) {
      const found = runs.get(pathText(req, 'run'));
      if (found === undefined) {
        throw new Failure('not-found', 'this result is not kept any more', {
          remedy: 'Activity says what was done, each machine in a line of its own',
        });
      }
      await show.page(req, res, resultPage(found, Date.now()));
    },
  });
}

function actionOf(req: Request): BulkAction {
  const wanted = requiredField(req, 'action');
  const found = BULK_ACTIONS.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  throw new Failure('invalid', `"${wanted}" cannot be done to many machines`, {
    remedy: `one of ${BULK_ACTIONS.map(({ name }) => name).join(', ')}`,
  });
}

/** The machines that were ticked, or all that match the filter. */
async function chosen(service: Pick<AdminOperations, 'machines'>, req: Request): Promise<readonly MachineRow[]> {
  if (fieldText(req, 'all') === undefined) {
    const keys = fieldList(req, 'machine');
    if (keys.length > 0) return await rowsOf(service, keysIn(keys.map(encodeURIComponent).join(' ')));
    throw new Failure('invalid', 'no machine is chosen', {
      remedy: 'tick the boxes of some, or "All that match"',
    });
  }
  const { machines, total } = await service.machines({ ...queryOf((name) => fieldText(req, name)), limit: MOST });
  if (total <= MOST) return machines;
  throw new Failure('invalid', `${plural(total, 'machine')} match, and at most ${MOST} are changed at once`, {
    remedy: 'narrow the list by a search, a profile, a state or a tag',
  });
}

/** Throws Failure `invalid`. */
function keysIn(text: string): readonly MachineKey[] {
  const parts = text.split(/\s+/).filter((part) => part !== '');
  const keys = parts.flatMap((part) => parseKey(unescaped(part)) ?? []);
  if (keys.length === parts.length && keys.length > 0 && keys.length <= MOST) return [...new Set(keys)];
  throw new Failure('invalid', 'the list of machines cannot be read', { remedy: 'choose the machines again' });
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return '';
    throw error;
  }
}

/** As the list has them now; one that it has no more is there by its key alone, and what is done to it says why. */
async function rowsOf(
  service: Pick<AdminOperations, 'machines'>,
  keys: readonly MachineKey[],
): Promise<readonly MachineRow[]> {
  const rows = keys.map(async (key): Promise<MachineRow> => {
    const text = key.replace(/^(?:uuid|serial):/, '');
    const { machines } = await service.machines({ text, limit: 20 });
    return machines.find((row) => row.key === key) ?? { key, state: 'unknown', boots: [] };
  });
  return await Promise.all(rows);
}

interface BulkQuestion {
  readonly action: BulkAction;
  readonly rows: readonly MachineRow[];
  readonly profiles: readonly ProfileRow[];
  /** The profiles of the machines. */
  readonly of: ReadonlyMap<string, BulkProfile>;
}

/** What will happen to how many, and who is left out and why. */
function bulkPage({ action, rows, profiles, of }: BulkQuestion): Page {
  const judged = rows.map((row) => ({ row, why: action.refused(row, of.get(row.profile ?? '')) }));
  const fit = judged.filter(({ why }) => why === undefined).map(({ row }) => row);
  const machines = plural(fit.length, 'machine');
  const used = new Set(fit.map(({ profile }) => profile));
  return {
    view: 'bulk',
    title: `${action.word}: ${machines}`,
    section: 'Machines',
    live: [],
    data: {
      title: `${action.word}: ${machines}`,
      none: fit.length === 0,
      points: fit.length === 0 ? [] : action.points(fit, of),
      missing: action.needsProfile ? [...of].flatMap(([name, { problems }]) => (used.has(name) ? problems : [])) : [],
      machines: fit.map(machineItem),
      refused: judged.flatMap(({ row, why }) => (why === undefined ? [] : [{ ...machineItem(row), why }])),
      refusedWord: plural(rows.length - fit.length, 'machine'),
      profiles:
        action.name === 'adopt'
          ? profiles
              .filter(({ inForce }) => inForce)
              .map(({ name, title, install }) => ({ name, title: install ? `${title}, installs` : title }))
          : undefined,
      action: action.name,
      path: `${PATH}/run`,
      back: LIST,
      keys: fit.map(({ key }) => encodeURIComponent(key)).join(' '),
      button: action.button(machines),
      danger: action.danger,
    },
  };
}

function machineItem(row: MachineRow): { readonly title: string; readonly href: string } {
  return { title: machineTitle(row), href: machineHref(row.key) };
}

/** What became of each: what failed first. */
function resultPage({ action, began, items }: BulkRun, now: number): Page {
  const of = (state: BulkRun['items'][number]['state']): number => items.filter((item) => item.state === state).length;
  const [done, failed, waiting] = [of('done'), of('failed'), of('waiting')];
  const parts = [
    `${done} done`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(waiting > 0 ? [`${waiting} to go`] : []),
  ];
  const order = ['failed', 'waiting', 'done'];
  return {
    view: 'bulk-result',
    title: action.word,
    section: 'Machines',
    live: ['machines', 'profiles'],
    summary: `${action.word}: ${parts.join(', ')}`,
    data: {
      title: `${action.word}: ${plural(items.length, 'machine')}`,
      outcome: parts.join(', '),
      began: moment(began, now),
      going: waiting > 0,
      items: items
        .toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
        .map(({ key, title, state, text }) => ({
          key,
          title,
          text,
          href: machineHref(key),
          done: state === 'done',
          failed: state === 'failed',
        })),
    },
  };
}

/** What becomes of one machine. */
interface BulkItem {
  readonly key: MachineKey;
  readonly title: string;
  state: 'waiting' | 'done' | 'failed';
  text: string;
}

interface BulkRun {
  readonly id: string;
  readonly action: BulkAction;
  readonly began: number;
  readonly items: readonly BulkItem[];
}

/** So many results can be looked at again; the journal keeps what was done. */
const KEPT = 50;
/** A page comes after this time, also when the work goes on. */
const LONGEST_WAIT_MS = 3000;

/** The work that was asked for from pages, and its results: in memory, until the server stops. */
export function createBulkRuns({ adminService, log }: { readonly adminService: AdminOperations; readonly log: Log }) {
  const runs = new Map<string, BulkRun>();

  async function work({ action, items }: BulkRun, profile: string): Promise<void> {
    const left = [...items];
    const next = async (): Promise<void> => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) {
        await one(action, item, profile);
      }
    };
    await Promise.all(Array.from({ length: action.abreast }, next));
  }

  async function one(action: BulkAction, item: BulkItem, profile: string): Promise<void> {
    try {
      item.text = await action.act(adminService, item.key, profile);
      item.state = 'done';
    } catch (error) {
      item.state = 'failed';
      item.text = error instanceof Failure ? failureLine(error) : "internal error: the server's log says more";
      if (!(error instanceof Failure)) log.error({ err: error, machine: item.key }, 'a machine of many failed');
    }
  }

  return {
    get: (id: string): BulkRun | undefined => runs.get(id),
    /** Resolves when it is done, or when it takes longer than a person likes to wait: then it goes on. */
    async begin(
      action: BulkAction,
      machines: readonly Pick<BulkItem, 'key' | 'title'>[],
      profile: string,
    ): Promise<BulkRun> {
      const items = machines.map((machine): BulkItem => ({ ...machine, state: 'waiting', text: '' }));
      const run: BulkRun = { id: randomBytes(12).toString('hex'), action, began: Date.now(), items };
      runs.set(run.id, run);
      const [oldest] = runs.keys();
      if (runs.size > KEPT && oldest !== undefined) runs.delete(oldest);
      let timer: NodeJS.Timeout | undefined;
      const waited = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, LONGEST_WAIT_MS);
      });
      await Promise.race([work(run, profile), waited]);
      clearTimeout(timer);
      return run;
    },
  };
}
