import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Service } from '../model/service.ts';
import { LOOP_TICK, MAX_PROFILES, type MetricSources, noCounts } from './counts.ts';
import type { MetricPage } from './metric-page.ts';

/**
 * What is counted. Methods are for the way of an answer: they add to a number. `start` begins to watch the event loop; the
 * rest works without it. What prints the page is loaded with the first scrape.
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
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

export interface MetricsOptions {
  /** Pilotlight's own. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** How long a source may take, in milliseconds: a scrape must end before the next one begins. */
  readonly timeout?: number;
}

export function createMetrics({ version, now = Date.now, timeout = 2000 }: MetricsOptions): Metrics {
  const born = now();
  const profiles = new Set<string>();
  const counts = noCounts();
  const delay = monitorEventLoopDelay({ resolution: LOOP_TICK });
  let sources: MetricSources = {};
  let page: Promise<MetricPage> | undefined;
  let rendering: ReturnType<Metrics['render']> | undefined;

  /** prom-client takes 30 ms to load, which no start of the server waits for. */
  async function load(): Promise<MetricPage> {
    try {
      const { createMetricPage } = await import('./metric-page.ts');
      return createMetricPage({ version, now, born, timeout, counts, delay, sources: () => sources });
    } catch (error) {
      // No file handles left, for example: the next scrape tries again.
      page = undefined;
      throw error;
    }
  }

  async function scrape(): ReturnType<Metrics['render']> {
    page ??= load();
    return await (await page).render();
  }

  return {
    name: 'metrics',
    start() {
      delay.enable();
      return Promise.resolve();
    },
    stop() {
      delay.disable();
      return Promise.resolve();
    },
    bootAnswered: (outcome, profile = '') => {
      // Later ones are counted together.
      if (profiles.size < MAX_PROFILES) profiles.add(profile);
      counts.boots.add(outcome, profiles.has(profile) ? profile : 'other');
    },
    httpAnswered: (kind, status) => {
      counts.http.add(kind, status);
    },
    bytes: (kind, n) => {
      counts.bytes.add(kind, '', n);
    },
    tftpTransfer: (end, sent, ms) => {
      counts.tftp.add(end);
      counts.tftpBytes += sent;
      counts.tftpSeconds += ms / 1000;
    },
    syncEnded: (failed, at) => {
      counts.syncs.add(failed === 0 ? 'good' : 'failed');
      if (failed === 0) counts.goodSync = at;
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
