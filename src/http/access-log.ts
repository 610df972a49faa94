import type { IncomingMessage } from 'node:http';
import type { Log } from '../model/service.ts';
import { type Decision, hideTokens } from '../model/plan.ts';
import type { Reply, ReplyAbout } from './reply.ts';
import { peerOf } from './client-address.ts';
import { decodeTolerant, isKnown, MAX_KEYS, show } from './request.ts';

/** Which kind of question a machine route answers. */
export type RouteKind =
  | 'root'
  | 'start'
  | 'script'
  | 'document'
  | 'nocloud'
  | 'grub'
  | 'image'
  | 'profile'
  | 'keys'
  | 'firmware'
  | 'pixiecore'
  | 'report'
  | 'schema'
  | 'health';

/** One question that a machine route answered or refused, for the journal and the metrics. */
export interface AnswerEvent extends ReplyAbout {
  readonly kind: RouteKind;
  readonly method: string;
  readonly status: number;
  /** Of the body; 0 for HEAD. For an image: as many as the connection took. */
  readonly bytes: number;
  /** Without its query, as it was sent. */
  readonly path: string;
  /** How long the answer took, milliseconds; 0 for what is said at once. */
  readonly ms: number;
  /** All that was asked for went out. */
  readonly complete: boolean;
  /** What was said; absent for images. The same object when the same answer is given again. */
  readonly body?: Buffer;
  /** The client's address. */
  readonly from: string | undefined;
}

/** A file that went out, or as much of it as the client took. */
export type Delivered = Pick<AnswerEvent, 'bytes' | 'complete' | 'ms' | 'status'>;

/** Writes to the log, and sends on as events, what the machine routes answered. */
export interface AccessLog {
  /** For every reply: a debug line and an event. */
  answered(req: IncomingMessage, kind: RouteKind, reply: Reply): void;
  /** For every image. */
  delivered(req: IncomingMessage, sent: Delivered): void;
  /** For a decision that was just made: its repetition within the script cache's second is no news. */
  decided(kind: RouteKind, about: ReplyAbout, from: string | undefined): void;
  /** For keys of a query that no rule knows: a warning for each of them, once. */
  ignored(kind: RouteKind, query: string, from: string | undefined): void;
  /** For a question that was not answered: why a machine does not boot must be seen without debugging. */
  refused(kind: RouteKind, reply: Reply, from: string | undefined): void;
}

/** Any client can invent keys and machines: warnings of them take no more memory than this, and no more log. */
const MOST_WARNINGS = 200;

/** A machine that waits asks every few seconds, for days: that it still does, and why, is said once in so long. */
const SAID_MS = 60_000;
const MOST_WAITING = 10_000;

/** `now`: milliseconds that never go back. */
export function createAccessLog(
  log: Log,
  onAnswer: (event: AnswerEvent) => void,
  now: () => number = () => performance.now(),
): AccessLog {
  const warned = new Set<string>();
  /** What was said last of each machine that waits, and when. */
  const waiting = new Map<string, { readonly at: number; readonly line: string }>();

  /** True for a machine of which the log said just this within the last minute. */
  function isSaid(machine: string, { outcome, because }: Decision): boolean {
    if (outcome !== 'waiting' && outcome !== 'unknown') {
      waiting.delete(machine);
      return false;
    }
    const line = `${outcome} ${because}`;
    const said = waiting.get(machine);
    if (said?.line === line && now() - said.at < SAID_MS) return true;
    waiting.delete(machine);
    waiting.set(machine, { at: now(), line });
    for (const oldest of waiting.keys()) {
      if (waiting.size <= MOST_WAITING) break;
      waiting.delete(oldest);
    }
    return false;
  }

  /** True once for each key. */
  function isNews(key: string): boolean {
    if (warned.has(key) || warned.size >= MOST_WARNINGS) return false;
    warned.add(key);
    return true;
  }

  function emit(event: AnswerEvent, url: string | undefined): void {
    const { kind, method, status, bytes, from } = event;
    log.debug({ kind, method, url: url === undefined ? url : hideTokens(url), status, bytes, from }, 'answered');
    try {
      onAnswer(event);
    } catch (error) {
      log.error({ err: error }, 'a listener for answers failed');
    }
  }

  return {
    answered(req, kind, reply) {
      const { method = '', url = '' } = req;
      const { status, body } = reply;
      const event: AnswerEvent = {
        kind,
        method,
        path: pathOf(url),
        status,
        bytes: method === 'HEAD' ? 0 : body.length,
        ms: 0,
        complete: true,
        body,
        from: peerOf(req),
        // One by one: spread parts cost more than all the rest here, and this runs for every answer.
        decision: reply.decision,
        mac: reply.mac,
        facts: reply.facts,
        source: reply.source,
        delivered: reply.delivered,
      };
      emit(event, url);
    },
    delivered(req, sent) {
      const { method = '', url = '' } = req;
      emit({ kind: 'image', method, path: pathOf(url), from: peerOf(req), ...sent }, url);
    },
    decided(kind, { mac, decision }, from) {
      if (decision === undefined) return;
      const { outcome, profile, node, version, installation, warning, because } = decision;
      if (isSaid(mac ?? from ?? '', decision)) return;
      log.info({ kind, mac, from, outcome, profile, node, version, installation, warning, because }, 'decided');
      if (warning !== undefined && isNews(`${mac ?? from ?? ''} ${warning}`)) {
        log.warn({ kind, mac, from, problem: warning }, 'a machine cannot boot what its profile names');
      }
    },
    ignored(kind, query, from) {
      for (const key of unknownKeys(query)) {
        if (!isNews(`?${key}`)) continue;
        const remedy = 'name the machine by mac, uuid or serial in a profile (docs/from-matchbox.md)';
        log.warn({ kind, from, label: show(key), remedy }, 'a label in a query selects nothing here and is ignored');
      }
    },
    refused(kind, { status, body }, from) {
      log.info({ kind, status, from, answer: body.toString().trimEnd() }, 'refused');
    },
  };
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return hideTokens(query < 0 ? url : url.slice(0, query));
}

/** A file on its way to a client. */
export interface Delivery {
  /** The client's address. */
  readonly from: string;
  /** Below images/. */
  readonly file: string;
  /** Bytes of the whole file. */
  readonly size: number;
  /** Where in the file the client is: grows while it reads. */
  position: number;
}

/** What is being sent now: the progress bars look here. */
export class Deliveries {
  readonly #running = new Set<Delivery>();

  begin(from: string, file: string, size: number): Delivery {
    const delivery: Delivery = { from, file, size, position: 0 };
    this.#running.add(delivery);
    return delivery;
  }

  end(delivery: Delivery): void {
    this.#running.delete(delivery);
  }

  running(): readonly Readonly<Delivery>[] {
    return [...this.#running];
  }
}

// What iPXE says of a machine in matchbox's own start script and this server has no use for.
const FIRMWARE_KEYS: ReadonlySet<string> = new Set(['domain', 'ip', 'buildarch']);

/**
 * The keys with a value that no rule here knows. matchbox selects by them (`os=installed`); here they select nothing, and
 * an operator who relies on it must be told.
 */
export function unknownKeys(text: string): readonly string[] {
  if (text === '') return [];
  const keys: string[] = [];
  for (const pair of text.split('&', MAX_KEYS)) {
    const equals = pair.indexOf('=');
    if (equals <= 0 || equals === pair.length - 1) continue;
    const key = decodeTolerant(pair.slice(0, equals));
    if (!isKnown(key) && !FIRMWARE_KEYS.has(key)) keys.push(key);
  }
  return keys;
}
