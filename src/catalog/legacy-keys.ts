import { nearest } from '../model/nearest.ts';
import type { Json, JsonObject } from '../model/profile.ts';
import type { SchemaFault } from './explain-fault.ts';

/** All that coreos-ipxe-server knew. */
const LEGACY: ReadonlySet<string> = new Set([
  'cloud_config',
  'console',
  'coreos_autologin',
  'root',
  'rootfstype',
  'sshkey',
  'version',
]);

export interface KeyFault extends SchemaFault {
  readonly severity: 'error' | 'warning';
}

export interface LegacyReading {
  /** With every key in its own spelling, without those that are ignored. */
  readonly value: Json;
  readonly faults: readonly KeyFault[];
  /** How a key is spelled in the file, where that is not its own spelling. */
  readonly spelled: ReadonlyMap<string, string>;
}

/**
 * Reads a profile's keys as coreos-ipxe-server did where the file has none that it did not know: Go's encoding/json takes
 * a key in any case and passes over the others. There they are warnings, unless a key of ours is nearly meant (`nods`
 * would be a profile without machines): that is an error for the schema, as any unknown key in any other file.
 */
export function readLegacyKeys(value: Json, known: ReadonlySet<string>): LegacyReading {
  if (!isObject(value)) return { value, faults: [], spelled: new Map() };
  const keys = Object.keys(value);
  const unknown = keys.filter((key) => !known.has(key));
  const ours = keys.some((key) => known.has(key) && !LEGACY.has(key));
  if (unknown.length === 0 || ours) return { value, faults: [], spelled: new Map() };
  const read = new Map<string, Json>();
  const faults: KeyFault[] = [];
  const spelled = new Map<string, string>();
  for (const [key, content] of Object.entries(value)) {
    const lower = key.toLowerCase();
    if (known.has(key)) read.set(key, content);
    else if (LEGACY.has(lower)) {
      if (keys.includes(lower) || spelled.has(lower)) {
        faults.push(fault('error', key, `\`${key}\` is the key \`${lower}\` once more`, 'keep one of the two'));
      } else {
        read.set(lower, content);
        spelled.set(lower, key);
        faults.push(fault('warning', key, `is read as \`${lower}\``, `write \`${lower}\``));
      }
    } else if (nearest(key, known) === undefined) {
      const remedy =
        'take it out: it does nothing, and beside a key that coreos-ipxe-server did not know it is an error';
      faults.push(fault('warning', key, 'unknown key, ignored as coreos-ipxe-server did', remedy));
    } else read.set(key, content);
  }
  return { value: Object.fromEntries(read), faults, spelled };
}

function fault(severity: KeyFault['severity'], key: string, message: string, remedy: string): KeyFault {
  return { severity, path: [key], atKey: true, message, remedy };
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
