import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Slice } from '../images/chunk-cache.ts';
import type { ImageSource, StoredImage } from '../images/store.ts';
import { Failure } from '../model/failure.ts';
import type { ImageSender, SentPart } from '../native/image-sender.ts';
import { httpDate, parseRange, precondition, rangeApplies } from './byte-range.ts';
import { socketOf } from './client-address.ts';

export interface SendExtras {
  /** `application/octet-stream` unless said otherwise. */
  readonly contentType?: string;
  /** Sent with every answer that has no error. */
  readonly headers?: OutgoingHttpHeaders;
  /** Called with the place in the file that the client has reached: cheap, please. */
  readonly onProgress?: (position: number) => void;
  /** Sends what is large past Node. */
  readonly sender?: Pick<ImageSender, 'send'> | undefined;
  /** For tests: the time that If-Range's date is held against. */
  readonly clockMs?: number;
}

/** What became of a delivery. */
export interface Sent {
  readonly status: number;
  /** Bytes of the body that the system has taken over for the client. */
  readonly bytes: number;
  /** False when the client left, or the file was changed under it and the connection was cut. */
  readonly complete: boolean;
  /** Why we ended it. */
  readonly failure?: Failure;
}

/**
 * Answers GET and HEAD with a file: validators, conditions, ranges (RFC 9110 13 and 14), exact length. Takes the file
 * over and closes it. Holds one slice of it at a time, never waits for a client that has left, and resolves when the
 * answer is out or cannot be any more. A failure before the first byte is thrown, nothing has been sent then; later
 * ones cut the connection: a short body is seen by every client, a wrong one is not.
 */
export async function sendFile(
  req: IncomingMessage,
  res: ServerResponse,
  file: StoredImage,
  extras: SendExtras = {},
): Promise<Sent> {
  try {
    return await send(req, res, file, extras);
  } finally {
    file.close();
  }
}

async function send(req: IncomingMessage, res: ServerResponse, file: StoredImage, extras: SendExtras): Promise<Sent> {
  const validators: OutgoingHttpHeaders = {
    ...extras.headers,
    ETag: file.etag,
    'Last-Modified': httpDate(file.mtimeMs),
    'Accept-Ranges': 'bytes',
  };
  const verdict = precondition(req.headers, file);
  if (verdict === 'not-modified') return bodyless(res, 304, validators);
  if (verdict === 'failed') return bodyless(res, 412, { ...validators, 'Content-Length': 0 });

  // Also for HEAD, which has the headers that GET would have; nginx and Go do the same.
  const ranged = rangeApplies(req.headers, file, extras.clockMs ?? Date.now());
  const range = parseRange(ranged ? req.headers.range : undefined, file.size);
  if (range.kind === 'unsatisfiable') {
    return bodyless(res, 416, { ...validators, 'Content-Range': `bytes */${file.size}`, 'Content-Length': 0 });
  }
  const { start, end } = range.kind === 'part' ? range : { start: 0, end: file.size };
  const status = range.kind === 'part' ? 206 : 200;
  const headers = {
    ...validators,
    'Content-Type': extras.contentType ?? 'application/octet-stream',
    'Content-Length': end - start,
    ...(status === 206 ? { 'Content-Range': `bytes ${start}-${end - 1}/${file.size}` } : {}),
  };
  if (req.method === 'HEAD' || end === start) return bodyless(res, status, headers);
  return body(res, file, { ...extras, start, end }, () => res.writeHead(status, headers));
}

interface Part extends Pick<SendExtras, 'onProgress' | 'sender'> {
  readonly start: number;
  readonly end: number;
}

/** Below that, handing over to another thread is not worth it. */
const LEAST_SENT = 2 ** 20;
/** Held back until the client has the rest, and the rest is known to be right. */
const HELD_BACK = 64 * 1024;
const NOTHING: Slice = { bytes: Buffer.alloc(0), release: () => undefined };

