import { catalogFileAt } from '../catalog/catalog-file.ts';
import type { DataRoot, FileEdit } from '../files/data-root.ts';
import { createPrivateFile } from '../files/private-file.ts';
import { makeFolder, placeFile } from '../files/publish.ts';
import { removeIfSame, replaceFile, replaceIfSame } from '../files/replace.ts';
import { asFailure, Failure, type FileDiagnostic, unlessFailed } from '../model/failure.ts';
import type { Log, Service } from '../model/service.ts';
import { digestOf } from './blobs.ts';
import type { CatalogHead, CatalogStore, FileTree } from './catalog-store.ts';
import { FolderScan } from './folder-scan.ts';
import type { Kv, Watch } from './kv.ts';
import { differences, type FileChange } from './three-way.ts';

export interface SharedFolderOptions {
  readonly files: DataRoot;
  readonly kv: Kv;
  readonly store: CatalogStore;
  /** This server's name. */
  readonly server: string;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Tells when what operators edit was read anew; gives the way to stop. */
  readonly onChange: (listener: () => void) => () => void;
  /** Reads the folders now. */
  readonly refresh: () => Promise<unknown>;
  readonly pollMs?: number;
}

export interface SharedFolder extends Service {
  /** What could not be shared, or was changed at two servers at once. */
  diagnostics(): readonly FileDiagnostic[];
  /** Resolves when this server and the fleet hold the same. Throws Failure. */
  settle(): Promise<void>;
}

/** What this server and the fleet agreed on last. */
const BASE = 'state/fleet-catalog.json';
const MAX_BASE = 64 * 1024 * 1024;
/** What lost against another server's change, until an operator removes it. */
const CONFLICTS = 'state/conflicts';
const POLL_MS = 30_000;
const ATTEMPTS = 20;

/**
 * profiles/, configs/ and sshkeys/ of this server as a working copy of the fleet's catalog: what is saved here is
 * committed, what others committed is written here. What goes through this server (adopt, editor, API) counts only when
 * the engine has it; what a person's editor saves is committed within a moment, or when the engine is heard again.
 */
