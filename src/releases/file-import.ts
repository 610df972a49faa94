import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../model/failure.ts';
import type { Arch, SystemId, Version } from '../model/profile.ts';
import type { SyncTarget } from './plan.ts';

/** What the operator says of the files; what is left out is guessed from their names. */
export interface ImportRequest {
  readonly system?: SystemId;
  readonly channel?: string;
  readonly arch?: Arch;
  readonly version?: Version;
}

const SIGNS: readonly (readonly [SystemId, RegExp])[] = [
  ['flatcar', /^flatcar_production_/],
  ['coreos', /^coreos_production_/],
  ['fedora-coreos', /^fedora-coreos-/],
  ['ubuntu', /^ubuntu-[0-9.]+-live-server-/],
  ['talos', /^initramfs-(?:amd64|arm64)\.xz$/],
  ['debian', /^InRelease$/],
];
/** What tells the version; without one of these it must be named. */
const POINTERS: Readonly<Partial<Record<SystemId, RegExp>>> = {
  flatcar: /^version\.txt$/,
  coreos: /^(?:version\.txt|coreos_production_pxe\.sh)$/,
  'fedora-coreos': /^[a-z-]+\.json$/,
  ubuntu: /^SHA256SUMS$/,
  talos: /^latest$/,
  debian: /^InRelease$/,
};

/** The release that is imported. Throws Failure `invalid` that says what has to be named. Pure. */
export function importTarget(
  names: readonly string[],
  request: ImportRequest,
  known: readonly SyncTarget[],
): SyncTarget {
  const system = request.system ?? SIGNS.find(([, sign]) => names.some((name) => sign.test(name)))?.[0];
  if (system === undefined || system === 'custom')
    throw new Failure('invalid', 'the names of these files do not tell which system they are of', {
      remedy: 'name it with --system',
    });
  const pointer = POINTERS[system];
  if (request.version === undefined && pointer !== undefined && !names.some((name) => pointer.test(name)))
    throw new Failure('invalid', 'these files do not tell which version they are', {
      remedy: 'name it with --release, or bring the file that the publisher names it in',
    });
  const channel = request.channel ?? onlyOne(known, system)?.channel ?? 'stable';
  const arch = request.arch ?? (names.some((name) => /arm64|aarch64/.test(name)) ? 'arm64' : 'amd64');
  const id = `${system}/${channel}/${arch}`;
  const version = request.version === undefined ? {} : { version: request.version };
  const followed = known.find((target) => target.id === id);
  // What is only for installers need not be imported.
  return { ...(followed ?? { id, system, channel, arch, profiles: [] }), install: false, ...version };
}

// One channel is followed: these files are of it.
function onlyOne(known: readonly SyncTarget[], system: SystemId): SyncTarget | undefined {
  const [first, ...others] = known.filter((target) => target.system === system);
  return others.every(({ channel }) => channel === first?.channel) ? first : undefined;
}

/** Files that were carried here, offered as a mirror to this process alone. */
export interface ImportFolder {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves files by their names, wherever in a publisher's tree they are asked for: what is imported goes through the
 * same requests and the same verification as what is downloaded. Throws Failure `not-found` for a file that cannot be
 * read, and `invalid` for two with one name.
 */
export async function openImportFolder(paths: readonly string[]): Promise<ImportFolder> {
  const files = new Map<string, { readonly path: string; readonly size: number; readonly etag: string }>();
  for (const path of paths) {
    const name = basename(path);
    const facts = await stat(path).catch((cause: unknown) => {
      throw new Failure('not-found', `${name} cannot be read`, { cause });
    });
    if (!facts.isFile()) throw new Failure('invalid', `${name} is not a file`);
    if (files.has(name)) throw new Failure('invalid', `two files are called ${name}`);
    files.set(name, { path, size: facts.size, etag: `"${facts.size}-${facts.mtimeMs}"` });
  }
  const server = createServer((request, response) => {
    const last = new URL(request.url ?? '', 'http://import').pathname.split('/').at(-1) ?? '';
    const file = files.get(unescaped(last));
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    send(file, request.method === 'HEAD', response).catch(() => {
      response.destroy();
    });
  });
  await listen(server);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

async function send(
  { path, size, etag }: { readonly path: string; readonly size: number; readonly etag: string },
  head: boolean,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(200, { 'content-length': size, etag, 'content-type': 'application/octet-stream' });
  if (head) response.end();
  else await pipeline(createReadStream(path), response);
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      resolve();
    });
  });
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