async function body(
  res: ServerResponse,
  file: StoredImage,
  { start, end, onProgress, sender }: Part,
  head: () => ServerResponse,
): Promise<Sent> {
  const writer = new BodyWriter(res);
  let position = start;
  let begun = false;
  let rest: ImageSource | undefined;
  const ended = (failure?: Failure): Sent => {
    const sent = { status: res.statusCode, bytes: position - start, complete: position === end };
    return failure === undefined ? sent : { ...sent, failure };
  };
  try {
    const { source } = file;
    if (sender !== undefined && source !== undefined && end - start >= LEAST_SENT) {
      await source.check();
      head();
      begun = true;
      // It is taken when the headers are, and every answer that this one waits for.
      if (!(await writer.write(NOTHING, false))) return ended();
      const sent = await sendPast(sender, res, source, { start, end: end - HELD_BACK, onProgress });
      position = sent?.position ?? start;
      if (sent?.how === 'failed') throw new Failure('unavailable', 'the file cannot be read', { remedy: DISK });
      if (sent !== undefined && sent.how !== 'sent') return ended();
      rest = sent && source;
    }
    while (position < end) {
      const slice = rest === undefined ? await file.slice(position, end) : await readSlice(rest, position, end);
      if (!begun) head();
      begun = true;
      const next = position + slice.bytes.length;
      const taken = await writer.write(slice, next === end);
      if (!taken) break;
      position = next;
      onProgress?.(position);
    }
  } catch (error) {
    if (!begun || !(error instanceof Failure)) throw error;
    res.destroy();
    return ended(error);
  } finally {
    writer.done();
  }
  return ended();
}

const DISK = 'look at the disk of images/';

/**
 * The most of a part, by a sender that never reads it. The kernel may send a byte long after it was handed over, so of a
 * file that is written in place meanwhile it may send both. Therefore the end is held back until the client has the rest
 * and the file is still the same: a body that is whole is of one version.
 */
async function sendPast(
  sender: Pick<ImageSender, 'send'>,
  res: ServerResponse,
  source: ImageSource,
  { start, end, onProgress }: Part,
): Promise<SentPart | undefined> {
  const socket = socketOf(res.req);
  if (socket === null) return undefined;
  const onPlace = (position: number): void => {
    onProgress?.(position);
  };
  const sent = await sender.send({ socket, file: source.handle, start, end, onPlace });
  if (sent === undefined) return undefined;
  onPlace(sent.position);
  if (sent.how !== 'sent') res.destroy();
  if (sent.how === 'sent' || sent.how === 'failed') await source.check();
  return sent;
}

/** Past the cache: for 64 KiB that would read a whole chunk, which the next reader does not ask it for either. */
async function readSlice(source: ImageSource, start: number, end: number): Promise<Slice> {
  const bytes = Buffer.allocUnsafe(end - start);
  await source.readInto(bytes, start);
  return { bytes, release: () => undefined };
}

function bodyless(res: ServerResponse, status: number, headers: OutgoingHttpHeaders): Sent {
  res.writeHead(status, headers).end();
  return { status, bytes: 0, complete: true };
}

/**
 * Hands slices to a response, one at a time. A slice is released when the system has taken its last byte, or when the
 * socket is closed: from then on nothing reads its memory. The socket's own `close` counts, not the response's: an
 * answer that waits behind another one on the same connection never gets it.
 */
export class BodyWriter {
  readonly #res: ServerResponse;
  /** Null of a request that was destroyed before. */
  readonly #socket: Socket | null;
  #gone: boolean;
  #finish: ((taken: boolean) => void) | undefined;
  readonly #onClose = (): void => {
    this.#gone = true;
    this.#finish?.(false);
  };

  constructor(res: ServerResponse) {
    this.#res = res;
    this.#socket = socketOf(res.req);
    this.#gone = this.#socket?.destroyed ?? true;
    // Pipelined requests each listen on the one socket; node's warning at eleven listeners is not for them.
    this.#socket?.setMaxListeners(0);
    this.#socket?.once('close', this.#onClose);
  }

  /** True when the system has taken all of it, false when the client has left. */
  write(slice: Slice, last: boolean): Promise<boolean> {
    if (this.#gone) {
      slice.release();
      return Promise.resolve(false);
    }
    return new Promise((resolve) => {
      this.#finish = (taken) => {
        this.#finish = undefined;
        slice.release();
        resolve(taken);
      };
      // After an error the socket closes: that, not the error, says that its memory is free.
      const taken = (error?: Error | null): void => {
        if (error === undefined || error === null) this.#finish?.(true);
      };
      this.#res.write(slice.bytes, taken);
      if (last) this.#res.end();
    });
  }

  done(): void {
    this.#socket?.off('close', this.#onClose);
  }
}
