import { AsyncLocalStorage } from 'node:async_hooks';
import { Failure } from '../../model/failure.ts';
import { type Actor, includes, type Role } from '../../model/operator.ts';

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

/** Throws Failure `refused` for a lesser role. */
export function requireRole(needed: Role, actor = currentActor()): void {
  if (includes(actor.role, needed)) return;
  const is = `${/^[aeiou]/.test(actor.role) ? 'an' : 'a'} ${actor.role}`;
  throw new Failure('refused', `${actor.who} may not do this: it needs the role ${needed}, and this is ${is}`, {
    remedy: 'an admin can change that: `pilotlight user role NAME --role ROLE`',
  });
}
