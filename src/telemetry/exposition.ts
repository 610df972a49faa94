import { METRIC_ROWS, type MetricId, type MetricRow } from './metric-table.ts';
import type { Sample } from './tally.ts';

export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

/** The page that Prometheus reads. prom-client is loaded for the first one: counting needs none of it. */
export async function exposition(samples: ReadonlyMap<MetricId, readonly Sample[]>): Promise<Exposition> {
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
