import type { SyncEvent } from '../model/sync-event.ts';
import type { Output } from './context.ts';
import type { ParentChannel } from './parent-channel.ts';
import { createProgressBars } from './progress-bars.ts';
import { eventLine } from './sync-text.ts';

const EVERY_MS = 1000;
const ALIVE_MS = 10_000;

export interface SyncTeller {
  readonly tell: (event: SyncEvent) => void;
  stop(): void;
}

/** One JSON object a line for programs. */
export function jsonTeller(out: Output, now: () => number): SyncTeller {
  return {
    tell: seldom(now, (event) => {
      out.write(`${JSON.stringify(event)}\n`);
    }),
    stop: () => undefined,
  };
}

/** Messages to the program that started this one, and signs of life while nothing happens. */
export function parentTeller(parent: Pick<ParentChannel, 'send'>, now: () => number): SyncTeller {
  const timer = setInterval(() => {
    parent.send({ kind: 'alive' });
  }, ALIVE_MS);
  timer.unref();
  return {
    tell: seldom(now, (event) => {
      parent.send(event);
    }),
    stop() {
      clearInterval(timer);
    },
  };
}

/** A file's progress at most once a second: no program wants a line for each packet. */
function seldom(now: () => number, tell: (event: SyncEvent) => void): (event: SyncEvent) => void {
  const told = new Map<string, number>();
  return (event) => {
    if (event.kind === 'download') {
      const key = `${event.target} ${event.file}`;
      if (now() - (told.get(key) ?? -Infinity) < EVERY_MS && event.received !== event.size) return;
      told.set(key, now());
    }
    tell(event);
  };
}

/** For people: bars on a terminal, otherwise only the lines that stay. */
export function textTeller(out: Output, now: () => number): SyncTeller {
  const bars = out.isTTY === true ? createProgressBars(out, now) : undefined;
  return {
    tell(event) {
      bars?.on(event);
      const line = eventLine(event);
      if (line === undefined) return;
      if (bars === undefined) out.write(line);
      else bars.say(line);
    },
    stop() {
      bars?.stop();
    },
  };
}
