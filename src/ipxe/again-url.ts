import type { MachineFacts } from '../model/facts.ts';
import { macHyphens } from '../model/mac.ts';
import type { Origin } from '../model/origin.ts';
import { queryUrl } from './ipxe-text.ts';

/**
 * `ORIGIN/ipxe?mac=...`: where this machine asks once more, with the facts that it has sent already and with what was
 * chosen at its screen. Free text comes last: iPXE of 2019 may cut the query there.
 */
export function againUrl(origin: Origin, facts: MachineFacts, choice?: string): string {
  return queryUrl(`${origin}/ipxe`, [
    ['mac', facts.mac === undefined ? undefined : macHyphens(facts.mac)],
    ['uuid', facts.uuid],
    ['profile', choice],
    ['platform', facts.platform],
    ['arch', facts.arch],
    ['serial', facts.serial],
    ['hostname', facts.hostname],
    ['asset', facts.asset],
    ['manufacturer', facts.manufacturer],
    ['product', facts.product],
  ]);
}
