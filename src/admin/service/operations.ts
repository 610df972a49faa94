import type { FileEdit } from '../../files/data-root.ts';
import { type Activity, type Actor, includes, type Role } from '../../model/operator.ts';
import { toldOf } from './activity.ts';
import { currentActor, requireRole, runAs } from './actor.ts';
import type { AccountOperations } from './accounts.ts';
import type { AdminOperations } from './service.ts';

/** What may be asked of the admin service, and a thing that only the API has. */
export type OperationName = Exclude<keyof AdminOperations, 'accounts'> | keyof AccountOperations | 'makeLoginLink';

/**
 * Who may do what: the one place. The API's routes name the operation that they do, and the service that the routes and
 * the pages are given asks again (`guardOperations`), so that a page which forgets a role cannot be written.
 */
export const OPERATION_ROLES: Readonly<Record<OperationName, Role>> = {
  machines: 'viewer',
  machine: 'viewer',
  machineLog: 'viewer',
  sent: 'viewer',
  profiles: 'viewer',
  profile: 'viewer',
  files: 'viewer',
  file: 'viewer',
  previewFile: 'viewer',
  releases: 'viewer',
  rollouts: 'viewer',
  syncSteps: 'viewer',
  health: 'viewer',
  leases: 'viewer',
  activities: 'viewer',
  onChange: 'viewer',
  // One's own; accounts.ts asks for more where it is another's.
  account: 'viewer',
  apiTokens: 'viewer',
  createApiToken: 'viewer',
  revokeApiToken: 'viewer',
  sessions: 'viewer',
  endSession: 'viewer',
  setPassword: 'viewer',
  adopt: 'operator',
  release: 'operator',
  reinstall: 'operator',
  cancelReinstall: 'operator',
  bootOnce: 'operator',
  cancelBootOnce: 'operator',
  releaseClaim: 'operator',
  power: 'operator',
  reinstallNow: 'operator',
  acceptState: 'operator',
  saveFile: 'operator',
  // What was taken out of a file may have been taken out because all could see it.
  fileVersion: 'operator',
  restoreFile: 'operator',
  syncNow: 'operator',
  rollback: 'operator',
  pin: 'operator',
  rollout: 'operator',
  prune: 'operator',
  beginUpload: 'admin',
  uploadPiece: 'admin',
  importUpload: 'admin',
  users: 'admin',
  addUser: 'admin',
  setUserRole: 'admin',
  removeUser: 'admin',
  makeLoginLink: 'admin',
};

/** Throws Failure `refused` where the one who asks may not do this. */
export function demand(operation: OperationName, actor?: Actor): void {
  requireRole(OPERATION_ROLES[operation], actor);
}

/** What a role may, for pages that leave out what it may not. */
export function allowedTo(role: Role): Readonly<Record<OperationName, boolean>> {
  const all = Object.entries(OPERATION_ROLES).map(([name, needed]) => [name, includes(role, needed)]);
  return Object.fromEntries(all) as Record<OperationName, boolean>;
}

export interface GuardOptions {
  readonly actorOf?: () => Actor;
  /** Where it is written down what was changed. */
  readonly record?: ((activity: Activity) => void) | undefined;
}

/** The same operations, each only for those who may, in their name, and written down where it changes something. */
export function guardOperations<T extends AccountOperations | AdminOperations>(
  service: T,
  options: GuardOptions = {},
): T {
  const { actorOf = currentActor, record } = options;
  return new Proxy(service, {
    get(target, name) {
      const operation = Reflect.get(target, name) as unknown;
      if (name === 'accounts') return guardOperations(operation as AccountOperations, options);
      // A promise of the service looks whether it is one itself.
      if (name === 'then') return undefined;
      if (typeof operation !== 'function' || !isOperation(name)) {
        throw new TypeError(`the admin service has no operation ${String(name)}`);
      }
      // What lasts is asked for by the stream of events, which has looked at who asks.
      if (name === 'onChange') return operation.bind(target) as unknown;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        const actor = actorOf();
        demand(name, actor);
        const edits: FileEdit[] = [];
        const done = await runAs(actor, async () => (await Reflect.apply(operation, target, args)) as unknown, edits);
        const told = record && toldOf(name, done, args, edits);
        if (told !== undefined) record?.({ at: Date.now(), who: actor.who, from: actor.from, ...told });
        return done;
      };
    },
  });
}

function isOperation(name: string | symbol): name is OperationName {
  return typeof name === 'string' && Object.hasOwn(OPERATION_ROLES, name);
}
