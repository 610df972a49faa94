import type { Request, Response, Router } from 'express';
import { cancelReinstallPage, installDisk, reinstallPage, releaseClaimPage, releasePage } from './confirm-page.ts';
import { machineHref } from './format.ts';
import { type MachineInput, machinePage } from './machine-page.ts';
import { MACHINES_A_PAGE, machinesPage, NEWCOMERS_SHOWN, showsNewcomers } from './machines-page.ts';
import { Failure } from '../../model/failure.ts';
import { MACHINE_STATES, type MachineKey, type MachineState } from '../../model/machine.ts';
import type { MachineQuery } from '../../model/views.ts';
import { STATUS } from '../../http/reply.ts';
import { machineKeyFrom } from '../api/machine-routes.ts';
import { fieldText, pathText, queryText, requiredField, told } from './form-fields.ts';
import type { PageDeps, PageShow } from './show.ts';

/** The table of machines, one machine, and what an operator does about it. */
export function mountMachinePages(router: Router, { adminService, origin }: PageDeps, show: PageShow): void {
  async function table(req: Request, res: Response): Promise<void> {
    const query = queryOf(req);
    const [page, profiles] = await Promise.all([
      adminService.machines({ ...query, limit: MACHINES_A_PAGE }),
      adminService.profiles(),
    ]);
    const newcomers =
      showsNewcomers(query) && page.states.unknown > 0
        ? (await adminService.machines({ state: 'unknown', limit: NEWCOMERS_SHOWN })).machines
        : [];
    await show.page(req, res, machinesPage({ page, query, newcomers, profiles, origin: origin(req), now: Date.now() }));
  }

  async function machine(req: Request, res: Response, failed?: MachineInput['failed'], status = 200): Promise<void> {
    const [view, profiles] = await Promise.all([
      adminService.machine(keyOf(req), origin(req)),
      adminService.profiles(),
    ]);
    const input = { view, profiles, now: Date.now() };
    await show.page(req, res, machinePage(failed === undefined ? input : { ...input, failed }), status);
  }

  async function adopt(req: Request, res: Response): Promise<void> {
    const key = keyOf(req);
    const profile = fieldText(req, 'profile');
    const name = fieldText(req, 'name');
    const before = (await adminService.machine(key, origin(req))).row.state;
    try {
      const into = requiredField(req, 'profile');
      await adminService.adopt({ key, profile: into, name });
    } catch (error) {
      const typed = { profile, name };
      await machine(req, res, { ...told(error), typed }, statusOf(error));
      return;
    }
    show.done(req, res, machineHref(key), before === 'unknown' ? 'adopted' : 'moved');
  }

  /** The disk that its profile names; undefined when it has none or its file cannot be read. */
  async function diskOf(profile: string | undefined): Promise<string | undefined> {
    if (profile === undefined) return undefined;
    try {
      return installDisk((await adminService.profile(profile)).text);
    } catch (error) {
      if (error instanceof Failure) return undefined;
      throw error;
    }
  }

  for (const path of ['/dashboard', '/dashboard/machines']) show.route(router, path, 'Machines', { get: table });
  show.route(router, '/dashboard/machines/:key', 'Machines', { get: machine });
  show.route(router, '/dashboard/machines/:key/adopt', 'Machines', { post: adopt });
  show.route(router, '/dashboard/machines/:key/reinstall', 'Machines', {
    async get(req, res) {
      const view = await adminService.machine(keyOf(req), origin(req));
      await show.page(req, res, reinstallPage(view, await diskOf(view.row.profile)));
    },
    async post(req, res) {
      const { key } = await adminService.reinstall(keyOf(req));
      show.done(req, res, machineHref(key), 'reinstall');
    },
  });
  show.route(router, '/dashboard/machines/:key/cancel-reinstall', 'Machines', {
    async get(req, res) {
      await show.page(req, res, cancelReinstallPage(await adminService.machine(keyOf(req), origin(req))));
    },
    async post(req, res) {
      const { key } = await adminService.cancelReinstall(keyOf(req));
      show.done(req, res, machineHref(key), 'kept');
    },
  });
  show.route(router, '/dashboard/machines/:key/release-claim', 'Machines', {
    async get(req, res) {
      await show.page(req, res, releaseClaimPage(await adminService.machine(keyOf(req), origin(req))));
    },
    async post(req, res) {
      const { key } = await adminService.releaseClaim(keyOf(req));
      show.done(req, res, machineHref(key), 'let-go');
    },
  });
  show.route(router, '/dashboard/machines/:key/release', 'Machines', {
    async get(req, res) {
      await show.page(req, res, releasePage(await adminService.machine(keyOf(req), origin(req))));
    },
    async post(req, res) {
      const key = keyOf(req);
      await adminService.release(key);
      show.done(req, res, machineHref(key), 'released');
    },
  });
}

function keyOf(req: Request): MachineKey {
  return machineKeyFrom(pathText(req, 'key'));
}

/** What is not a state is no filter: an old bookmark shows all machines. */
function queryOf(req: Request): Omit<MachineQuery, 'limit'> {
  const text = queryText(req, 'text');
  const state = queryText(req, 'state');
  const profile = queryText(req, 'profile');
  const after = queryText(req, 'after');
  return {
    text,
    ...(isState(state) ? { state } : {}),
    profile,
    after,
  };
}

function isState(text: string | undefined): text is MachineState {
  return MACHINE_STATES.some((state) => state === text);
}

function statusOf(error: unknown): number {
  return error instanceof Failure ? STATUS[error.code] : 500;
}
