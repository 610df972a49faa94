import { createRequire } from 'node:module';
import { setImmediate as pause } from 'node:timers/promises';
import type { Mac } from '../../model/machine.ts';
import { HOST_FILES, type HostFiles } from '../../files/system-error.ts';

/** Lines of the table that are read without a pause: a server that boots machines stands still for a millisecond. */
const AT_ONCE = 2000;
// The table of the IEEE's registries: `"0050C2": "IEEE Registration Authority\n445 Hoes Lane\n..."`, an entry a line.
// Longer prefixes are parts of a block that several makers share: half a MAC does not tell those apart.
const NO_VENDOR = new Set(['IEEE Registration Authority', 'Private']);
const ENTRY = /^\s*"([0-9A-F]{6})":\s*"((?:[^"\\]|\\[^n])*)/;

/**
 * The vendor of a network card. The table has five megabytes and is of no use to a machine that boots: it is read at the
 * first question, and of each entry only the name is kept. Addresses that a hypervisor or a phone made up (IEEE 802, the
 * locally administered bit) have no vendor.
 */
export function createVendors(host: Pick<HostFiles, 'read'> = HOST_FILES): (mac: Mac) => Promise<string | undefined> {
  let table: Promise<ReadonlyMap<string, string>> | undefined;
  return async (mac) => {
    const digits = mac.replaceAll(':', '').toUpperCase();
    if ((Number.parseInt(digits.slice(0, 2), 16) & 0b11) !== 0) return undefined;
    table ??= load(host);
    return (await table).get(digits.slice(0, 6));
  };
}

async function load(host: Pick<HostFiles, 'read'>): Promise<ReadonlyMap<string, string>> {
  const makers = new Map<string, string>();
  const names = new Map<string, string>();
  const text = (await host.read(createRequire(import.meta.url).resolve('oui-data'))) ?? '';
  let read = 0;
  for (let at = 0; at < text.length; read += 1) {
    const end = text.indexOf('\n', at);
    const [, prefix, escaped] = ENTRY.exec(text.slice(at, end === -1 ? undefined : end)) ?? [];
    at = end === -1 ? text.length : end + 1;
    if (prefix !== undefined && escaped !== undefined && !NO_VENDOR.has(escaped))
      makers.set(prefix, nameOf(escaped, names));
    if (read % AT_ONCE === AT_ONCE - 1) await pause();
  }
  return makers;
}

/** One copy of each name: the large makers have thousands of prefixes. Copied, or it would keep the whole text alive. */
function nameOf(escaped: string, names: Map<string, string>): string {
  const known = names.get(escaped);
  if (known !== undefined) return known;
  const name = (JSON.parse(`"${escaped}"`) as string).trim();
  const copy = Buffer.from(name).toString('utf8');
  names.set(Buffer.from(escaped).toString('utf8'), copy);
  return copy;
}