export function openSharedFolder(options: SharedFolderOptions): SharedFolder {
  const { files, kv, store, server, log, now, onChange, refresh, pollMs = POLL_MS } = options;
  const scan = new FolderScan(files, now);
  let base: Map<string, string> | undefined;
  /** What edits of this server committed beyond what both agreed on, each with the number of its round. */
  const committed = new Map<string, Map<string | undefined, number>>();
  let rounded = 0;
  /** Files that cannot be written here. */
  const failures = new Map<string, Failure>();
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = true;
  let trouble: Failure | undefined;
  let conflicts: readonly string[] = [];
  let watch: Watch | undefined;
  let timer: NodeJS.Timeout | undefined;
  let unlisten: (() => void) | undefined;

  /** One round at a time; what comes meanwhile asks for another. */
  async function settle(): Promise<void> {
    again = true;
    running ??= (async () => {
      try {
        while (again) {
          again = false;
          await rounds();
        }
      } finally {
        // With the last question whether there is more: what is asked for in between would be forgotten.
        running = undefined;
      }
    })();
    await running;
  }

  async function rounds(): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) if (await round()) return;
    throw new Failure('conflict', 'the catalog of the fleet changes faster than it can be read');
  }

  /** False when another server committed meanwhile, or a person saved. */
  async function round(): Promise<boolean> {
    const mine = (rounded += 1);
    const agreed = await readBase();
    const head = await store.head();
    const theirs: FileTree = head === undefined ? new Map() : await store.files(head.tree);
    const ours = await scan.files(agreed);
    // What an edit committed is no change that a hand made.
    for (const [path, digests] of committed) if (digests.has(ours.get(path))) put(agreed, path, ours.get(path));
    const { take, give, clash } = differences(agreed, theirs, ours);
    const same = [...new Set([...agreed.keys(), ...theirs.keys()])].filter(
      (path) => theirs.get(path) === ours.get(path) && theirs.get(path) !== agreed.get(path),
    );
    for (const path of same) put(agreed, path, theirs.get(path));
    for (const [path, digests] of committed) {
      if (theirs.get(path) !== ours.get(path)) continue;
      for (const [digest, at] of digests) if (at < mine) digests.delete(digest);
      if (digests.size === 0) committed.delete(path);
    }
    failures.clear();
    let isDone = true;
    for (const change of [...take, ...clash]) {
      const taken = await isTaken(change, clash.includes(change));
      if (taken) put(agreed, change.path, change.theirs);
      else if (!failures.has(change.path)) isDone = false;
    }
    if (give.length > 0) {
      if ((await commit(head, withChanges(theirs, give), give)) === undefined) isDone = false;
      else for (const { path, ours: digest } of give) put(agreed, path, digest);
    }
    if (same.length + take.length + clash.length + give.length > 0) await writeBase(agreed);
    if (take.length + clash.length > 0) {
      log.info(
        { version: head?.number, by: head?.server, files: take.length + clash.length },
        'the fleet changed files',
      );
      await refresh();
    }
    conflicts = await listConflicts();
    return isDone;
  }

  async function commit(
    head: CatalogHead | undefined,
    next: FileTree,
    changes: readonly FileChange[],
    bytes?: Buffer,
  ): Promise<CatalogHead | undefined> {
    const changed = changes.map(({ path }) => path);
    const about = { at: now(), server, why: reason(changes), changed };
    return await store.commit(
      head,
      next,
      about,
      async (path) => bytes ?? (await files.read(path, maxBytes(path))).bytes,
    );
  }

  /** Whether the fleet's version lies on the disk now. What a person saved in between stays, and is looked at anew. */
  async function isTaken({ path, theirs, ours }: FileChange, isClash: boolean): Promise<boolean> {
    const bytes = theirs === undefined ? undefined : await store.read(theirs);
    try {
      return await files.edits.run(path, async () => {
        const there = await files.readIfThere(path, maxBytes(path));
        if ((there && digestOf(there)) !== ours) return false;
        if (isClash && there !== undefined) await keepAside(path, there);
        return await isWritten(path, there, bytes);
      });
    } catch (error) {
      failures.set(path, asFailure(error));
      return false;
    }
  }

  async function isWritten(path: string, there: Buffer | undefined, bytes: Buffer | undefined): Promise<boolean> {
    if (there === undefined && bytes === undefined) return true;
    if (there !== undefined && bytes === undefined) return (await removeIfSame(files, path, there)) === 'removed';
    if (there !== undefined && bytes !== undefined)
      return (await replaceIfSame(files, path, there, bytes)) === 'replaced';
    const folder = await makeFolder(files, path.slice(0, path.lastIndexOf('/')));
    const target = `${folder}${path.slice(path.lastIndexOf('/'))}`;
    return (await placeFile(target, bytes ?? '', { mode: 0o644, replace: false })) === 'placed';
  }

  async function keepAside(path: string, bytes: Buffer): Promise<void> {
    const kept = `${CONFLICTS}/${path.replaceAll('/', '~')}.${digestOf(bytes).slice(0, 12)}`;
    await createPrivateFile(files, kept, bytes);
    log.warn({ file: path, kept }, 'a file was changed here and at another server: theirs is in force');
  }

  async function listConflicts(): Promise<readonly string[]> {
    return (await unlessFailed(files.list(CONFLICTS), 'not-found'))?.names ?? [];
  }

  /** Asked before an edit of this server is written: first the engine has it, then the disk. */
  async function beforeWrite({ file, before, after }: FileEdit): Promise<'go' | 'again'> {
    if (stopped || catalogFileAt(file) === undefined) return 'go';
    const agreed = await readBase();
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const head = await store.head();
      const theirs: FileTree = head === undefined ? new Map() : await store.files(head.tree);
      const there = before && digestOf(before);
      const digest = theirs.get(file);
      const last = committed.get(file)?.has(there) === true ? there : agreed.get(file);
      if (digest !== there && digest !== last) {
        if (there !== last) break;
        // Another server was faster: the edit is made on top of that.
        if (await isWritten(file, before, digest === undefined ? undefined : await store.read(digest)))
          put(agreed, file, digest);
        return 'again';
      }
      const change = { path: file, theirs: digest, ours: after && digestOf(after) };
      if ((await commit(head, withChanges(theirs, [change]), [change], after)) === undefined) continue;
      const digests = committed.get(file) ?? new Map<string | undefined, number>();
      committed.set(file, digests.set(change.ours, rounded));
      return 'go';
    }
    look();
    throw new Failure('conflict', 'was changed at another server of the fleet at the same time', {
      place: { file },
      remedy: 'make the change once more',
    });
  }

  async function readBase(): Promise<Map<string, string>> {
    if (base !== undefined) return base;
    const text = (await files.readIfThere(BASE, MAX_BASE))?.toString();
    return (base ??= new Map(text === undefined ? [] : entriesOf(text)));
  }

  async function writeBase(agreed: FileTree): Promise<void> {
    await makeFolder(files, 'state');
    await replaceFile(files, BASE, `${JSON.stringify({ files: Object.fromEntries(agreed) }, null, 1)}\n`);
  }

  function look(): void {
    clearTimeout(timer);
    settle()
      .then(
        () => {
          if (trouble !== undefined) log.info({}, 'the catalog is shared with the fleet again');
          trouble = undefined;
        },
        (error: unknown) => {
          const failure = asFailure(error);
          if (trouble?.message !== failure.message)
            log.warn({ problem: failure.message }, 'the catalog is not shared with the fleet now');
          trouble = failure;
        },
      )
      .catch((error: unknown) => {
        log.error({ err: error }, 'sharing the catalog failed');
      })
      .finally(() => {
        if (!stopped) timer = setTimeout(look, pollMs).unref();
      });
  }

  return {
    name: 'shared catalog',
    async start() {
      stopped = false;
      files.beforeWrite.add(beforeWrite);
      unlisten = onChange(look);
      conflicts = await listConflicts();
      watch = kv.watch('catalog/head', 0, {
        changed: look,
        connected: (is) => {
          if (is) look();
        },
        lost: async () => (await kv.list('catalog/head')).revision,
      });
      look();
    },
    async stop() {
      stopped = true;
      files.beforeWrite.delete(beforeWrite);
      unlisten?.();
      watch?.stop();
      clearTimeout(timer);
      await running?.catch(() => undefined);
    },
    settle,
    diagnostics: () => [
      ...(trouble === undefined ? [] : [notShared(trouble)]),
      ...[...failures].map(([file, failure]) => notWritten(file, failure)),
      ...conflicts.map(conflictOf),
    ],
  };
}

