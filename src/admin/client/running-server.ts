import type { DataRoot } from '../../files/data-root.ts';
import { makeFolder, removeFile } from '../../files/publish.ts';
import { replaceFile } from '../../files/replace.ts';
import { Failure, failureLine } from '../../model/failure.ts';
import type { Log, Service } from '../../model/service.ts';

const FILE = 'state/server.json';
const TIMEOUT_MS = 2000;

/** The server that serves a data directory, as it says of itself in state/server.json. */
export interface RunningServer {
  readonly pid: number;
  /** Where commands on this host reach it, without a slash at the end. */
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Made at its start; /healthz says the same. A server that answers there with another one serves another folder. */
  readonly instance: string;
  /** It listens on every address of this host: a link for another host may name any of them. */
  readonly everywhere?: boolean;
}

/** Where a program on this host reaches what listens there. */
export function ownUrl({ host: name, port }: { readonly host: string; readonly port: number }): string {
  const host = name === '0.0.0.0' || name === '::' ? '127.0.0.1' : name;
  return `http://${host.includes(':') ? `[${host.replace('%', '%25')}]` : host}:${port}`;
}

/** Whether a server that listens there is reached at every address of this host. */
export function isEverywhere({ host }: { readonly host: string }): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** Commands on this host find the server by it. That it cannot be written stops nothing. */
export function serverNote(
  files: DataRoot,
  http: { address(): { readonly host: string; readonly port: number } | undefined },
  instance: string,
  log: Log,
): Service {
  return {
    name: 'server note',
    async start() {
      const address = http.address();
      if (address === undefined) return;
      const note = {
        pid: process.pid,
        url: ownUrl(address),
        everywhere: isEverywhere(address),
        startedAt: Date.now(),
        instance,
      };
      const other = await writeRunningServer(files, note).catch((error: unknown) => {
        const problem = error instanceof Failure ? failureLine(error) : String(error);
        log.warn({ problem }, 'state/server.json cannot be written: commands will not find this server');
        return undefined;
      });
      if (other === undefined) return;
      log.warn({ pid: other.pid, url: other.url }, 'another server serves this folder: commands find that one');
    },
    async stop() {
      await removeRunningServer(files, instance).catch(() => undefined);
    },
  };
}

/**
 * Written when the server listens. Every user may read it: there is no secret in it. Another server that answers for
 * this folder keeps its note, and is handed back: commands would lose it when this one ends.
 */
export async function writeRunningServer(files: DataRoot, server: RunningServer): Promise<RunningServer | undefined> {
  const other = await findRunningServer(files);
  if (other !== undefined && other.instance !== server.instance) return other;
  await makeFolder(files, 'state');
  await replaceFile(files, FILE, `${JSON.stringify(server, undefined, 2)}\n`);
  return undefined;
}

/** Only its own: a server that was started meanwhile has written another. */
export async function removeRunningServer(files: DataRoot, instance: string): Promise<void> {
  if ((await read(files))?.instance === instance) await removeFile(files, FILE);
}

/**
 * The server that serves this folder now; undefined when none does. What the file says counts only if the server
 * that answers there wrote it: a server that was killed leaves its file behind, and its port may be
 * another program's by now, which must not be shown the admin token.
 */
export async function findRunningServer(files: DataRoot): Promise<RunningServer | undefined> {
  const server = await read(files);
  if (server === undefined) return undefined;
  return (await instanceAt(server.url)) === server.instance ? server : undefined;
}

async function instanceAt(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
    const health = (await answer.json()) as { readonly instance?: unknown } | null;
    return typeof health?.instance === 'string' ? health.instance : undefined;
  } catch (error) {
    // No listener, not HTTP, not JSON, or too slow: not this server.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

async function read(files: DataRoot): Promise<RunningServer | undefined> {
  const bytes = await files.readIfThere(FILE, 64 * 1024);
  try {
    const value: unknown = JSON.parse(bytes?.toString('utf8') ?? 'null');
    return isServer(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isServer(value: unknown): value is RunningServer {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, url, startedAt, instance, everywhere } = value as Readonly<Record<string, unknown>>;
  if (everywhere !== undefined && typeof everywhere !== 'boolean') return false;
  if (typeof pid !== 'number' || typeof startedAt !== 'number' || typeof instance !== 'string') return false;
  return typeof url === 'string' && /^http:\/\/[^/?#@\s]+$/.test(url) && URL.canParse(url);
}
