import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, onTestFinished, test } from 'vitest';
import { noCounts } from '../../src/telemetry/counts.ts';
import { createMetricPage } from '../../src/telemetry/metric-page.ts';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts';

function setup() {
  const clock = { now: 1_000_000 };
  const metrics = createMetrics({ version: '1.2.3', now: () => clock.now, timeout: 50 });
  return { clock, metrics };
}

/** Every line of the page that is a number. */
async function linesOf(metrics: Metrics): Promise<readonly string[]> {
  return (await metrics.render()).body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test('what was counted', async () => {
  const { metrics, clock } = setup();
  metrics.bootAnswered('boot', 'worker');
  metrics.bootAnswered('boot', 'worker');
  metrics.bootAnswered('unknown');
  metrics.httpAnswered('script', 200);
  metrics.httpAnswered('operator', 303);
  metrics.bytes('image', 1000);
  metrics.bytes('image', 24);
  metrics.tftpTransfer('done', 100, 1500);
  metrics.tftpTransfer('vanished', 20, 500);
  metrics.syncEnded(0, 999_000);
  metrics.syncEnded(2, 1_000_000);
  clock.now += 5000;
  const lines = await linesOf(metrics);
  expect(lines).toEqual(
    expect.arrayContaining([
      'pilotlight_info{version="1.2.3"} 1',
      'pilotlight_uptime_seconds 5',
      'pilotlight_boots_total{outcome="boot",profile="worker"} 2',
      'pilotlight_boots_total{outcome="unknown",profile=""} 1',
      'pilotlight_http_answers_total{kind="script",status="200"} 1',
      'pilotlight_http_answers_total{kind="operator",status="303"} 1',
      'pilotlight_sent_bytes_total{kind="image"} 1024',
      'pilotlight_tftp_transfers_total{end="done"} 1',
      'pilotlight_tftp_transfers_total{end="vanished"} 1',
      'pilotlight_tftp_sent_bytes_total 120',
      'pilotlight_tftp_transfer_seconds_total 2',
      'pilotlight_sync_runs_total{result="good"} 1',
      'pilotlight_sync_runs_total{result="failed"} 1',
      'pilotlight_sync_last_success_timestamp_seconds 999',
      'pilotlight_sync_age_seconds 6',
    ]),
  );
  expect(await linesOf(metrics)).toContain('pilotlight_boots_total{outcome="boot",profile="worker"} 2');
});

test('what is read when somebody looks', async () => {
  const { metrics } = setup();
  metrics.watch({
    machines: async () => ({ up: 3, failed: 1 }),
    problems: () => ({ error: 1, warning: 2 }),
    journal: () => ({ on: true, lost: 4 }),
  });
  metrics.watch({
    rollouts: () => [{ profile: 'w', state: 'stopped', wave: 1, waves: 3, machines: { waiting: 2, up: 5, failed: 1 } }],
  });
  metrics.watch({
    dhcp: () => ({ answered: 5, limited: 6, unsent: 7, dropped: 9, silences: new Map([['not PXE', 8]]) }),
  });
  expect(await linesOf(metrics)).toEqual(
    expect.arrayContaining([
      'pilotlight_machines{state="up"} 3',
      'pilotlight_machines{state="failed"} 1',
      'pilotlight_machines{state="unknown"} 0',
      'pilotlight_catalog_problems{severity="error"} 1',
      'pilotlight_catalog_problems{severity="warning"} 2',
      'pilotlight_rollout_state{profile="w",state="running"} 0',
      'pilotlight_rollout_state{profile="w",state="stopped"} 1',
      'pilotlight_rollout_wave{profile="w"} 1',
      'pilotlight_rollout_waves{profile="w"} 3',
      'pilotlight_rollout_machines{profile="w",result="waiting"} 2',
      'pilotlight_rollout_machines{profile="w",result="up"} 5',
      'pilotlight_rollout_machines{profile="w",result="failed"} 1',
      'pilotlight_journal_on 1',
      'pilotlight_journal_lost_events_total 4',
      'pilotlight_dhcp_answers_total 5',
      'pilotlight_dhcp_limited_total 6',
      'pilotlight_dhcp_unsent_total 7',
      'pilotlight_dhcp_dropped_total 9',
      'pilotlight_dhcp_silences_total{reason="not PXE"} 8',
    ]),
  );
});

test('a source that fails or hangs takes only itself from the page', async () => {
  const { metrics } = setup();
  metrics.watch({
    machines: async () => await new Promise(() => undefined),
    problems: () => {
      throw new TypeError('x');
    },
    journal: () => ({ on: false, lost: 0 }),
  });
  const lines = await linesOf(metrics);
  expect(lines).toContain('pilotlight_journal_on 0');
  expect(lines).toContain('pilotlight_scrape_failures_total{part="machines"} 1');
  expect(lines).toContain('pilotlight_scrape_failures_total{part="problems"} 1');
  expect(lines.join('\n')).not.toMatch(/pilotlight_machines|catalog_problems/);
});

test('many scrapers at once cost one', async () => {
  const { metrics } = setup();
  let asked = 0;
  metrics.watch({
    machines: async () => {
      asked += 1;
      return Promise.resolve({});
    },
  });
  const pages = await Promise.all(Array.from({ length: 20 }, async () => await metrics.render()));
  expect([asked, new Set(pages).size]).toEqual([1, 1]);
  await metrics.render();
  expect(asked).toBe(2);
});

test('the event loop is watched from start to stop, anew for each scrape', async () => {
  const metrics = createMetrics({ version: '1' });
  expect((await linesOf(metrics)).join()).not.toContain('event_loop');
  await metrics.start();
  onTestFinished(async () => {
    await metrics.stop(AbortSignal.abort());
  });
  const worst = async (): Promise<number | undefined> => {
    const start = 'pilotlight_event_loop_delay_seconds{quantile="1"} ';
    return (await linesOf(metrics))
      .filter((line) => line.startsWith(start))
      .map((line) => Number(line.slice(start.length)))
      .at(0);
  };
  /** Looks until something was measured, letting the loop run in between. */
  const seen = async (): Promise<number> => {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      const value = await worst();
      if (value !== undefined) return value;
    }
  };
  // The first tick after a scrape measures nothing: a block that falls into it is seen at the next try.
  for (let value = 0; value < 0.4; value = await seen()) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const blocked = performance.now() + 500;
    while (performance.now() < blocked); // somebody holds the loop
  }
  // A busy machine holds the loop, too; but not for each scrape.
  await expect.poll(seen, { timeout: 60_000 }).toBeLessThan(0.4);
});

