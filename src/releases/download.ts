import type { FileHandle } from 'node:fs/promises';
import { Failure } from '../model/failure.ts';
import type { ArtifactSpec } from '../model/release.ts';
import { systemFailure } from '../files/system-error.ts';
import {
  type Draft,
  dropPart,
  type Hashes,
  hashRest,
  openPart,
  partSize,
  type PartState,
  startHashes,
  writeState,
} from './draft.ts';
import { checkBody, checkStatus, type Opened, openUrl } from './fetcher.ts';
import type { HashName } from './openpgp/signature.ts';
import type { ReleasePorts } from './ports.ts';
import { networkFailure, retry, TransientFailure } from './request.ts';
import { shownUrl } from './targets.ts';

export interface DownloadOptions {
  readonly redirectHosts: readonly string[];
  /** What the signatures need besides SHA-256 and SHA-512. */
  readonly hashes: ReadonlySet<HashName>;
  /** No file of this kind is longer. */
  readonly ceiling: number;
}

/** A download under way: what is on the disk and what was hashed are always the same bytes. */
interface Progress {
  readonly handle: FileHandle;
  hashes: Hashes;
  state: PartState | undefined;
  /** Whether bytes of different answers were put together. */
  resumed: boolean;
}

/** A whole file in its part. */
export interface Downloaded {
  readonly hashes: Hashes;
  /** Put together from several answers: if it is wrong, one answer may still be right. */
  readonly resumed: boolean;
}

/**
 * Fetches a file into its part, hashing while writing, and goes on where an earlier run or attempt stopped if the
 * server still has the same file (Range with If-Range, RFC 9110, 13.1.5). When it resolves, the part is whole and on
 * the disk, and not verified yet.
 */
export async function download(
  spec: ArtifactSpec,
  draft: Draft,
  ports: ReleasePorts,
  options: DownloadOptions,
): Promise<Downloaded> {
  const { network } = ports;
  const signal = AbortSignal.any([network.signal, AbortSignal.timeout(network.limits.total)]);
  const { handle, state } = await openPart(draft, spec.name, spec.url);
  const progress: Progress = { handle, hashes: startHashes(options.hashes), state, resumed: false };
  try {
    if (state !== undefined)
      await hashRest(handle, progress.hashes).catch((error: unknown) => {
        throw systemFailure(error, spec.name);
      });
    progress.resumed = progress.hashes.size > 0;
    await retry({ retries: network.limits.retries, clock: network.clock, signal, onRetry }, () =>
      attempt(spec, draft, ports, options, progress, signal),
    );
    await handle.sync().catch((error: unknown) => {
      throw systemFailure(error, spec.name);
    });
    return { hashes: progress.hashes, resumed: progress.resumed };
  } catch (error) {
    // A refusal is about these bytes; what only broke off is kept.
    if (error instanceof Failure && (error.code === 'refused' || error.code === 'too-large'))
      await dropPart(draft, spec.name);
    throw error;
  } finally {
    await handle.close();
  }

  function onRetry(count: number, waitMs: number, failure: TransientFailure): void {
    ports.progress({ kind: 'retry', file: spec.name, attempt: count, waitMs, why: failure.message });
    network.log.info({ file: spec.name, attempt: count, waitMs, why: failure.message }, 'asking again');
  }
}

async function attempt(
  spec: ArtifactSpec,
  draft: Draft,
  ports: ReleasePorts,
  options: DownloadOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const limit = spec.size ?? options.ceiling;
  const at = progress.hashes.size;
  if (at > 0 && at === progress.state?.total) return;
  const { state } = progress;
  const resuming = at > 0 && state !== undefined;
  const headers: Record<string, string> = resuming ? { range: `bytes=${at}-`, 'if-range': state.validator } : {};
  const opened = await openUrl(spec.url, ports.network, {
    method: 'GET',
    headers,
    redirectHosts: options.redirectHosts,
    signal,
  });
  if (opened.response.statusCode === 416 && resuming) {
    opened.response.destroy();
    progress.state = undefined;
    throw new TransientFailure(`${shownUrl(opened.url)} has fewer bytes than before`);
  }
  checkStatus(opened, resuming ? [200, 206] : [200], ports.network.clock.now());
  const total = await begin(opened, progress, options, spec);
  if (total !== undefined && (total > limit || (spec.size !== undefined && total !== spec.size))) {
    opened.response.destroy();
    throw wrongSize(opened, total, spec);
  }
  const validator = validatorOf(opened);
  progress.state = validator === undefined ? undefined : { url: spec.url, validator, total };
  // Without the state a part cannot be taken up, so it is written before the first byte.
  if (progress.state === undefined) await dropState(draft, spec, ports);
  else await writeState(ports.root, draft, spec.name, progress.state);
  await receive(opened, progress, spec, limit, ports);
  const { size } = progress.hashes;
  if (total !== undefined && size !== total)
    throw new TransientFailure(`${shownUrl(opened.url)} broke off at ${size} of ${total} bytes`);
}

