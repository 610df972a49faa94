import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Registry } from 'prom-client';
import { MACHINE_STATES } from '../model/machine.ts';
import type { Service } from '../model/service.ts';

/**
 * What is counted. Methods are for the hot path: they add to a number. `start` begins to watch the event loop; the rest
 * works without it.
 */
export interface Metrics extends Service {
  /** Everything that /metrics says; docs/api.md is made of it. */
  readonly registry: Registry;
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

/** What is read at each scrape, not counted on the way. */
export interface MetricSources {
  /** How many machines are in each state; may take a moment and may fail. */
  readonly machines?: () => Promise<Readonly<Record<string, number>>>;
  readonly problems?: () => { readonly error: number; readonly warning: number };
  readonly journal?: () => { readonly on: boolean; readonly lost: number };
  readonly dhcp?: () => {
    readonly answered: number;
    readonly limited: number;
    readonly unsent: number;
    readonly dropped: number;
    /** By reason: fixed words. */
    readonly silences: ReadonlyMap<string, number>;
  };
}

export interface MetricsOptions {
  /** Pilotlight's own. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** How long a source may take, in milliseconds: a scrape must end before the next one begins. */
  readonly timeout?: number;
}

/** Later profiles are counted together as `other`, so that their names fill neither the memory nor the monitoring. */
const MAX_PROFILES = 100;
/** Milliseconds between two looks at the event loop. */
const LOOP_TICK = 20;

export function createMetrics({ version, now = Date.now, timeout = 2000 }: MetricsOptions): Metrics {
  const born = now();
  const profiles = new Set<string>();
  const delay = monitorEventLoopDelay({ resolution: LOOP_TICK });
  let goodSync: number | undefined;
  let sources: MetricSources = {};
  let rendering: ReturnType<Metrics['render']> | undefined;

  const registry = new Registry();
  const registers = [registry];
  // Names follow Prometheus's rules: base units, `_total`.
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
    new Counter({ name: `pilotlight_${name}`, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]): Gauge<L> =>
    new Gauge({ name: `pilotlight_${name}`, help, labelNames, registers });
  /** Read when the page is made; undefined: not on the page. */
  const reading = (name: string, help: string, read: () => number | undefined): Gauge =>
    new Gauge({
      ...{ name: `pilotlight_${name}`, help, registers },
      collect() {
        const value = read();
        if (value === undefined) this.remove({});
        else this.set(value);
      },
    });

  gauge('info', 'always 1; the version that runs', 'version').set({ version }, 1);
  reading('uptime_seconds', 'since the server started', () => (now() - born) / 1000);
  const bootsHelp = 'boot scripts by what the machine was told; profile names up to 100';
  const boots = counter('boots_total', bootsHelp, 'outcome', 'profile');
  const httpHelp = 'answers over HTTP; kind is the machine route, or operator';
  const http = counter('http_answers_total', httpHelp, 'kind', 'status');
  const bytes = counter('sent_bytes_total', 'bytes of bodies that went out', 'kind');
  const tftp = counter('tftp_transfers_total', 'TFTP transfers by how they ended', 'end');
  const tftpBytes = counter('tftp_sent_bytes_total', 'bytes that went out over TFTP');
  const tftpSeconds = counter('tftp_transfer_seconds_total', 'how long TFTP transfers took, together');
  const dhcpAnswered = counter('dhcp_answers_total', 'DHCP answers that went out');
  const dhcpSilent = counter('dhcp_silences_total', 'DHCP requests that were left alone, by why', 'reason');
  const dhcpLimited = counter('dhcp_limited_total', 'DHCP answers that the rate limit kept back');
  const dhcpUnsent = counter('dhcp_unsent_total', 'DHCP answers that this host could not send');
  const dhcpDroppedHelp = 'DHCP requests that a full buffer lost before they were read';
  const dhcpDropped = counter('dhcp_dropped_total', dhcpDroppedHelp);
  const machines = gauge('machines', 'machines by where they are in their life', 'state');
  const problems = gauge('catalog_problems', "what is wrong in the operator's files", 'severity');
  const journalOn = gauge('journal_on', '1: what happens is written down; 0: the journal is off');
  const journalLost = counter('journal_lost_events_total', 'events that were not written down');
  const syncs = counter('sync_runs_total', 'runs of the release sync; failed: at least one target did', 'result');
  reading(
    'sync_last_success_timestamp_seconds',
    'when the last run without a failure ended',
    () => goodSync && goodSync / 1000,
  );
  reading(
    'sync_age_seconds',
    'since the last run without a failure',
    () => goodSync && Math.max(0, now() - goodSync) / 1000,
  );
  new Gauge({
    name: 'pilotlight_event_loop_delay_seconds',
    help: 'how late timers were since the last scrape',
    ...{ labelNames: ['quantile'], registers },
    collect() {
      this.reset();
      // Nothing was measured before `start`. Node measures from tick to tick: the tick itself is no delay.
      if (delay.count === 0) return;
      for (const [quantile, ns] of [
        ['0.5', delay.percentile(50)],
        ['0.99', delay.percentile(99)],
        ['1', delay.max],
      ] as const) {
        this.set({ quantile }, Math.max(0, ns / 1e9 - LOOP_TICK / 1e3));
      }
      delay.reset();
    },
  });
  reading('process_resident_memory_bytes', 'memory of the process', () => process.memoryUsage.rss());
  reading('process_heap_used_bytes', "of it, JavaScript's own in use", () => process.memoryUsage().heapUsed);
  const externalHelp = 'of it, buffers: the cache of images, what is being sent';
  reading('process_external_memory_bytes', externalHelp, () => process.memoryUsage().external);
  const failures = counter('scrape_failures_total', 'parts of this page that could not be read', 'part');

  /** Shows what a source says. One that fails or takes too long is left out of the page, and counted. */
  async function show<T>(
    part: string,
    source: (() => T | Promise<T>) | undefined,
    metrics: readonly (Counter | Gauge)[],
    set: (value: T) => void,
  ): Promise<void> {
    for (const metric of metrics) {
      metric.reset();
      // Without labels a metric is 0 where it has no value.
      metric.remove({});
    }
    if (source === undefined) return;
    try {
      set(await within(timeout, source));
    } catch {
      failures.inc({ part });
    }
  }

  async function scrape(): Promise<{ readonly contentType: string; readonly body: string }> {
    await Promise.all([
      show('machines', sources.machines, [machines], (states) => {
        for (const state of MACHINE_STATES) machines.set({ state }, states[state] ?? 0);
      }),
      show('problems', sources.problems, [problems], (count) => {
        for (const severity of ['error', 'warning'] as const) problems.set({ severity }, count[severity]);
      }),
      show('journal', sources.journal, [journalOn, journalLost], ({ on, lost }) => {
        journalOn.set(on ? 1 : 0);
        journalLost.inc(lost);
      }),
      show('dhcp', sources.dhcp, [dhcpAnswered, dhcpLimited, dhcpUnsent, dhcpDropped, dhcpSilent], (dhcp) => {
        dhcpAnswered.inc(dhcp.answered);
        dhcpLimited.inc(dhcp.limited);
        dhcpUnsent.inc(dhcp.unsent);
        dhcpDropped.inc(dhcp.dropped);
        for (const [reason, n] of dhcp.silences) dhcpSilent.inc({ reason }, n);
      }),
    ]);
    return { contentType: registry.contentType, body: await registry.metrics() };
  }

  return {
    name: 'metrics',
    registry,
    start() {
      delay.enable();
      return Promise.resolve();
    },
    stop() {
      delay.disable();
      return Promise.resolve();
    },
    bootAnswered: (outcome, profile = '') => {
      if (profiles.size < MAX_PROFILES) profiles.add(profile);
      boots.inc({ outcome, profile: profiles.has(profile) ? profile : 'other' });
    },
    httpAnswered: (kind, status) => {
      http.inc({ kind, status });
    },
    bytes: (kind, n) => {
      bytes.inc({ kind }, n);
    },
    tftpTransfer: (end, sent, ms) => {
      tftp.inc({ end });
      tftpBytes.inc(sent);
      tftpSeconds.inc(ms / 1000);
    },
    syncEnded: (failed, at) => {
      syncs.inc({ result: failed === 0 ? 'good' : 'failed' });
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
async function within<T>(ms: number, work: () => T | Promise<T>): Promise<T> {
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
