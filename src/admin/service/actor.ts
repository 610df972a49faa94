import { AsyncLocalStorage } from 'node:async_hooks';
import { catalogFileAt } from '../../catalog/catalog-file.ts';
import { keepVersion } from '../../catalog/file-history.ts';
import type { DataRoot, FileEdit } from '../../files/data-root.ts';
import { Failure } from '../../model/failure.ts';
import { type Actor, includes, type Role } from '../../model/operator.ts';

interface Scope {
  readonly actor: Actor;
  /** The files that are changed in it. */
  readonly edits: FileEdit[];
}

const scopes = new AsyncLocalStorage<Scope>();

/** Does `work`, and everything that it waits for, in the name of an operator. `edits`: takes the files that it changes. */
export function runAs<T>(actor: Actor, work: () => T, edits: FileEdit[] = []): T {
  return scopes.run({ actor, edits }, work);
}

/** In whose name this runs. Throws for what runs in no name: a bug, since every request below the guard has one. */
export function currentActor(): Actor {
  const actor = scopes.getStore()?.actor;
  if (actor === undefined) throw new TypeError('an operation was asked for in no name');
  return actor;
}

/** From now on an operation knows what it changed, and what a file held before an operator changed it is kept. */
export function followEdits(files: DataRoot): void {
  files.edited.add((edit) => {
    // What the server remembers in state/ is no file of the operator's.
    if (catalogFileAt(edit.file) !== undefined) scopes.getStore()?.edits.push(edit);
  });
  files.beforeEdit.add(async (file, bytes) => {
    const actor = scopes.getStore()?.actor;
    // The release sync changes versions in no name: that is not kept.
    if (actor === undefined || catalogFileAt(file) === undefined) return;
    await keepVersion(files, file, bytes, { at: Date.now(), who: actor.who });
  });
}

/** Whether the one who asks only looks: what files keep secret is blanked then. */
export function onlyLooks(): boolean {
  return scopes.getStore()?.actor.role === 'viewer';
}

/** Throws Failure `refused` for a lesser role. */
export function requireRole(needed: Role, actor = currentActor()): void {
  if (includes(actor.role, needed)) return;
  const is = `${/^[aeiou]/.test(actor.role) ? 'an' : 'a'} ${actor.role}`;
  throw new Failure('refused', `${actor.who} may not do this: it needs the role ${needed}, and this is ${is}`, {
    remedy: 'an admin can change that: `pilotlight user role NAME --role ROLE`',
  });
}
