import type { Json, JsonObject } from '../model/profile.ts';

/** What a helper is called with. `fail` never returns: it names the helper's line. */
export interface HelperCall {
  readonly args: readonly Json[];
  readonly options: ReadonlyMap<string, Json>;
  fail(message: string, remedy: string): never;
}

export type Helper = (call: HelperCall) => Json;

/** A property of the data itself, never one of a prototype. Lists may have some beside their items: `cluster` has. */
export function own(value: Json | undefined, key: string): Json | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as JsonObject)[key];
}
