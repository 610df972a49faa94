import type { Catalog, Snapshot } from '../catalog/snapshot.ts';
import type { Log } from '../model/log.ts';
import type { Service } from '../model/service.ts';
import { nodesWithKeys, type Identities } from '../machines/identities.ts';

/**
 * Has a host key ready for every node whose profile asks for one: when it starts, and after each change of the folder.
 * Templates are rendered without waiting, so the keys are made before a machine asks.
 */
export function createHostKeyService(catalog: Catalog, identities: Identities, log: Log): Service {
  let ending: (() => void) | undefined;
  // One after the other: what a change asks for is there when its turn is over.
  let turn: Promise<void> = Promise.resolve();

  function follow({ profiles }: Pick<Snapshot, 'profiles'>): void {
    turn = turn
      .then(async () => {
        await identities.ensure(nodesWithKeys(profiles.values()));
      })
      .catch((error: unknown) => {
        log.error({ err: error }, 'host keys could not be made');
      });
  }

  return {
    name: 'host keys',
    async start() {
      ending = catalog.onChange(follow);
      follow(catalog.current());
      await turn;
    },
    async stop() {
      ending?.();
      ending = undefined;
      await turn;
    },
  };
}
