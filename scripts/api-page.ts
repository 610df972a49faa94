import { API_ROUTES } from '../src/admin/api/api.ts';
import type { ApiRoute, JsonSchema } from '../src/admin/api/route.ts';
import { METRIC_ROWS, type MetricRow } from '../src/telemetry/metric-table.ts';

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
  const keys = Object.keys(query ?? {}).map((name) => `\`?${name}=\``);
  const { properties, required } = (body?.schema ?? {}) as { properties?: JsonSchema; required?: readonly string[] };
  const fields = Object.keys(properties ?? {}).map(
    (name) => `\`${name}\`${required?.includes(name) === true ? '' : ' (optional)'}`,
  );
  return [...keys, ...fields].join(', ');
}

function metricTable(): string {
  const rows = Object.values<MetricRow>(METRIC_ROWS).map(
    ({ name, type, labels, help }) =>
      `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |\n`,
  );
  return `| metric | type | labels | what it is |\n|---|---|---|---|\n${rows.join('')}`;
}
