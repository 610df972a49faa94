import { type Host, LOGIN_USERS } from './host.ts';

export interface SshConfigInput {
  readonly hosts: readonly Host[];
  readonly domain: string | undefined;
  /** In the place of the images' own. */
  readonly user: string | undefined;
  /** Where the exported known_hosts lies, as ssh_config(5) writes it. */
  readonly knownHosts: string;
}

/**
 * Logins by name. A node whose host key is kept is known by its name whatever its address is, by that key and no other;
 * for all others ssh does what it always does.
 */
export function sshConfig({ hosts, domain, user, knownHosts }: SshConfigInput): string {
  const file = knownHosts.includes(' ') ? `"${knownHosts}"` : knownHosts;
  const lines = [
    '# Written by `pilotlight export ssh-config`. Save it beside your own and name it there: Include FILE',
    `# The keys: pilotlight export known-hosts --force -o ${file}`,
  ];
  for (const host of hosts) {
    const { name, ip, system, keepsKey } = host;
    const full = domain === undefined ? undefined : `${name}.${domain}`;
    lines.push('');
    if (system === 'talos') {
      lines.push(`# ${name}: Talos has no SSH`);
      continue;
    }
    if (!keepsKey) lines.push(`# ${name}: its profile keeps no host key ("ssh_host_keys": true)`);
    const login = user ?? LOGIN_USERS[system];
    lines.push(
      `Host ${full === undefined ? name : `${name} ${full}`}`,
      `  HostName ${ip ?? full ?? name}`,
      ...(login === undefined ? [] : [`  User ${login}`]),
      ...(keepsKey ? checks(name, file) : []),
    );
  }
  return lines.map((line) => `${line}\n`).join('');
}

function checks(name: string, file: string): readonly string[] {
  return [
    `  HostKeyAlias ${name}`,
    // The node makes keys of other kinds at every boot: ssh shall neither accept nor learn them.
    '  HostKeyAlgorithms ssh-ed25519',
    '  UpdateHostKeys no',
    '  StrictHostKeyChecking yes',
    `  UserKnownHostsFile ${file}`,
  ];
}

interface KnownHostsInput {
  readonly hosts: readonly Host[];
  readonly domain: string | undefined;
  /** The public key of each node that has one: `ssh-ed25519 AAAA... NAME`. */
  readonly keyOf: (node: string) => string | undefined;
}

/** Lines for known_hosts (sshd(8)): the names and the address of every node whose host key is kept, and that key. */
export function knownHosts({ hosts, domain, keyOf }: KnownHostsInput): string {
  const lines = hosts.flatMap(({ name, ip, keepsKey }) => {
    const key = keepsKey ? keyOf(name) : undefined;
    if (key === undefined) return [];
    const names = [name, ...(domain === undefined ? [] : [`${name}.${domain}`]), ...(ip === undefined ? [] : [ip])];
    const [type = '', blob = ''] = key.split(' ');
    return [`${names.join(',')} ${type} ${blob}`];
  });
  const none = lines.length > 0 ? [] : ['# No profile with nodes says "ssh_host_keys": true.'];
  return ['# Written by `pilotlight export known-hosts`.', ...none, ...lines].map((line) => `${line}\n`).join('');
}
