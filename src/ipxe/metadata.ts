import type { Json, JsonObject } from '../model/profile.ts';

/**
 * matchbox's `/metadata`: `NAME=value` lines, names in capitals, nested objects joined by `_`, lists left out (as
 * matchbox does). Sorted, so that the same node gives the same bytes. A value with quotes, `$`, backslashes or line
 * breaks is put in double quotes as systemd's EnvironmentFile= and a shell read them: no value becomes a second line.
 */
export function metadataText(values: JsonObject): string {
  const lines = new Map<string, string>();
  collect(lines, '', values);
  return [...lines]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function collect(lines: Map<string, string>, prefix: string, values: JsonObject): void {
  for (const [key, value] of Object.entries(values)) {
    const name = `${prefix}${key.toUpperCase().replaceAll(/[^A-Z0-9_]/g, '_')}`;
    if (isObject(value)) collect(lines, `${name}_`, value);
    else if (value !== null && typeof value !== 'object') lines.set(name, assigned(String(value)));
  }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function assigned(value: string): string {
  if (!/["'`$\\\r\n\0]|^\s|\s$/.test(value)) return value;
  return `"${value.replaceAll('\0', '').replaceAll(/["`$\\]/g, '\\$&')}"`;
}
