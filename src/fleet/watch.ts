import type { Log } from '../model/service.ts';
import type { EngineHttp } from './engine-http.ts';
import type { Watch, WatchEvent, WatchListener } from './kv.ts';

/** A key and its value as the gateway has them: base64, numbers as text. */
export interface WireEntry {
  readonly key: string;
  readonly value?: string;
  readonly create_revision: string;
  readonly mod_revision: string;
  readonly lease?: string;
}

export interface WireEvent {
  readonly type?: 'PUT' | 'DELETE';
  readonly kv: WireEntry;
}

export interface WatchOptions {
  readonly http: EngineHttp;
  /** base64. */
  readonly range: { readonly key: string; readonly range_end: string };
  /** What the listener knows. */
  readonly revision: number;
  readonly listener: WatchListener;
  readonly log: Log;
  readonly eventOf: (event: WireEvent) => WatchEvent;
}

interface WireWatch {
  readonly result?: {
    readonly header?: { readonly revision?: string };
    readonly created?: boolean;
    readonly canceled?: boolean;
    readonly compact_revision?: string;
    readonly cancel_reason?: string;
    readonly events?: readonly WireEvent[];
  };
  readonly error?: { readonly message?: string };
}

const AGAIN_MS = [50, 200, 500, 1000, 2000] as const;
/** Of silence, after which the member is asked whether it is there. */
const SILENCE_MS = 3000;

/**
 * One stream of `/v3/watch`, begun again at the next endpoint after the last revision that was told. A member without a
 * leader ends it (hasleader); one that is stopped, or cut off, is found out by asking it for something else.
 */
export function openWatch({ http, range, revision, listener, log, eventOf }: WatchOptions): Watch {
  let known = revision;
  let stopped = false;
  let isOpen = false;
  let tries = 0;
  let stream: { readonly endpoint: string; close(): void } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let heardAt = 0;

  function open(): void {
    if (stopped) return;
    let compacted = false;
    const mine = http.stream(
      '/v3/watch',
      { create_request: { ...range, start_revision: String(known + 1) } },
      {
        line(line) {
          heardAt = performance.now();
          const { result, error } = read(line);
          if (error !== undefined || result === undefined) {
            end(error?.message ?? 'a line that is no answer');
          } else if (result.canceled === true) {
            compacted = result.compact_revision !== undefined && result.compact_revision !== '0';
            end(result.cancel_reason ?? 'canceled');
          } else {
            if (result.created === true) turn(true);
            tell(result.events ?? []);
          }
        },
        ended: (why) => {
          end(why);
        },
      },
    );
    stream = mine;
    heardAt = performance.now();
    timer = setTimeout(look, SILENCE_MS);

    function end(why: string): void {
      if (stream !== mine) return;
      stream = undefined;
      clearTimeout(timer);
      mine.close();
      http.leave(mine.endpoint);
      turn(false);
      log.debug({ why }, "a watch of the fleet's memory ended");
      if (compacted) relist();
      else later();
    }

    /** Nothing was said for a while: is it there at all? */
    function look(): void {
      const rest = SILENCE_MS - (performance.now() - heardAt);
      if (rest > 0) {
        timer = setTimeout(look, rest);
        return;
      }
      http.isAlive(mine.endpoint).then(
        (alive) => {
          if (stream !== mine) return;
          if (alive) timer = setTimeout(look, SILENCE_MS);
          else end('the member does not answer');
        },
        () => undefined,
      );
    }
  }

  function later(): void {
    if (stopped) return;
    timer = setTimeout(open, AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)]);
    tries += 1;
  }

  function relist(): void {
    listener.lost().then(
      (from) => {
        known = from;
        open();
      },
      (error: unknown) => {
        log.debug({ err: error }, 'what a watch lost could not be read yet');
        if (!stopped) timer = setTimeout(relist, AGAIN_MS[Math.min((tries += 1), AGAIN_MS.length - 1)]);
      },
    );
  }

  function turn(is: boolean): void {
    if (is) tries = 0;
    if (stopped || isOpen === is) return;
    isOpen = is;
    safely(() => {
      listener.connected(is);
    });
  }

  /** An answer holds whole transactions, and may hold several. */
  function tell(events: readonly WireEvent[]): void {
    for (let from = 0; from < events.length && !stopped;) {
      const at = events[from]?.kv.mod_revision;
      let to = from + 1;
      while (events[to]?.kv.mod_revision === at) to += 1;
      const some = events.slice(from, to).map(eventOf);
      known = Number(at);
      safely(() => {
        listener.changed(some, known);
      });
      from = to;
    }
  }

  function safely(work: () => void): void {
    try {
      work();
    } catch (error) {
      log.error({ err: error }, 'a listener of the fleet failed');
    }
  }

  open();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
      stream?.close();
      stream = undefined;
    },
  };
}

function read(line: string): WireWatch {
  try {
    return JSON.parse(line) as WireWatch;
  } catch {
    return { error: { message: 'a line that is not JSON' } };
  }
}
