import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ApiRoute } from '../src/admin/api/route.ts';
import { API_ROUTES } from '../src/admin/api/routes.ts';
import { noCounts } from '../src/telemetry/counts.ts';
import { createMetricPage } from '../src/telemetry/metric-page.ts';

/** docs/api.md with its two tables made anew; the text around them is written by hand. */
export function apiPage(page: string): string {
  return fill(fill(page, 'routes', routeTable()), 'metrics', metricTable());
}

function fill(page: string, name: string, table: string): string {
  const [begin, end] = [`<!-- ${name}: made by scripts/api-docs.ts -->\n`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/api.md has no place for ${name}`);
  return `${page.slice(0, from + begin.length)}\n${table}\n${page.slice(to)}`;
}

function routeTable(): string {
  const rows = API_ROUTES.map(
    (route) => `| \`${route.method.toUpperCase()} ${route.path}\` | ${takes(route)} | ${route.summary} |\n`,
  );
  return `| request | takes | what it does |\n|---|---|---|\n${rows.join('')}`;
}

function takes({ query, body }: ApiRoute): string {
  const keys = Object.keys(query.properties).map((name) => `\`?${name}=\``);
  const fields = Object.keys(body.properties).map(
    (name) => `\`${name}\`${body.required?.includes(name) === true ? '' : ' (optional)'}`,
  );
  return [...keys, ...fields].join(', ');
}

function metricTable(): string {
  const page = { version: '', now: Date.now, born: 0, timeout: 0, counts: noCounts(), sources: () => ({}) };
  const { registry } = createMetricPage({ ...page, delay: monitorEventLoopDelay() });
  const metrics = registry.getMetricsAsArray() as unknown as readonly Metric[];
  const rows = metrics.map(
    ({ name, type, labelNames, help }) =>
      `| \`${name}\` | ${type} | ${labelNames.map((label) => `\`${label}\``).join(', ')} | ${help} |\n`,
  );
  return `| metric | type | labels | what it is |\n|---|---|---|---|\n${rows.join('')}`;
}

/** As prom-client keeps it; its types leave the labels out. */
interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly labelNames: readonly string[];
}