test('the page and its names are as Prometheus wants them', async () => {
  const { metrics } = setup();
  const full = {
    machines: async () => Promise.resolve({}),
    problems: () => ({ error: 0, warning: 0 }),
    journal: () => ({ on: true, lost: 0 }),
    dhcp: () => ({ answered: 0, limited: 0, unsent: 0, dropped: 0, silences: new Map() }),
  };
  metrics.watch(full);
  metrics.syncEnded(0, 1);
  await metrics.start();
  onTestFinished(async () => {
    await metrics.stop(AbortSignal.abort());
  });
  const { contentType } = await metrics.render();
  const rendered = async (): Promise<string> => (await metrics.render()).body;
  // The loop's delay is there as soon as something was measured.
  await expect.poll(rendered).toContain('pilotlight_event_loop_delay_seconds');
  const body = await rendered();
  expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  const shown = [...body.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
  const { registry } = createMetricPage({
    ...{ version: '', now: Date.now, born: 0, timeout: 50, counts: noCounts(), sources: () => full },
    delay: monitorEventLoopDelay(),
  });
  expect(shown).toEqual(registry.getMetricsAsArray().map(({ name }) => name));
  for (const { name, type, help } of registry.getMetricsAsArray()) {
    expect(name).toMatch(/^pilotlight_[a-z]+(?:_[a-z]+)*$/);
    expect(name.endsWith('_total'), name).toBe(String(type) === 'counter');
    expect(help.length).toBeGreaterThan(10);
  }
});

test('profile names beyond a hundred are counted together', async () => {
  const { metrics } = setup();
  for (let i = 0; i < 500; i += 1) metrics.bootAnswered('boot', `profile-${i}`);
  const lines = (await linesOf(metrics)).filter((line) => line.startsWith('pilotlight_boots_total'));
  expect(lines).toHaveLength(101);
  expect(lines).toContain('pilotlight_boots_total{outcome="boot",profile="other"} 400');
});

test('what a label says cannot break the page', async () => {
  const { metrics } = setup();
  metrics.bootAnswered('boot', 'a"\\\n# TYPE x gauge');
  expect(await linesOf(metrics)).toContain(
    'pilotlight_boots_total{outcome="boot",profile="a\\"\\\\\\n# TYPE x gauge"} 1',
  );
});
