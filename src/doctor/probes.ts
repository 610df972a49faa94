import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { promisify } from 'node:util';
import { askableNetworks, type DiscoverAt, discoverOffers, type Offer } from '../dhcp/discover.ts';
import { loadLibc } from '../native/libc.ts';
import { type LocalAddress, localAddresses, probePort } from '../net/addresses.ts';
import { HOST_FILES } from '../files/system-error.ts';
import type { Rules } from './firewall.ts';
import { holderOf, type PortProbes, rightsOf } from './ports.ts';
import type { HealthAnswer } from './reach.ts';

/** Everything that the doctor asks of the world. */
export interface Probes extends PortProbes {
  addresses(): readonly LocalAddress[];
  health(url: string): Promise<HealthAnswer>;
  rules(): Promise<Rules>;
  /** Why libc cannot be called here; undefined where it can. */
  withoutLibc(): Promise<string | undefined>;
  /** The networks of this host that can be asked for offers. */
  networks(): readonly DiscoverAt[];
  discover(at: readonly DiscoverAt[]): Promise<readonly Offer[]>;
}

const HEALTH_MS = 3_000;
const RULES_BYTES = 16 * 2 ** 20;

/** The real world. */
export const PROBES: Probes = {
  probe: probePort,
  holder: async (protocol, port) => await holderOf(HOST_FILES, protocol, port),
  rights: async () => await rightsOf(HOST_FILES),
  addresses: localAddresses,
  health: askHealth,
  rules: async () => await readRules(run),
  async withoutLibc() {
    const native = await loadLibc();
    return 'why' in native ? native.why : undefined;
  },
  networks: askableNetworks,
  discover: async (at) => await discoverOffers(at, { xid: () => randomInt(1, 2 ** 32 - 1) }),
};

/** `GET /healthz`, whatever program answers. */
export async function askHealth(url: string): Promise<HealthAnswer> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(HEALTH_MS), redirect: 'manual' });
    const body: unknown = await answer.json().catch(() => undefined);
    if (typeof body === 'object' && body !== null && 'generation' in body && 'status' in body && 'version' in body) {
      return { kind: 'pilotlight', status: String(body.status), version: String(body.version) };
    }
    return { kind: 'other', status: answer.status };
  } catch (error) {
    return { kind: 'silence', reason: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'no answer in 3 s';
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : 'no answer';
}

/** What a program printed; undefined when it is not there; false when it may not be asked. */
export type RunProgram = (program: string, args: readonly string[]) => Promise<string | false | undefined>;

/** nftables' own tool shows the rules of iptables-nft, too; only without it iptables is asked. */
export async function readRules(ask: RunProgram): Promise<Rules> {
  for (const [tool, args] of [
    ['nft', ['list', 'ruleset']],
    ['iptables', ['-S']],
  ] as const) {
    const text = await ask(tool, args);
    if (text === false) return { kind: 'unreadable' };
    if (text !== undefined) return { kind: 'rules', tool, text };
  }
  return { kind: 'none' };
}

async function run(program: string, args: readonly string[]): Promise<string | false | undefined> {
  // They live in sbin, which is not on every user's PATH.
  for (const folder of ['/usr/sbin/', '/sbin/']) {
    try {
      return (await promisify(execFile)(`${folder}${program}`, [...args], { maxBuffer: RULES_BYTES })).stdout;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) return false;
    }
  }
  return undefined;
}
