import type { SyncEvent } from '../model/sync-event.ts';
import type { Output } from './context.ts';
import { bytesText, secondsText } from './units.ts';

const REDRAW_MS = 100;
const BAR = 24;
/** The rate is that of the last seconds: what was fast at first says little about when it will end. */
const WINDOW_MS = 5000;

interface Line {
  readonly name: string;
  received: number;
  size: number | undefined;
  readonly samples: { readonly at: number; readonly received: number }[];
}

/** A bar for every file that is on its way, below whatever else is said; only for terminals. */
export interface ProgressBars {
  on(event: SyncEvent): void;
  /** Writes a line that stays, above the bars. */
  say(text: string): void;
  stop(): void;
}

export function createProgressBars(out: Output, now: () => number): ProgressBars {
  const lines = new Map<string, Line>();
  let drawn = 0;
  let drawnAt = -Infinity;

  function draw(): void {
    erase();
    const text = [...lines.values()].map((line) => `${fit(barLine(line, now()), out.columns ?? 80)}\n`).join('');
    out.write(text);
    drawn = lines.size;
    drawnAt = now();
  }

  function erase(): void {
    // Up to the first bar, then clear to the end of the screen (ECMA-48 CUU and ED).
    if (drawn > 0) out.write(`\u001b[${String(drawn)}A\u001b[J`);
    drawn = 0;
  }

  function update(file: string, received: number, size: number | undefined): void {
    const line = lines.get(file) ?? { name: file, received, size, samples: [] };
    lines.set(file, line);
    line.received = received;
    line.size = size;
    const at = now();
    line.samples.push({ at, received });
    while ((line.samples[0]?.at ?? at) < at - WINDOW_MS) line.samples.shift();
    if (at - drawnAt >= REDRAW_MS) draw();
  }

  return {
    on(event) {
      if (event.kind === 'download') update(event.file, event.received, event.size);
      if (event.kind !== 'verified' || !lines.delete(event.file)) return;
      draw();
    },
    say(text) {
      erase();
      out.write(text);
      if (lines.size > 0) draw();
    },
    stop() {
      erase();
      lines.clear();
    },
  };
}

function barLine({ name, received, size, samples }: Line, now: number): string {
  const first = samples[0];
  const elapsed = first === undefined ? 0 : (now - first.at) / 1000;
  const rate = first === undefined || elapsed <= 0 ? 0 : (received - first.received) / elapsed;
  const speed = rate > 0 ? `${bytesText(rate)}/s` : '';
  if (size === undefined || size === 0)
    return [name, bytesText(received), speed].filter((part) => part !== '').join('  ');
  const part = Math.min(1, received / size);
  const full = Math.floor(part * BAR);
  const bar = `[${'#'.repeat(full)}${'-'.repeat(BAR - full)}]`;
  const left = rate > 0 ? `${secondsText((size - received) / rate)} left` : '';
  const percent = `${String(Math.floor(part * 100)).padStart(3)} %`;
  return [name, bar, percent, `of ${bytesText(size)}`, speed, left].filter((word) => word !== '').join('  ');
}

// A line that wraps would be two lines on the screen and one in our count.
function fit(text: string, columns: number): string {
  return text.length < columns ? text : text.slice(0, Math.max(1, columns - 1));
}
