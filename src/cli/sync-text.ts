import { bytesText, durationText } from '../model/text.ts';
import type { SyncEvent, SyncReport, TargetReport } from '../model/sync-event.ts';
import type { Output, ParentChannel } from './command.ts';
import { tableText, widthOf } from './text.ts';

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
interface ProgressBars {
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
    const text = [...lines.values()].map((line) => `${fit(barLine(line, now()), widthOf(out) ?? 80)}\n`).join('');
    out.write(text);
    drawn = lines.size;
    drawnAt = now();
  }

  function erase(): void {
    // Up to the first bar, then clear to the end of the screen (ECMA-48 CUU and ED).
    if (drawn > 0) out.write(`\u001b[${drawn}A\u001b[J`);
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
  const left = rate > 0 ? `${durationText(((size - received) / rate) * 1000)} left` : '';
  const percent = `${String(Math.floor(part * 100)).padStart(3)} %`;
  return [name, bar, percent, `of ${bytesText(size)}`, speed, left].filter((word) => word !== '').join('  ');
}

// A line that wraps would be two lines on the screen and one in our count.
function fit(text: string, columns: number): string {
  return text.length < columns ? text : text.slice(0, Math.max(1, columns - 1));
}

/** What is worth a line of its own while a sync runs; undefined for everything else. */
export function eventLine(event: SyncEvent): string | undefined {
  switch (event.kind) {
    case 'plan':
      return event.targets.length === 0 ? 'no profile follows a channel\n' : undefined;
    case 'retry':
      return `${event.target}: asking again for ${event.file} in ${Math.ceil(event.waitMs / 1000)} s: ${event.why}\n`;
    case 'verified':
      return `${event.target}: ${event.file} (${bytesText(event.size)}) verified: ${event.by}\n`;
    case 'published':
      return `${event.target}: published images/${event.shelf}\n`;
    case 'rollout':
      return `${event.target}: profile ${event.profile}: ${event.to} goes to its canaries first, ${event.from} to all others\n`;
    case 'kept':
      return `${event.target}: profile ${event.profile} is left alone: ${event.why}\n`;
    case 'note':
    case 'failed':
      return `${event.target}: ${event.message}\n`;
    case 'removed':
      return `removed images/${event.shelf} (${bytesText(event.size)})\n`;
    case 'found':
    case 'download':
    case 'rewritten':
    case 'done':
      return undefined;
  }
}

const OUTCOMES: Readonly<Record<TargetReport['outcome'], string>> = {
  published: 'updated',
  current: 'up to date',
  held: 'held',
  failed: 'FAILED',
  'would-fetch': 'would be fetched',
  'would-rewrite': 'is here, profiles would follow',
};

/** The end of a run as a table: what each channel came to, and what changed in which profile. */
export function reportText(report: SyncReport): string {
  const targets = report.targets.map(({ target, version, outcome, profiles }) => [
    target,
    version ?? '',
    OUTCOMES[outcome],
    profiles.join(', '),
  ]);
  const skipped = report.skipped.map(({ profile, why }) => `profile ${profile} is left alone: ${why}\n`);
  const changes = report.rewritten.map(({ profile, from, to }) => [profile, from, to]);
  return [
    targets.length === 0 ? '' : tableText([['CHANNEL', 'VERSION', 'RESULT', 'PROFILES'], ...targets]),
    changes.length === 0 ? '' : `\n${tableText([['PROFILE', 'BEFORE', 'NOW'], ...changes])}`,
    skipped.length === 0 ? '' : `\n${skipped.join('')}`,
  ].join('');
}

const EVERY_MS = 1000;
const ALIVE_MS = 10_000;

export interface SyncPrinter {
  readonly on: (event: SyncEvent) => void;
  stop(): void;
}

/** One JSON object a line for programs. */
export function jsonPrinter(out: Output, now: () => number): SyncPrinter {
  return {
    on: seldom(now, (event) => {
      out.write(`${JSON.stringify(event)}\n`);
    }),
    stop: () => undefined,
  };
}

/** Messages to the program that started this one, and signs of life while nothing happens. */
export function parentPrinter(parent: Pick<ParentChannel, 'send'>, now: () => number): SyncPrinter {
  const timer = setInterval(() => {
    parent.send({ kind: 'alive' });
  }, ALIVE_MS);
  timer.unref();
  return {
    on: seldom(now, (event) => {
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
export function textPrinter(out: Output, now: () => number): SyncPrinter {
  const bars = out.isTTY === true ? createProgressBars(out, now) : undefined;
  return {
    on(event) {
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
