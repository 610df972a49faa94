import { readdirSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { listener, type Log, type Service, threadFile } from '../model/service.ts';
import { openWakeFd, wake } from './epoll.ts';
import { type Libc, loadLibc } from './libc.ts';

/** Bytes of a file that a client is to get. */
export interface FilePart {
  /** All that was written to it must have been taken by the system, and nothing else may be written until this is over. */
  readonly socket: Socket;
  /** Stays open until this is over. */
  readonly file: { readonly fd: number };
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** Called now and then with the place in the file that was reached. */
  readonly onPlace: (position: number) => void;
}

/**
 * What became of it. `sent`: the other side has all of it; `left`: it is gone; `stalled`: it took nothing for as long as the
 * socket's timeout says; `failed`: the file is shorter than it was, or cannot be read; `lost`: the thread ended by itself.
 */
export type HowSent = 'sent' | 'left' | 'stalled' | 'failed' | 'lost';

export interface SentPart {
  readonly how: HowSent;
  /** Where in the file it ended. */
  readonly position: number;
}

export interface ImageSender extends Service {
  /** Undefined: not this one, or not here. It goes without then. */
  send(part: FilePart): Promise<SentPart> | undefined;
  /** Why nothing is sent in this way; undefined when it is. */
  why(): string | undefined;
  /** Resolves when it sends, or it is known why it does not (after `start`). */
  settled(): Promise<void>;
}

export interface ImageSenderOptions {
  /** What an operator says. */
  readonly on: boolean;
  /** Parts at one time: each takes a descriptor. */
  readonly most: number;
  /** Before that nothing is loaded. */
  readonly after: Promise<void>;
  /** Options of Node for the thread; without, those of this process. */
  readonly execArgv?: readonly string[];
  readonly log: Log;
}

/** `id`s are also the places in the table of positions. */
export type SenderMessage =
  | {
      readonly id: number;
      readonly socket: number;
      readonly file: number;
      readonly start: number;
      readonly end: number;
      readonly stallMs: number;
    }
  | { readonly cancel: number }
  | 'stop';
export type SenderAnswer = 'ready' | ({ readonly id: number } & SentPart);
/** A place for each id: where in its file it is. */
export type SenderData = { readonly places: SharedArrayBuffer; readonly wakeFd: number };

const DUPLICATE_CLOSED_ON_EXEC = 1030;
const PLACES_MS = 500;

interface Job extends FilePart {
  readonly id: number;
  readonly duplicate: number;
  readonly timeoutMs: number;
  readonly cancel: () => void;
  readonly resolve: (sent: SentPart) => void;
}

/**
 * Sends parts of files by sendfile(2), from a thread that does only that. The bytes never come here, and a script is not
 * kept waiting by them. The thread is given a duplicate of the socket's descriptor: a socket that is closed meanwhile can
 * never become another client's. All descriptors are opened and closed here.
 */
export function createImageSender({ on, most, after, execArgv, log }: ImageSenderOptions): ImageSender {
  const jobs = new Map<number, Job>();
  const free: number[] = [];
  const places = new Float64Array(new SharedArrayBuffer(8 * most));
  let thread: { readonly libc: Libc; readonly worker: Worker; readonly wakeFd: number } | undefined;
  let settled = Promise.resolve();
  let stopped = false as boolean;
  let ended: Promise<void> | undefined;
  let why: string | undefined = on ? 'it has not started yet' : 'PILOTLIGHT_NATIVE is off';
  let looking: NodeJS.Timeout | undefined;

  async function load(): Promise<void> {
    await after;
    const native = await loadLibc();
    if ('why' in native) {
      why = native.why;
      log.info({ why }, 'images are sent through Node');
      return;
    }
    if (stopped) return;
    const { libc } = native;
    const wakeFd = openWakeFd(libc);
    const data: SenderData = { places: places.buffer, wakeFd };
    const worker = new Worker(threadFile(import.meta.url, 'sender-thread'), {
      ...{ workerData: data, name: 'images' },
      ...(execArgv && { execArgv: [...execArgv] }),
    });
    worker.unref();
    thread = { libc, worker, wakeFd };
    ended = new Promise((resolve) => {
      const onExit = listener(log, 'images', lose);
      worker.once('exit', () => {
        onExit();
        resolve();
      });
    });
    const ready = new Promise<void>((resolve) => {
      const onAnswer = listener(log, 'images', (answer: SenderAnswer) => {
        if (answer !== 'ready') {
          finish(answer.id, answer);
          return;
        }
        why = undefined;
        log.info({}, 'images are sent by the kernel (sendfile)');
        resolve();
      });
      worker.on('message', onAnswer);
    });
    worker.on('error', (error) => {
      why = `its thread ended by itself: ${error.message}`;
      log.warn({ err: error }, 'images are sent through Node from now on');
    });
    await Promise.race([ready, ended]);
  }

  function tell(message: SenderMessage): void {
    if (thread === undefined) return;
    thread.worker.postMessage(message);
    wake(thread.libc, thread.wakeFd);
  }

  function send(part: FilePart): Promise<SentPart> | undefined {
    if (thread === undefined || why !== undefined || jobs.size >= most) return undefined;
    const descriptor = descriptorOf(part.socket);
    if (descriptor === 'unknown') {
      log.warn({ node: process.version }, 'images are sent through Node: a socket has no descriptor');
      why = 'this version of Node does not tell the descriptor of a socket';
      return undefined;
    }
    const duplicate = descriptor === undefined ? -1 : thread.libc.fcntl(descriptor, DUPLICATE_CLOSED_ON_EXEC, 0);
    return duplicate < 0
      ? undefined
      : new Promise((resolve) => {
          begin(part, duplicate, resolve);
        });
  }

  function begin(part: FilePart, duplicate: number, resolve: Job['resolve']): void {
    const { socket, file, start, end } = part;
    const id = free.pop() ?? jobs.size;
    const cancel = listener(log, 'images', () => {
      tell({ cancel: id });
    });
    const timeoutMs = socket.timeout ?? 0;
    jobs.set(id, { ...part, id, duplicate, timeoutMs, cancel, resolve });
    // Node sees nothing move: the thread looks for those that stall.
    socket.setTimeout(0);
    socket.once('close', cancel);
    places[id] = start;
    tell({ id, socket: duplicate, file: file.fd, start, end, stallMs: timeoutMs });
    looking ??= setInterval(look, PLACES_MS).unref();
  }

  function look(): void {
    for (const { id, onPlace } of jobs.values()) onPlace(places[id] ?? 0);
  }

  function finish(id: number, { how, position }: SentPart): void {
    const job = jobs.get(id);
    if (job === undefined) return;
    jobs.delete(id);
    free.push(id);
    thread?.libc.close(job.duplicate);
    job.socket.off('close', job.cancel);
    if (!job.socket.destroyed) job.socket.setTimeout(job.timeoutMs);
    if (jobs.size === 0) {
      clearInterval(looking);
      looking = undefined;
    }
    job.resolve({ how, position });
  }

  /** Its thread has ended: no descriptor of it is in use any more. */
  function lose(): void {
    for (const id of [...jobs.keys()]) finish(id, { how: 'lost', position: places[id] ?? 0 });
    thread?.libc.close(thread.wakeFd);
    thread = undefined;
    why ??= 'its thread has ended';
  }

  return {
    name: 'images',
    why: () => why,
    settled: () => settled,
    send,
    start() {
      if (!on) log.info({ why }, 'images are sent through Node');
      else {
        settled = load().catch((error: unknown) => {
          why = 'it could not be started';
          log.warn({ err: error }, 'images are sent through Node');
        });
      }
      return Promise.resolve();
    },
    async stop() {
      stopped = true;
      tell('stop');
      await ended;
    },
  };
}

/**
 * What Node does not document: the descriptor below a socket. Undefined of one that is closed, or that encrypts; `unknown`
 * where this version of Node has it no more.
 */
function descriptorOf(socket: Socket): number | 'unknown' | undefined {
  if (socket.destroyed || 'encrypted' in socket) return undefined;
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd?: unknown } | null };
  return typeof handle?.fd === 'number' && handle.fd >= 0 ? handle.fd : 'unknown';
}

/** A server that is switched on beside a rack: enough for files, the journal, TFTP and a child. */
const LEAST_RESERVE = 48;
const LEAST_ROOM = 16;

interface HandleCount {
  /** How many this process may have. */
  readonly limit: number;
  readonly open: number;
}

/**
 * How many connections HTTP may hold, so that handles for the files that are asked for are left: a crowd that takes all
 * of them would be answered 503, every one of it. At most `most`; that, where the limit is not known.
 */
export function connectionRoom(most: number, count: HandleCount | undefined = countHandles()): number {
  if (count === undefined) return most;
  const reserve = Math.max(LEAST_RESERVE, Math.floor(count.limit / 8));
  return Math.min(most, Math.max(LEAST_ROOM, count.limit - count.open - reserve));
}

/** From proc(5); undefined where there is none, or no limit. */
function countHandles(): HandleCount | undefined {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? undefined : { limit: Number(soft), open: readdirSync('/proc/self/fd').length };
  } catch {
    return undefined;
  }
}
