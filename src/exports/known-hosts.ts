import type { Host } from './host.ts';

export interface KnownHostsInput {
  readonly hosts: readonly Host[];
  readonly domain: string | undefined;
  /** The public key of each node that has one: `ssh-ed25519 AAAA... NAME`. */
  readonly keyOf: (node: string) => string | undefined;
}

/** Lines for known_hosts (sshd(8)): the names and the address of every node whose host key is kept, and that key. */
export function knownHosts({ hosts, domain, keyOf }: KnownHostsInput): string {
  const lines = hosts.flatMap(({ name, ip, keepsKey }) => {
    const key = keepsKey === undefined ? undefined : keyOf(name);
    if (key === undefined) return [];
    const names = [name, ...(domain === undefined ? [] : [`${name}.${domain}`]), ...(ip === undefined ? [] : [ip])];
    const [type = '', blob = ''] = key.split(' ');
    return [`${names.join(',')} ${type} ${blob}`];
  });
  const none = lines.length > 0 ? [] : ['# No profile with nodes says "ssh_host_keys": true.'];
  return ['# Written by `pilotlight export known-hosts`.', ...none, ...lines].map((line) => `${line}\n`).join('');
}
