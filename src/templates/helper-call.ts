import type { Json } from '../model/profile.ts';

/** What a helper is called with. `fail` never returns: it names the helper's line. */
export interface HelperCall {
  readonly args: readonly Json[];
  readonly options: ReadonlyMap<string, Json>;
  fail(message: string, remedy: string): never;
}

export type Helper = (call: HelperCall) => Json;
