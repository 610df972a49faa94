import type { SyncEvent } from '../domain/sync-event.ts';
import type { Output } from './context.ts';
import { createProgressBars } from './progress-bars.ts';
import { eventLine } from './sync-text.ts';

const EVERY_MS = 1000;

export interface SyncTeller {
  readonly tell: (event: SyncEvent) => void;
  stop(): void;
}

/** One JSON object a line for programs. A file's progress at most once a second: nobody wants a line for each packet. */
export function jsonTeller(out: Output, now: () => number): SyncTeller {
  const told = new Map<string, number>();
  return {
    tell(event) {
      if (event.kind === 'download') {
        const key = `${event.target} ${event.file}`;
        if (now() - (told.get(key) ?? -Infinity) < EVERY_MS && event.received !== event.size) return;
        told.set(key, now());
      }
      out.write(`${JSON.stringify(event)}\n`);
    },
    stop() {
      told.clear();
    },
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
