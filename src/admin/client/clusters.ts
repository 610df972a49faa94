import type { Settings } from '../../settings/settings.ts';
import { openClusterBook, type ClusterBook } from './cluster-book.ts';
import { clusterNamed, clusterViews, type ClusterView } from '../../etcd/clusters.ts';
import { replacementOf, type Replacement } from '../../etcd/cluster-replacement.ts';
import { readHouse } from '../../context/app-context.ts';

/** Every cluster, from the folder and from the tokens of the running server or its database. */
export async function readClusters(settings: Settings): Promise<readonly ClusterView[]> {
  return await withBook(settings, async (book, views) => views(await book.all()));
}

export async function readCluster(settings: Settings, name: string): Promise<ClusterView> {
  return clusterNamed(await readClusters(settings), name);
}

export async function replaceMember(settings: Settings, name: string, node: string): Promise<Replacement> {
  return replacementOf(await readCluster(settings, name), node);
}

/** Ends a token; a cluster that a profile asks for gets another one. Throws Failure `not-found`. */
export async function forgetToken(settings: Settings, token: string): Promise<void> {
  await withBook(settings, async (book) => {
    await book.forget(token);
  });
}

async function withBook<T>(
  settings: Settings,
  work: (
    book: ClusterBook,
    views: (tokens: Awaited<ReturnType<ClusterBook['all']>>) => readonly ClusterView[],
  ) => Promise<T>,
): Promise<T> {
  const { files, catalog } = await readHouse(settings);
  const book = await openClusterBook(files, settings);
  try {
    return await work(book, (tokens) => clusterViews(catalog.current(), tokens));
  } finally {
    await book.close();
  }
}