async function dropState(draft: Draft, spec: ArtifactSpec, { root }: ReleasePorts): Promise<void> {
  await writeState(root, draft, spec.name, { url: '', validator: '', total: undefined });
}

// 206 continues, 200 is a whole (perhaps another) file. Gives the length of the whole.
async function begin(
  opened: Opened,
  progress: Progress,
  options: DownloadOptions,
  spec: ArtifactSpec,
): Promise<number | undefined> {
  const have = opened.response.statusCode === 206 ? progress.hashes.size : 0;
  const length = checkBody(opened, spec.size === undefined ? undefined : spec.size - have);
  if (opened.response.statusCode !== 206) {
    if (/^text\/html/i.test(opened.response.headers['content-type'] ?? '')) {
      opened.response.destroy();
      throw new Failure('refused', `${shownUrl(opened.url)} answered with a web page`, {
        remedy: 'a proxy or a captive portal may answer in its place',
      });
    }
    if (progress.hashes.size > 0) await startOver(progress, options, spec.name);
    return length;
  }
  const range = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(opened.response.headers['content-range'] ?? '');
  const [, from, to, whole] = (range ?? []).map(Number);
  if (
    whole === undefined ||
    from !== progress.hashes.size ||
    to !== whole - 1 ||
    (length !== undefined && length !== whole - from)
  ) {
    opened.response.destroy();
    progress.state = undefined;
    throw new TransientFailure(`${shownUrl(opened.url)} answered with another range than was asked for`);
  }
  progress.resumed = true;
  return whole;
}

async function startOver(progress: Progress, options: DownloadOptions, name: string): Promise<void> {
  await progress.handle.truncate(0).catch((error: unknown) => {
    throw systemFailure(error, name);
  });
  progress.hashes = startHashes(options.hashes);
  progress.resumed = false;
}

async function receive(
  opened: Opened,
  progress: Progress,
  spec: ArtifactSpec,
  limit: number,
  ports: ReleasePorts,
): Promise<void> {
  const { response, url } = opened;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (progress.hashes.size + chunk.length > limit) throw wrongSize(opened, undefined, spec);
      const writing = writeAll(progress.handle, chunk, spec.name);
      progress.hashes.update(chunk);
      await writing;
      const size = progress.state?.total ?? spec.size;
      ports.progress({ kind: 'download', file: spec.name, received: progress.hashes.size, size });
    }
  } catch (error) {
    throw networkFailure(error, url);
  } finally {
    response.destroy();
  }
}

// The part is open for appending or new, and bytes come in order: no position is needed.
async function writeAll(handle: FileHandle, chunk: Buffer, name: string): Promise<void> {
  let at = 0;
  while (at < chunk.length) {
    const { bytesWritten } = await handle.write(chunk, at).catch((error: unknown) => {
      throw systemFailure(error, name);
    });
    at += bytesWritten;
  }
}

// A weak ETag does not promise the same bytes (RFC 9110, 8.8.1).
function validatorOf({ response }: Opened): string | undefined {
  const { etag } = response.headers;
  return etag !== undefined && !etag.startsWith('W/') ? etag : response.headers['last-modified'];
}

function wrongSize({ url }: Opened, total: number | undefined, spec: ArtifactSpec): Failure {
  const is = total === undefined ? 'is longer than it may be' : `has ${total} bytes`;
  const expected = spec.size === undefined ? 'more than any file of its kind' : `${spec.size} were announced`;
  return new Failure(spec.size === undefined ? 'too-large' : 'refused', `${shownUrl(url)} ${is}, ${expected}`);
}

/** Bytes of a file that still have to come, as far as its size is known. */
export async function missingBytes(spec: ArtifactSpec, draft: Draft, size: number | undefined): Promise<number> {
  return Math.max(0, (size ?? 0) - (await partSize(draft, spec.name)));
}