function put(tree: Map<string, string>, path: string, digest: string | undefined): void {
  if (digest === undefined) tree.delete(path);
  else tree.set(path, digest);
}

function withChanges(tree: FileTree, changes: readonly FileChange[]): FileTree {
  const next = new Map(tree);
  for (const { path, ours } of changes) put(next, path, ours);
  return next;
}

function reason(changes: readonly FileChange[]): string {
  const [first, ...rest] = changes;
  if (first === undefined) return 'nothing changed';
  const what = first.ours === undefined ? 'removed' : first.theirs === undefined ? 'added' : 'changed';
  return `${what} ${first.path}${rest.length === 0 ? '' : ` and ${rest.length} more`}`;
}

function maxBytes(path: string): number {
  return catalogFileAt(path)?.maxBytes ?? 0;
}

function entriesOf(text: string): [string, string][] {
  try {
    const { files } = JSON.parse(text) as { readonly files?: Readonly<Record<string, string>> };
    return Object.entries(files ?? {});
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // Then nothing is known to be agreed on: what differs is kept beside the fleet's.
    return [];
  }
}

function notShared(trouble: Failure): FileDiagnostic {
  return {
    severity: 'warning',
    message: `the catalog is not shared with the fleet now: ${trouble.message}`,
    place: trouble.place ?? { file: 'profiles' },
    remedy: trouble.remedy ?? '`pilotlight fleet status` tells which server of the engine is not heard',
  };
}

function notWritten(file: string, failure: Failure): FileDiagnostic {
  const message = `was changed at another server, and cannot be written here: ${failure.message}`;
  return { severity: 'error', message, place: { file }, remedy: failure.remedy ?? 'mend that: it is tried again' };
}

function conflictOf(name: string): FileDiagnostic {
  const file = name.replace(/\.[0-9a-f]*$/, '').replaceAll('~', '/');
  return {
    severity: 'warning',
    message: "was changed here and at another server at the same time: the other server's is in force",
    place: { file },
    remedy: `take what you need from ${CONFLICTS}/${name}, and remove that file`,
  };
}
