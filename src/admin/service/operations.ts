import { AsyncLocalStorage } from 'node:async_hooks';
import { Failure } from '../../model/failure.ts';
import { type Actor, includes, type Role } from '../../model/operator.ts';
import type { AdminOperations } from './service.ts';

/** What may be asked of the admin service, and two things that only the API has. */
export type OperationName = keyof AdminOperations | 'makeLoginLink';

/**
 * Who may do what: the one place. The API's routes name the operation that they do, and the service that the routes and
 * the pages are given asks again (`guardOperations`), so that a page which forgets a role cannot be written.
 */
export const OPERATION_ROLES: Readonly<Record<OperationName, Role>> = {
  machines: 'viewer',
  machine: 'viewer',
  sent: 'viewer',
  profiles: 'viewer',
  profile: 'viewer',
  previewProfile: 'viewer',
  releases: 'viewer',
  syncSteps: 'viewer',
  health: 'viewer',
  onChange: 'viewer',
  adopt: 'operator',
  release: 'operator',
  reinstall: 'operator',
  cancelReinstall: 'operator',
  releaseClaim: 'operator',
  acceptState: 'operator',
  saveProfile: 'operator',
  syncNow: 'operator',
  rollback: 'operator',
  pin: 'operator',
  prune: 'operator',
  makeLoginLink: 'admin',
};

const actors = new AsyncLocalStorage<Actor>();

/** Does `work`, and everything that it waits for, in the name of an operator. */
export function runAs<T>(actor: Actor, work: () => T): T {
  return actors.run(actor, work);
}

/** In whose name this runs. Throws for what runs in no name: a bug, since every request below the guard has one. */
export function currentActor(): Actor {
  const actor = actors.getStore();
  if (actor === undefined) throw new TypeError('an operation was asked for in no name');
  return actor;
}

/** Throws Failure `refused` where the one who asks may not do this. */
export function demand(operation: OperationName, actor = currentActor()): void {
  const needed = OPERATION_ROLES[operation];
  if (includes(actor.role, needed)) return;
  throw new Failure(
    'refused',
    `${actor.who} may not do this: it needs the role ${needed}, and this is ${article(actor.role)}`,
    {
      remedy: 'an admin can change that: `pilotlight user role NAME --role ROLE`',
    },
  );
}

function article(role: Role): string {
  return /^[aeiou]/.test(role) ? `an ${role}` : `a ${role}`;
}

/** The same operations, each only for those who may. */
export function guardOperations(service: AdminOperations): AdminOperations {
  return new Proxy(service, {
    get(target, name) {
      const operation = Reflect.get(target, name) as unknown;
      if (typeof operation !== 'function' || !isOperation(name)) {
        throw new TypeError(`the admin service has no operation ${String(name)}`);
      }
      // What lasts is asked for by the stream of events, which has looked at who asks.
      if (name === 'onChange') return operation.bind(target) as unknown;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        demand(name);
        return (await Reflect.apply(operation, target, args)) as unknown;
      };
    },
  });
}

function isOperation(name: string | symbol): name is OperationName {
  return typeof name === 'string' && Object.hasOwn(OPERATION_ROLES, name);
}
