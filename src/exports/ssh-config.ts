import type { Host } from './host.ts';
import { LOGIN_USERS } from './login-users.ts';

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
    if (keepsKey === undefined) lines.push(`# ${name}: its profile keeps no host key ("ssh_host_keys": true)`);
    const login = user ?? LOGIN_USERS[system];
    lines.push(
      `Host ${full === undefined ? name : `${name} ${full}`}`,
      `  HostName ${ip ?? full ?? name}`,
      ...(login === undefined ? [] : [`  User ${login}`]),
      ...(keepsKey === undefined ? [] : checks(name, file)),
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
