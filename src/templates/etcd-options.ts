import { nearest } from '../model/nearest.ts';
import { groupWord } from './etcd-group.ts';
import type { HelperCall } from './helper-call.ts';

/** How members find each other at their first start. */
export type Bootstrap = 'static' | 'existing' | 'discovery' | 'srv';

export interface EtcdOptions {
  readonly scheme: 'http' | 'https';
  readonly peerPort: number;
  readonly clientPort: number;
  readonly bootstrap: Bootstrap;
  /** Absent: whatever the system's own unit says. */
  readonly dataDir?: string;
  /** With `srv`. */
  readonly srvDomain?: string;
  /** With `discovery`, for a machine whose address is not known. */
  readonly address?: string;
}

const NAMES = ['scheme', 'peer_port', 'client_port', 'bootstrap', 'data_dir', 'srv_domain', 'address'] as const;
type OptionName = (typeof NAMES)[number];
const BOOTSTRAPS: readonly Bootstrap[] = ['static', 'existing', 'discovery', 'srv'];

/** The options of an etcd helper. Without `bootstrap` the profile's `"cluster"` decides. */
export function etcdOptions(call: HelperCall, allowed: readonly OptionName[] = NAMES): EtcdOptions {
  for (const name of call.options.keys()) {
    if (allowed.some((one) => one === name)) continue;
    const near = nearest(name, allowed);
    call.fail(
      `there is no option "${name}"`,
      near === undefined ? `there are ${allowed.join(', ')}` : `did you mean ${near}?`,
    );
  }
  const scheme = word(call, 'scheme', /^https?$/, 'http or https') ?? 'http';
  const dataDir = word(call, 'data_dir', /^\/[A-Za-z0-9._/-]{1,200}$/, 'a path such as /var/lib/etcd');
  const srvDomain = word(call, 'srv_domain', /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$/, 'a DNS domain');
  const address = word(call, 'address', /^[A-Za-z0-9_.:[\]-]{1,253}$/, 'an address');
  return {
    scheme: scheme === 'https' ? 'https' : 'http',
    peerPort: port(call, 'peer_port', 2380),
    clientPort: port(call, 'client_port', 2379),
    bootstrap: allowed.includes('bootstrap') ? bootstrapOf(call) : 'static',
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(srvDomain === undefined ? {} : { srvDomain }),
    ...(address === undefined ? {} : { address }),
  };
}

function bootstrapOf(call: HelperCall): Bootstrap {
  const wanted = call.options.get('bootstrap');
  if (wanted !== undefined) {
    return (
      BOOTSTRAPS.find((one) => one === wanted) ??
      call.fail(`bootstrap=${JSON.stringify(wanted)} is none`, `there are ${BOOTSTRAPS.join(', ')}`)
    );
  }
  if (groupWord(call, 'state') === 'existing') return 'existing';
  return groupWord(call, 'mode') === 'discovery' ? 'discovery' : 'static';
}

function word(call: HelperCall, name: OptionName, form: RegExp, what: string): string | undefined {
  const value = call.options.get(name);
  if (value === undefined) return undefined;
  return typeof value === 'string' && form.test(value)
    ? value
    : call.fail(`${name}=${JSON.stringify(value)} is not ${what}`, `give ${what}`);
}

function port(call: HelperCall, name: OptionName, usual: number): number {
  const value = call.options.get(name) ?? usual;
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535
    ? value
    : call.fail(`${name}=${JSON.stringify(value)} is no port`, `leave it out for ${String(usual)}`);
}
