import type { DiscoveryStore, StoredDiscovery } from '../model/discovery.ts';
import type { Durable } from './life.ts';

/** The tokens of etcd discovery in the journal's database: a change is on the disk when `write` resolves. */
export function discoveryStore(journal: Durable): DiscoveryStore {
  return {
    read: async () => (await journal.ask('discovery.read')) as StoredDiscovery,
    write: async (change) => {
      await journal.ask('discovery.write', change);
    },
  };
}
