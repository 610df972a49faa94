import type { Catalog } from '../../catalog/snapshot.ts';
import type { Service } from '../../model/service.ts';
import type { Journal } from '../../journal/journal.ts';
import { nodesOf } from './known-nodes.ts';

/** Lets the journal know the machines that profiles name, so that it shows them before they were ever seen. */
export function watchNodes(catalog: Catalog, journal: Pick<Journal, 'know'>): Service {
  let end: (() => void) | undefined;
  return {
    name: 'nodes',
    start() {
      end = catalog.onChange((snapshot) => {
        journal.know(nodesOf(snapshot));
      });
      journal.know(nodesOf(catalog.current()));
      return Promise.resolve();
    },
    stop() {
      end?.();
      return Promise.resolve();
    },
  };
}
