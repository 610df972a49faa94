import { join } from 'node:path';
import { readContext } from '../../context/app-context.ts';
import { clusterNamed, type ClusterView, clusterViews, type Replacement, replacementOf } from '../../etcd/clusters.ts';
import { Discovery } from '../../etcd/discovery.ts';
import type { DataRoot } from '../../files/data-root.ts';
import { openJournalDirectly } from '../../journal/create-journal.ts';
import type { StoredToken } from '../../model/discovery.ts';
import { Failure, unlessFailed } from '../../model/failure.ts';
import { SILENT } from '../../model/service.ts';
import type { Settings } from '../../settings/settings.ts';
import { readToken } from '../auth/admin-token.ts';
import { findRunningServer } from './running-server.ts';

/** The discovery tokens: those of the running server, else those in its database. */
interface ClusterBook {
  all(): Promise<readonly StoredToken[]>;
  /** Throws Failure `not-found` for a token that is not there. */
  forget(token: string): Promise<void>;
  close(): Promise<void>;
}

const DATABASE = 'state/pilotlight.db';

export async function openClusterBook(files: DataRoot, settings: Settings): Promise<ClusterBook> {
  const server = await findRunningServer(files);
  if (server === undefined) return await bookOf(files, settings);
  const token = settings.adminToken ?? (await readToken(files, SILENT));
  if (token === undefined) {
    throw new Failure('refused', 'a server runs here, and its admin token cannot be read', {
      remedy: 'run this as the user that runs the server, or give the token with PILOTLIGHT_ADMIN_TOKEN',
    });
  }
  return bookAt(server.url, token);
}

function bookAt(url: string, admin: string): ClusterBook {
  async function ask(path: string, method: string): Promise<Response> {
    const headers = { authorization: `Bearer ${admin}` };
    return await fetch(`${url}/discovery/${path}`, { method, headers, signal: AbortSignal.timeout(10_000) });
  }
  return {
    async all() {
      const answer = await ask('', 'GET');
      if (answer.ok) return ((await answer.json()) as { readonly tokens: readonly StoredToken[] }).tokens;
      throw new Failure('unavailable', `the server answers ${answer.status}: ${(await answer.text()).trim()}`);
    },
    async forget(token) {
      const answer = await ask(encodeURIComponent(token), 'DELETE');
      if (answer.status === 404) throw noToken(token);
      if (!answer.ok) throw new Failure('unavailable', `the server answers ${answer.status}`);
    },
    close: () => Promise.resolve(),
  };
}

async function bookOf(files: DataRoot, { dataDir, journal }: Settings): Promise<ClusterBook> {
  if ((await unlessFailed(files.stat(DATABASE), 'not-found')) === undefined) {
    return {
      all: () => Promise.resolve([]),
      forget: (token) => Promise.reject(noToken(token)),
      close: () => Promise.resolve(),
    };
  }
  const database = await openJournalDirectly({ file: join(dataDir, DATABASE), days: journal.days, log: SILENT });
  const discovery = new Discovery({ store: database.discovery, now: Date.now, random: () => '' });
  await discovery.load();
  return {
    all: () => Promise.resolve(discovery.all()),
    async forget(token) {
      if ((await discovery.forget(token)).kind === 'refused') throw noToken(token);
    },
    async close() {
      await database.stop(new AbortController().signal);
    },
  };
}

function noToken(token: string): Failure {
  return new Failure('not-found', `there is no discovery token ${token}`, { remedy: 'see `pilotlight clusters`' });
}

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
  const { files, catalog } = await readContext(settings);
  const book = await openClusterBook(files, settings);
  try {
    return await work(book, (tokens) => clusterViews(catalog.current(), tokens));
  } finally {
    await book.close();
  }
}
