import type { IntervalHistogram } from 'node:perf_hooks';
import { Counter, Gauge, Registry } from 'prom-client';
import { MACHINE_STATES } from '../model/machine-list.ts';
import { ROLLOUT_MACHINES, ROLLOUT_STATES } from '../model/rollout.ts';
import { type Counts, LOOP_TICK, MAX_PROFILES, type MetricSources, type Tally } from './counts.ts';

export interface MetricPageInput {
  readonly version: string;
  readonly now: () => number;
  /** When the server started, as `now` says it. */
  readonly born: number;
  readonly timeout: number;
  readonly counts: Counts;
  readonly delay: IntervalHistogram;
  readonly sources: () => MetricSources;
}

export interface MetricPage {
  /** Everything that /metrics says; docs/api.md is made of it. */
  readonly registry: Registry;
  /** What cannot be read is left out and counted. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** What /metrics says, by prom-client: counted on the way (metrics.ts), or read when the page is made. */
export function createMetricPage(input: MetricPageInput): MetricPage {
  const { version, now, born, timeout, counts, delay, sources } = input;
  const registry = new Registry();
  const registers = [registry];
  // Names follow Prometheus's rules: base units, `_total`.
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
    new Counter({ name: `pilotlight_${name}`, help, labelNames, registers });
  /** What was counted on the way, by its words: `all` says them in the order of the labels. */
  const counted = (name: string, help: string, tally: Tally, label: string, ...others: readonly string[]): Counter =>
    new Counter({
      ...{ name: `pilotlight_${name}`, help, labelNames: [label, ...others], registers },
      collect() {
        this.reset();
        for (const [word, other, n] of tally.all()) {
          this.inc({ [label]: word, ...Object.fromEntries(others.map((one) => [one, other])) }, n);
        }
      },
    });
  const total = (name: string, help: string, read: () => number): Counter =>
    new Counter({
      ...{ name: `pilotlight_${name}`, help, registers },
      collect() {
        this.reset();
        this.inc(read());
      },
    });
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
  counted('boots_total', bootsHelp, counts.boots, 'outcome', 'profile');
  const httpHelp = 'answers over HTTP; kind is the machine route, or operator';
  counted('http_answers_total', httpHelp, counts.http, 'kind', 'status');
  counted('sent_bytes_total', 'bytes of bodies that went out', counts.bytes, 'kind');
  counted('tftp_transfers_total', 'TFTP transfers by how they ended', counts.tftp, 'end');
  total('tftp_sent_bytes_total', 'bytes that went out over TFTP', () => counts.tftpBytes);
  total('tftp_transfer_seconds_total', 'how long TFTP transfers took, together', () => counts.tftpSeconds);
  const dhcpAnswered = counter('dhcp_answers_total', 'DHCP answers that went out');
  const dhcpSilent = counter('dhcp_silences_total', 'DHCP requests that were left alone, by why', 'reason');
  const dhcpLimited = counter('dhcp_limited_total', 'DHCP answers that the rate limit kept back');
  const dhcpUnsent = counter('dhcp_unsent_total', 'DHCP answers that this host could not send');
  const dhcpDroppedHelp = 'DHCP requests that a full buffer lost before they were read';
  const dhcpDropped = counter('dhcp_dropped_total', dhcpDroppedHelp);
  const machines = gauge('machines', 'machines by where they are in their life', 'state');
  const problems = gauge('catalog_problems', "what is wrong in the operator's files", 'severity');
  const rolloutState = gauge('rollout_state', "1: the profile's last rollout is in this state", 'profile', 'state');
  const rolloutWave = gauge('rollout_wave', 'which wave is open; 0: the canaries', 'profile');
  const rolloutWaves = gauge('rollout_waves', 'which wave is the last', 'profile');
  const rolloutMachinesHelp = 'machines that got the new version: on their way, up with it, or failed and not up since';
  const rolloutMachines = gauge('rollout_machines', rolloutMachinesHelp, 'profile', 'result');
  const journalOn = gauge('journal_on', '1: what happens is written down; 0: the journal is off');
  const journalLost = counter('journal_lost_events_total', 'events that were not written down');
  counted('sync_runs_total', 'runs of the release sync; failed: at least one target did', counts.syncs, 'result');
  reading(
    'sync_last_success_timestamp_seconds',
    'when the last run without a failure ended',
    () => counts.goodSync && counts.goodSync / 1000,
  );
  reading(
    'sync_age_seconds',
    'since the last run without a failure',
    () => counts.goodSync && Math.max(0, now() - counts.goodSync) / 1000,
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

  async function render(): Promise<{ readonly contentType: string; readonly body: string }> {
    const { machines: states, problems: files, rollouts, journal, dhcp } = sources();
    await Promise.all([
      show('machines', states, [machines], (of) => {
        for (const state of MACHINE_STATES) machines.set({ state }, of[state] ?? 0);
      }),
      show('problems', files, [problems], (count) => {
        for (const severity of ['error', 'warning'] as const) problems.set({ severity }, count[severity]);
      }),
      show('rollouts', rollouts, [rolloutState, rolloutWave, rolloutWaves, rolloutMachines], (all) => {
        for (const { profile, ...one } of all.slice(0, MAX_PROFILES)) {
          for (const state of ROLLOUT_STATES) rolloutState.set({ profile, state }, state === one.state ? 1 : 0);
          rolloutWave.set({ profile }, one.wave);
          rolloutWaves.set({ profile }, one.waves);
          for (const result of ROLLOUT_MACHINES) rolloutMachines.set({ profile, result }, one.machines[result]);
        }
      }),
      show('journal', journal, [journalOn, journalLost], ({ on, lost }) => {
        journalOn.set(on ? 1 : 0);
        journalLost.inc(lost);
      }),
      show('dhcp', dhcp, [dhcpAnswered, dhcpLimited, dhcpUnsent, dhcpDropped, dhcpSilent], (seen) => {
        dhcpAnswered.inc(seen.answered);
        dhcpLimited.inc(seen.limited);
        dhcpUnsent.inc(seen.unsent);
        dhcpDropped.inc(seen.dropped);
        for (const [reason, n] of seen.silences) dhcpSilent.inc({ reason }, n);
      }),
    ]);
    return { contentType: registry.contentType, body: await registry.metrics() };
  }

  return { registry, render };
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
