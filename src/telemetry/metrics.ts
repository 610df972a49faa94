import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Service } from '../model/service.ts';
import {
  labelled,
  METRIC_ROWS,
  type MetricId,
  type MetricRow,
  type MetricSources,
  type MetricValues,
  plain,
  type Sample,
  sourceParts,
  Tally,
} from './metric-table.ts';

export interface MetricsOptions {
  /** Pilotlight's own. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** How long a source may take, in milliseconds: a scrape must end before the next one begins. */
  readonly patience?: number;
}

/**
 * What is counted. Methods are for the hot path: they add to a number. `start` begins to watch the event loop; the rest
 * works without it.
 */
export interface Metrics extends Service {
  /** A machine was told what to boot. */
  bootAnswered(outcome: string, profile?: string): void;
  httpAnswered(kind: string, status: number): void;
  /** Bytes of bodies: `kind` as of `httpAnswered`. */
  bytes(kind: string, n: number): void;
  tftpTransfer(end: string, bytes: number, ms: number): void;
  /** A run of the release sync ended: how many targets failed, and when (milliseconds since 1970). */
  syncEnded(failed: number, at: number): void;
  /** What is read at each scrape; adds to what was given before. */
  watch(sources: MetricSources): void;
  /** The page. Never rejects because of a source: what cannot be read is left out and counted. */
  render(): Promise<Exposition>;
}

const MAX_PROFILES = 100;
/** Milliseconds between two looks at the event loop. */
const LOOP_TICK = 20;

export function createMetrics(options: MetricsOptions): Metrics {
  const { version, now = () => Date.now(), patience = 2000 } = options;
  const born = now();
  const boots = new Tally(MAX_PROFILES);
  const http = new Tally();
  const bytes = new Tally();
  const tftp = new Tally();
  const syncs = new Tally();
  const failures = new Tally();
  const delay = monitorEventLoopDelay({ resolution: LOOP_TICK });
  let tftpBytes = 0;
  let tftpMs = 0;
  let goodSync: number | undefined;
  let sources: MetricSources = {};
  let rendering: Promise<Exposition> | undefined;

  function counted(): readonly MetricValues[] {
    const memory = process.memoryUsage();
    return [
      ['info', [labelled(version, 1)]],
      ['uptime', plain((now() - born) / 1000)],
      ['boots', boots.samples(2)],
      ['http', http.samples(2)],
      ['bytes', bytes.samples(1)],
      ['tftp', tftp.samples(1)],
      ['tftpBytes', plain(tftpBytes)],
      ['tftpSeconds', plain(tftpMs / 1000)],
      ['syncs', syncs.samples(1)],
      ['resident', plain(memory.rss)],
      ['heap', plain(memory.heapUsed)],
      ['external', plain(memory.external)],
    ];
  }

  function syncAge(): readonly MetricValues[] {
    const good = goodSync ?? sources.lastGoodSync?.();
    if (good === undefined) return [];
    return [
      ['syncGood', plain(good / 1000)],
      ['syncAge', plain(Math.max(0, now() - good) / 1000)],
    ];
  }

  function loopDelay(): readonly MetricValues[] {
    // Nothing was measured before `start`. What Node measures is from tick to tick: the tick itself is no delay.
    if (delay.count === 0) return [];
    const samples = [
      labelled('0.5', delay.percentile(50)),
      labelled('0.99', delay.percentile(99)),
      labelled('1', delay.max),
    ];
    delay.reset();
    return [
      [
        'loopDelay',
        samples.map(({ labels, value }) => ({ labels, value: Math.max(0, value / 1e9 - LOOP_TICK / 1e3) })),
      ],
    ];
  }

  async function scrape(): Promise<Exposition> {
    const all = new Map<MetricId, readonly Sample[]>();
    await Promise.all(
      [...sourceParts(sources), ['sync', syncAge] as const, ['loop', loopDelay] as const].map(async ([name, read]) => {
        try {
          for (const [id, values] of await within(patience, async () => await read())) all.set(id, values);
        } catch {
          failures.add(1, name);
        }
      }),
    );
    for (const [id, values] of counted()) all.set(id, values);
    all.set('failures', failures.samples(1));
    return await exposition(all);
  }

  return {
    name: 'metrics',
    async start() {
      delay.enable();
      return Promise.resolve();
    },
    async stop() {
      delay.disable();
      return Promise.resolve();
    },
    bootAnswered: (outcome, profile = '') => {
      boots.add(1, outcome, profile);
    },
    httpAnswered: (kind, status) => {
      http.add(1, kind, status);
    },
    bytes: (kind, n) => {
      bytes.add(n, kind);
    },
    tftpTransfer: (end, sent, ms) => {
      tftp.add(1, end);
      tftpBytes += sent;
      tftpMs += ms;
    },
    syncEnded: (failed, at) => {
      syncs.add(1, failed === 0 ? 'good' : 'failed');
      if (failed === 0) goodSync = at;
    },
    watch: (more) => {
      sources = { ...sources, ...more };
    },
    render: async () => {
      // Many scrapers at once cost one.
      rendering ??= scrape().finally(() => {
        rendering = undefined;
      });
      return await rendering;
    },
  };
}

/** Rejects when it takes too long; what comes later is dropped. */
async function within<T>(ms: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new RangeError('it took too long'));
    }, ms);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

/** The page that Prometheus reads. prom-client is loaded for the first one: counting needs none of it. */
async function exposition(samples: ReadonlyMap<MetricId, readonly Sample[]>): Promise<Exposition> {
  const { Counter, Gauge, Registry } = await import('prom-client');
  const registry = new Registry();
  for (const [id, values] of samples) {
    const row: MetricRow = METRIC_ROWS[id];
    const options = { name: row.name, help: row.help, labelNames: row.labels, registers: [registry] };
    const metric = row.type === 'counter' ? new Counter(options) : new Gauge(options);
    for (const { labels, value } of values) {
      metric.inc(Object.fromEntries(row.labels.map((name, i) => [name, labels[i] ?? ''])), value);
    }
  }
  return { contentType: registry.contentType, body: await registry.metrics() };
}
